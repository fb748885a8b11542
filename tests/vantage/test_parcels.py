"""Parcels come through noise unharmed, and are told from everything else."""

import base64
import contextlib
import hashlib
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.vantage.parcels import ParcelError, pack, take_one, unpack

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
VALUE = {"answers": [[i, f"10.0.0.{i}"] for i in range(99)]}


def sealed(body: str) -> str:
    """Return a parcel with ``body`` whose length and checksum are right."""
    digest = hashlib.sha256(body.encode()).hexdigest()
    name = "ECS PRIVATELINK PARCEL"
    return f"-----BEGIN {name} {len(body)} {digest}-----\n{body}\n-----END {name}-----\n"


@given(value=json_values, before=st.text(), after=st.text())
def test_any_value_comes_back_out_of_any_noise(value: object, before: str, after: str) -> None:
    """What stands before and after a parcel changes nothing, even on its own lines."""
    assert unpack(f"{before}{pack(value)}{after}") == value


@pytest.mark.parametrize("ends", ["\r\n", "\n\n", "\r\r\n"])
def test_line_ends_of_terminals_do_no_harm(ends: str) -> None:
    """A terminal on the way may double or return lines."""
    assert unpack(pack(VALUE).replace("\n", ends)) == VALUE


def test_the_last_parcel_counts() -> None:
    """Whatever a shell printed of an earlier one, the last is what was waited for."""
    assert unpack(pack("earlier") + pack(VALUE)) == VALUE


@given(st.data())
def test_no_damage_goes_unseen(data: st.DataObject) -> None:
    """A parcel with one character changed or lost is refused, or says what it said."""
    parcel = pack(VALUE)
    place = data.draw(st.integers(0, len(parcel) - 1))
    other = data.draw(st.text(max_size=2))
    damaged = parcel[:place] + other + parcel[place + 1 :]

    with contextlib.suppress(ParcelError):
        assert unpack(damaged) == VALUE


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no answer came back"),
        (" \n\r\n", "no answer came back"),
        (
            "Welcome\nThis account is currently not available.\n",
            "no answer came back, only: This account is currently not available.",
        ),
        ("\x1b[31mno\x07", "no answer came back, only: ?[31mno?"),
        ("x" * 300, f"no answer came back, only: {'x' * 100} ..."),
        (sealed("!!!!"), "the parcel holds no JSON"),
        (sealed(base64.b64encode(b"no zlib").decode()), "the parcel holds no JSON"),
        (sealed(base64.b64encode(zlib.compress(b"{")).decode()), "the parcel holds no JSON"),
        (
            sealed(base64.b64encode(zlib.compress(b"[" * 100_000)).decode()),
            "the parcel holds no JSON",
        ),
    ],
)
def test_what_is_no_parcel_is_told_in_a_line(text: str, why: str) -> None:
    """Each way of being no parcel has its words, cut to a line that a terminal can show."""
    with pytest.raises(ParcelError) as refused:
        unpack(text)

    assert str(refused.value) == why


def test_a_parcel_that_was_cut_off_says_where() -> None:
    """A connection that dropped leaves half a parcel, and the error says how much."""
    parcel = pack(VALUE)
    length = int(parcel.split()[4])

    with pytest.raises(ParcelError, match=rf"cut off after \d+ of {length} characters"):
        unpack(parcel[: len(parcel) // 2])


@pytest.mark.parametrize("damage", [("=", "A"), ("\n-----END", "AAAA\n-----END")])
def test_damage_is_told_by_length_and_checksum(damage: tuple[str, str]) -> None:
    """A body of another content or length is not read at all."""
    with pytest.raises(ParcelError, match="the answer is damaged: its length or checksum"):
        unpack(sealed("AAA=").replace("AAA=", "AAA" + "=".replace(*damage)).replace(*damage))


def test_a_bomb_is_not_unpacked() -> None:
    """No parcel fills the memory, however well it was compressed."""
    body = base64.b64encode(zlib.compress(b" " * (65 << 20))).decode()

    with pytest.raises(ParcelError, match="more than 64 MiB"):
        unpack(sealed(body))


def test_one_parcel_is_taken_from_lines_that_go_on() -> None:
    """Reading stops at the end of the parcel: whoever sends it may keep the line open."""
    lines = iter([*pack(VALUE).splitlines(keepends=True), "more"])

    assert unpack(take_one(lines)) == VALUE
    assert next(lines) == "more"

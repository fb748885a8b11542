"""An answer that comes in pieces is whole again, or is none."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_ecs_privatelink.vantage.parcels import ParcelError
from pytest_ecs_privatelink.vantage.pieces import More, read_piece

TEXT = "\n".join(f"line {i} of what is long" for i in range(99))
MOST = 1200


@pytest.fixture
def first() -> Iterator[str]:
    """Return the first piece that a host shows, and remove what that keeps."""
    program = (
        f"from pytest_ecs_privatelink.vantage.pieces import leave; print(leave({TEXT!r}, {MOST}))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    yield shown.stdout
    Path(shown.stdout.split()[4]).unlink(missing_ok=True)


def show(more: More) -> str:
    """Return what the host shows of the next piece."""
    done = subprocess.run(["sh", "-c", more.command], capture_output=True, check=False, text=True)
    return done.stdout


def begun(first: str) -> More:
    """Return what is known with the first piece."""
    more = read_piece(first, None)
    assert isinstance(more, More)
    return more


def test_pieces_make_a_whole_through_noise(first: str) -> None:
    """Greetings around each piece and the line ends of terminals do no harm."""
    found = read_piece(f"Welcome\r\n{first}logout\n".replace("\n", "\r\n"), None)
    count = 1
    while isinstance(found, More):
        piece = show(found)
        assert len(piece) <= MOST
        found = read_piece(f"Welcome\n{piece}", found)
        count += 1

    assert found == TEXT
    assert count > 2


def test_what_is_no_piece_is_passed_on() -> None:
    """An answer that fits comes as it is."""
    assert read_piece("all of it", None) == "all of it"


def test_a_piece_that_is_gone_is_told(first: str) -> None:
    """Who comes too late learns for how long the host keeps what it said."""
    more = begun(first)
    Path(first.split()[4]).unlink()

    with pytest.raises(ParcelError) as gone:
        read_piece(show(more), more)
    with pytest.raises(ParcelError) as noise:
        read_piece("cannot open\n", more)

    why = "the rest of the answer did not come back (a host keeps it for 120 s)"
    assert str(gone.value) == why
    assert str(noise.value) == f"{why}, only: cannot open"


def test_pieces_that_do_not_fit_are_refused(first: str) -> None:
    """A piece that was cut, comes twice or is of another answer is not taken."""
    more = begun(first)

    with pytest.raises(ParcelError, match=r"a piece of the answer is cut off after \d+ of 800"):
        read_piece(first[: len(first) // 2], None)
    with pytest.raises(ParcelError, match="a piece came that is not the next one of the answer"):
        read_piece(first, more)
    with pytest.raises(ParcelError, match="a piece came that is not the next one of the answer"):
        read_piece(first, replace(more, text="", digest="0" * 64))


def test_a_host_cannot_ask_for_ever_nor_for_anything(first: str) -> None:
    """A host that lies gets neither endless commands nor one about files that are not its own."""
    with pytest.raises(ParcelError, match="more pieces than there may be"):
        read_piece(first.replace(f" 800 {len(TEXT)} ", " 1 99999999 "), None)
    path = first.split()[4]
    for other in ("/etc/passwd", "/dev/shm/../ecs-privatelink-x", "/tmp/ecs-privatelink-x;id"):
        assert read_piece(first.replace(path, other), None) == first.replace(path, other)

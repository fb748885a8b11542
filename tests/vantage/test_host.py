"""The serving side of a vantage: JSON lines in, JSON lines out, and nothing kills it."""

import asyncio
import contextlib
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import serving
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_ecs_privatelink.vantage.host import serve

SOUND = {"kind": "dns", "question": {"name": "localhost"}}
TLS = {"kind": "connect", "question": {"address": "127.0.0.1", "port": 9}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Thread]]:
    """Return the socket of a running host and its thread."""
    path = tmp_path_factory.mktemp("host") / "s"
    with serving.host(path) as thread:
        yield path, thread


@contextlib.contextmanager
def talking(path: Path) -> Iterator[Any]:
    """Yield a file that reads and writes on a connection to the host."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(5)
        connection.connect(str(path))
        with connection.makefile("rwb", buffering=0) as file:
            yield file


def exchange(path: Path, *lines: bytes) -> list[dict[str, Any]]:
    """Send ``lines``, each ended, and return as many answers."""
    with talking(path) as file:
        file.write(b"".join(line + b"\n" for line in lines))
        return [json.loads(file.readline()) for _ in lines]


def test_questions_of_both_kinds_are_answered(served: tuple[Path, Thread]) -> None:
    """A DNS and a TCP question each get the answer of their probe, under their id."""
    asked = [{"id": 1, **SOUND}, {"id": "b", **TLS}]

    answers = exchange(served[0], *(json.dumps(question).encode() for question in asked))

    by_id = {answer["id"]: answer["answer"] for answer in answers}
    assert "127.0.0.1" in by_id[1]["addresses"]
    assert by_id[1]["status"] == "answered"
    assert by_id["b"]["status"] == "refused"


def test_answers_come_as_they_finish(served: tuple[Path, Thread]) -> None:
    """A slow question holds up none that was asked after it on the same connection."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = f"127.0.0.1:{silent.getsockname()[1]}"
        slow = {"name": "a.example", "resolver": resolver, "timeout": 0.5}

        answers = exchange(
            served[0],
            json.dumps({"id": "slow", "kind": "dns", "question": slow}).encode(),
            json.dumps({"id": "quick", **TLS}).encode(),
        )

    assert [answer["id"] for answer in answers] == ["quick", "slow"]
    assert answers[1]["answer"]["status"] == "timeout"


@pytest.mark.parametrize(
    ("line", "identity", "error"),
    [
        (b"", None, "a line is no JSON: Expecting value"),
        (b"\xff", None, "a line is no JSON: 'utf-8' codec can't decode byte 0xff in position 0"),
        (b"[1]", None, "$: object expected, list found"),
        (b"[" * 60000, None, "a line is no JSON: "),
        (b"x" * 70000, None, "a line is longer than 65536 bytes"),
        (b'{"id": 7}', 7, "$.kind: one of dns connect pull log secret agent expected, None found"),
        (
            b'{"id": 7, "kind": "icmp"}',
            7,
            "$.kind: one of dns connect pull log secret agent expected, 'icmp' found",
        ),
        (
            b'{"id": 7, "kind": "dns", "question": {"name": "a"}, "credentials": {"token": 1}}',
            7,
            "$.credentials: field 'access_key' is missing",
        ),
        (b'{"id": 7, "kind": "dns"}', 7, "$.question: dict expected, NoneType found"),
        (
            b'{"id": [], "kind": "dns", "question": {}}',
            None,
            "$.question: field 'name' is missing",
        ),
        (
            b'{"id": 7, "kind": "dns", "question": {"name": "a"}, "then": 1}',
            7,
            "$: unknown field 'then'",
        ),
        (
            b'{"id": 7, "kind": "dns", "question": {"name": "a", "timeout": NaN}}',
            7,
            "$.question.timeout: seconds up to 600 expected, nan found",
        ),
        (
            b'{"id": 7, "kind": "dns", "question": {"name": "a", "timeout": 1e999}}',
            7,
            "$.question.timeout: seconds up to 600 expected, inf found",
        ),
        (
            b'{"id": 7, "kind": "dns", "question": {"name": "a", "timeout": 1%s}}' % (b"0" * 400),
            7,
            "$.question.timeout: int too large to convert to float",
        ),
    ],
)
def test_what_is_not_understood_is_answered_so(
    served: tuple[Path, Thread], line: bytes, identity: int | None, error: str
) -> None:
    """A malformed line gets one line of explanation, and the connection goes on."""
    sound = json.dumps({"id": "sound", **TLS}).encode()

    answers = {answer["id"]: answer for answer in exchange(served[0], line, sound)}

    assert answers[identity]["error"].startswith(error)
    assert answers["sound"]["answer"]["status"] == "refused"


def test_rest_of_a_long_line_is_no_question(served: tuple[Path, Thread]) -> None:
    """A question hidden behind the limit of one line is not asked."""
    hidden = b"x" * 65536 + json.dumps({"id": "hidden", **TLS}).encode()
    sound = json.dumps({"id": "sound", **TLS}).encode()

    answers = exchange(served[0], hidden, sound)

    assert {answer["id"] for answer in answers} == {None, "sound"}


def test_unfinished_line_is_not_asked(served: tuple[Path, Thread]) -> None:
    """What a dying peer left without its newline is dropped; what it asked before is answered."""
    with talking(served[0]) as file, socket.socket(fileno=socket.dup(file.fileno())) as half:
        file.write(json.dumps({"id": 1, **TLS}).encode() + b"\n")
        file.write(json.dumps({"id": 2, **TLS}).encode())
        half.shutdown(socket.SHUT_WR)

        answers = [json.loads(line) for line in file]

    assert [answer["id"] for answer in answers] == [1]


def test_peer_that_leaves_hurts_nobody(served: tuple[Path, Thread]) -> None:
    """A peer that hangs up before its answers changes nothing for the next one."""
    path, thread = served
    with talking(path) as file:
        file.write((json.dumps({"id": 1, **TLS}).encode() + b"\n") * 200)

    assert exchange(path, json.dumps({"id": 2, **TLS}).encode())[0]["id"] == 2
    assert thread.is_alive()


def test_taken_path_is_an_error(served: tuple[Path, Thread]) -> None:
    """A second host on the same socket says so instead of taking it over."""
    with pytest.raises(OSError, match="Address already in use"):
        asyncio.run(serve(str(served[0])))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "kind", "question", "name", "resolver", "address", "port"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
# No generated question may reach beyond loopback: wrong types and unusable places only.
PLACES = st.sampled_from(["", "127.0.0.1", "::1", "\ud800", "\0", "localhost", "127.0.0.1:9"]) | (
    st.integers() | st.none() | st.lists(st.none(), max_size=1)
)
DNS = st.fixed_dictionaries(
    {"name": st.text(max_size=8) | st.integers()},
    optional={
        "resolver": st.sampled_from(["127.0.0.1:9", "[::1]:9", "x", "127.0.0.1:0", "\0", 5]),
        "timeout": st.floats() | st.integers(),
    },
).map(lambda question: {"resolver": "127.0.0.1:9", **question})
CONNECT = st.fixed_dictionaries(
    {"address": PLACES},
    optional={
        "port": st.just(9) | st.integers(min_value=65536) | st.integers(max_value=0),
        "server_name": st.text(max_size=8) | st.none(),
        "ca_file": st.sampled_from(["", "/dev/null", "/no\0thing", "\ud800", "/"]),
        "timeout": st.floats() | st.integers(),
    },
).map(lambda question: {"port": 9, **question})
MESSAGES = st.fixed_dictionaries(
    {"id": JSON, "kind": st.sampled_from(["dns", "connect", "x", None])},
    optional={"question": DNS | CONNECT | JSON.filter(lambda value: not isinstance(value, dict))},
)


@settings(max_examples=150, deadline=None)
@given(message=MESSAGES | JSON.filter(lambda value: not isinstance(value, dict)))
def test_no_json_line_kills_the_host(served: tuple[Path, Thread], message: object) -> None:
    """Any JSON value gets exactly one line back, an answer or an error, and the host lives."""
    path, thread = served

    (answer,) = exchange(path, json.dumps(message).encode())

    assert set(answer) in ({"id", "answer"}, {"id", "error"})
    assert "\n" not in answer.get("error", "")
    assert thread.is_alive()


@settings(max_examples=100, deadline=None)
@given(line=st.binary(max_size=200).map(lambda line: line.replace(b"\n", b" ")))
def test_no_bytes_kill_the_host(served: tuple[Path, Thread], line: bytes) -> None:
    """Any bytes get exactly one line back, and the host lives."""
    path, thread = served

    (answer,) = exchange(path, line)

    assert answer["id"] is None
    assert "error" in answer
    assert thread.is_alive()

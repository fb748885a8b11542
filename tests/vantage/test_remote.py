"""A vantage behind a socket: multiplexed, never hanging, never asking twice."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import dns.message
import pytest
import serving

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.vantage.remote import RemoteVantage

CLOSED = ConnectQuestion(address="127.0.0.1", port=9)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def vantage_at(path: Path, *, grace: float = 5.0) -> RemoteVantage:
    """Return the vantage of a lab subnet behind ``path``."""
    return RemoteVantage(
        path=str(path), label="lab:subnet-0a", subnet="subnet-0a", groups=("sg-1",), grace=grace
    )


def ask_peer(path: Path, talk: Talk, *, grace: float = 5.0, timeout: float = 5.0) -> str:
    """Ask a peer that talks so; return the words of the `VantageError` that must come."""

    async def ask() -> str:
        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await talk(reader, writer)
            finally:
                writer.close()

        server = await asyncio.start_unix_server(converse, str(path))
        vantage = vantage_at(path, grace=grace)
        with pytest.raises(VantageError) as caught:
            await vantage.ask(ConnectQuestion(address="127.0.0.1", port=9, timeout=timeout))
        await vantage.close()
        server.close()
        await server.wait_closed()
        return str(caught.value)

    return asyncio.run(ask())


def test_it_is_a_vantage(tmp_path: Path) -> None:
    """It fits the protocol that the broker speaks and tells where it stands."""
    vantage: Vantage = vantage_at(tmp_path / "s")

    assert (vantage.label, vantage.subnet, vantage.groups) == (
        "lab:subnet-0a",
        "subnet-0a",
        ("sg-1",),
    )


def test_answers_find_their_questions(tmp_path: Path) -> None:
    """Many questions at once over one connection each get their own answer, of their own type."""
    questions: list[Question] = [
        *(ConnectQuestion(address=f"127.0.0.{host}", port=9) for host in range(1, 101)),
        DnsQuestion(name="localhost"),
    ]

    async def ask() -> list[Answer]:
        vantage = vantage_at(tmp_path / "s")
        answers = await asyncio.gather(*(vantage.ask(question) for question in questions))
        await vantage.close()
        return answers

    with serving.host(tmp_path / "s"):
        answers = asyncio.run(ask())

    dialled = [answer.address for answer in answers if isinstance(answer, ConnectAnswer)]
    assert dialled == [f"127.0.0.{host}" for host in range(1, 101)]
    assert isinstance(answers[-1], DnsAnswer)
    assert answers[-1].status is DnsStatus.ANSWERED


def test_black_holes_cost_one_timeout_together(tmp_path: Path) -> None:
    """A hundred questions that time out take as long as one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        resolver = f"127.0.0.1:{silent.getsockname()[1]}"

        async def ask() -> list[Answer]:
            vantage = vantage_at(tmp_path / "s")
            question = DnsQuestion(name="a.example", resolver=resolver, timeout=0.5)
            answers = await asyncio.gather(*(vantage.ask(question) for _ in range(100)))
            await vantage.close()
            return answers

        with serving.host(tmp_path / "s"):
            began = time.monotonic()
            answers = asyncio.run(ask())

    assert {answer.status for answer in answers if isinstance(answer, DnsAnswer)} == {
        DnsStatus.TIMEOUT
    }
    assert time.monotonic() - began < 2.5


def test_absent_peer_is_an_error_that_names_the_vantage(tmp_path: Path) -> None:
    """Without anybody on the socket the question is an error, and no verdict."""
    with pytest.raises(
        VantageError, match=r"^vantage lab:subnet-0a: cannot be asked: No such file or directory$"
    ):
        asyncio.run(vantage_at(tmp_path / "s").ask(CLOSED))


def test_silent_peer_is_an_error_after_the_grace(tmp_path: Path) -> None:
    """A peer that reads and never answers costs the question's deadline and the grace."""

    async def talk(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    began = time.monotonic()
    error = ask_peer(tmp_path / "s", talk, grace=0.1, timeout=0.2)

    assert error == "vantage lab:subnet-0a: no answer within 0.3 s"
    assert 0.29 < time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b"", "cannot be asked: the connection was closed"),
        (b"no JSON\n", "cannot be asked: it sent something that is no answer"),
        (b"[1]\n", "cannot be asked: it sent something that is no answer"),
        (b'{"id": null, "error": "x"}\n', "cannot be asked: it sent something that is no answer"),
        (b"x" * (1 << 21), "cannot be asked: it sent something that is no answer"),
        (b'{"id": 1, "error": "who?"}\n', "did not understand the question: who?"),
        (
            b'{"id": 1, "answer": {"address": 1}}\n',
            "gave an answer that does not fit: $: field 'phase' is missing",
        ),
    ],
)
def test_strange_peers_are_errors_that_say_how(tmp_path: Path, line: bytes, error: str) -> None:
    """A peer that hangs up or talks nonsense ends the question at once, with its reason."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(line)
        await writer.drain()

    assert ask_peer(tmp_path / "s", talk) == f"vantage lab:subnet-0a: {error}"


def test_lost_question_is_not_asked_again(tmp_path: Path) -> None:
    """A question lost with its connection stays lost; the next one connects anew."""
    asked: list[int] = []

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = json.loads(await reader.readline())
        asked.append(request["question"]["port"])
        if len(asked) > 1:
            fields = {"address": "127.0.0.1", "port": 2, "server_name": None}
            fields |= {"status": "open", "phase": "connect"}
            writer.write(json.dumps({"id": request["id"], "answer": fields}).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def ask() -> object:
        server = await asyncio.start_unix_server(converse, str(tmp_path / "s"))
        vantage = vantage_at(tmp_path / "s")
        with pytest.raises(VantageError, match="the connection was closed"):
            await vantage.ask(ConnectQuestion(address="127.0.0.1", port=1))
        second = await vantage.ask(ConnectQuestion(address="127.0.0.1", port=2))
        await vantage.close()
        server.close()
        await server.wait_closed()
        return second

    second = asyncio.run(ask())

    assert isinstance(second, ConnectAnswer)
    assert second.status is ConnectStatus.OPEN
    assert asked == [1, 2]


def test_host_that_dies_ends_every_question(tmp_path: Path) -> None:
    """Questions under way when the host stops are errors at once, and do not hang."""

    async def ask(stop: Callable[[], None]) -> list[object]:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            resolver = f"127.0.0.1:{silent.getsockname()[1]}"
            vantage = vantage_at(tmp_path / "s")
            asked = [
                asyncio.create_task(
                    vantage.ask(DnsQuestion(name=f"{label}.example", resolver=resolver, timeout=20))
                )
                for label in "abcde"
            ]
            loop = asyncio.get_running_loop()
            silent.setblocking(False)
            heard = set[str]()
            while heard != set("abcde"):
                query = dns.message.from_wire(await loop.sock_recv(silent, 1000))
                heard.add(query.question[0].name.to_text()[0])
            await asyncio.to_thread(stop)
            ended: list[object] = await asyncio.gather(*asked, return_exceptions=True)
            await vantage.close()
            return ended

    began = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.enter_context(serving.host(tmp_path / "s"))
        ended = asyncio.run(ask(stack.close))

    assert [str(error) for error in ended] == [
        "vantage lab:subnet-0a: cannot be asked: the connection was closed"
    ] * 5
    assert time.monotonic() - began < 5


def test_closed_vantage_is_an_error_and_closes_twice(tmp_path: Path) -> None:
    """Closing again does nothing; asking afterwards is an error that says so."""

    async def ask() -> None:
        vantage = vantage_at(tmp_path / "s")
        found = await vantage.ask(CLOSED)
        assert isinstance(found, ConnectAnswer)
        assert found.status is ConnectStatus.REFUSED
        await vantage.close()
        await vantage.close()
        with pytest.raises(VantageError, match=r"^vantage lab:subnet-0a: cannot be asked: closed$"):
            await vantage.ask(CLOSED)

    with serving.host(tmp_path / "s"):
        asyncio.run(ask())


def test_closing_ends_questions_under_way(tmp_path: Path) -> None:
    """A question that waits when the vantage is closed is an error at once."""

    async def ask() -> str:
        heard = asyncio.Event()

        async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            heard.set()
            await reader.read()
            writer.close()

        server = await asyncio.start_unix_server(converse, str(tmp_path / "s"))
        vantage = vantage_at(tmp_path / "s")
        asked = asyncio.create_task(vantage.ask(CLOSED))
        await heard.wait()
        await vantage.close()
        with pytest.raises(VantageError) as caught:
            await asked
        server.close()
        await server.wait_closed()
        return str(caught.value)

    error = asyncio.run(ask())

    assert error == "vantage lab:subnet-0a: cannot be asked: the connection was closed"

"""The serving side of a vantage elsewhere: JSON lines over a Unix socket, answered as they finish.

One line asks: ``{"id": 1, "kind": "dns", "question": {"name": "api.ecr.example"}}``, with ``kind``
one of `kinds.QUESTIONS` and the fields of that question; those that take calls bring
``credentials`` beside the question. One line answers:
``{"id": 1, "answer": {...}}``, or ``{"id": 1, "error": "one line"}`` where the question was not
understood; then ``id`` is None if it could not be read either. Ids belong to the asker.
"""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.records import RecordError, from_json, to_json
from pytest_ecs_privatelink.vantage.answering import MOST_AT_ONCE, answer
from pytest_ecs_privatelink.vantage.kinds import QUESTIONS

Prober = Callable[[Question, Credentials | None], Awaitable[Answer]]
"""Answers a question by probing; how the path behaved is in the answer, never an exception."""

_LONGEST_TIMEOUT_S = 600.0
_LONGEST_LINE = 65536


async def serve(
    path: str, *, ready: Callable[[], None] | None = None, prober: Prober = answer
) -> None:
    """Answer questions on the Unix socket ``path`` until cancelled; call ``ready`` once it listens.

    Whoever may open the socket may probe from here: put it into a private folder. Any number of
    connections, at most `MOST_AT_ONCE` probes at once over all of them: beyond that, lines wait
    unread. Raises OSError where ``path`` cannot be bound.
    """
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(MOST_AT_ONCE)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.setblocking(False)
        listener.bind(path)
        listener.listen()
        if ready is not None:
            ready()
        async with asyncio.TaskGroup() as conversations:
            while True:
                connection, _ = await loop.sock_accept(listener)
                conversations.create_task(_converse(connection, places, prober))


async def _converse(connection: socket.socket, places: asyncio.Semaphore, prober: Prober) -> None:
    reader, writer = await asyncio.open_unix_connection(sock=connection, limit=_LONGEST_LINE)
    try:
        async with asyncio.TaskGroup() as probes:
            async for line in _lines(reader):
                await places.acquire()
                probe = probes.create_task(_respond(line, writer, prober))
                probe.add_done_callback(lambda _: places.release())
    finally:
        writer.close()


async def _lines(reader: asyncio.StreamReader) -> AsyncIterator[bytes | None]:
    """Yield each line until the peer ends; None for one that is too long and was skipped."""
    skipping = False
    while True:
        try:
            line = await reader.readuntil(b"\n")
        except asyncio.LimitOverrunError as error:
            skipping = True
            await reader.readexactly(error.consumed)
        except (asyncio.IncompleteReadError, ConnectionError):
            # An unfinished line is not a question: its end may be missing.
            return
        else:
            yield None if skipping else line
            skipping = False


async def _respond(line: bytes | None, writer: asyncio.StreamWriter, prober: Prober) -> None:
    message: dict[str, Any]
    identity: int | str | None = None
    try:
        request = _request(line)
        del line
        identity = _identity(request)
        credentials = _credentials(request)
        question = _question(request)
        del request  # so that no frame holds credentials that would show
        message = {"id": identity, "answer": to_json(await prober(question, credentials))}
    except RecordError as error:
        message = {"id": identity, "error": " ".join(str(error).split())}
    # Nobody may be left to read it.
    with contextlib.suppress(ConnectionError):
        writer.write(json.dumps(message).encode() + b"\n")
        await writer.drain()


def _request(line: bytes | None) -> dict[str, Any]:
    if line is None:
        raise RecordError(f"a line is longer than {_LONGEST_LINE} bytes")
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordError(f"a line is no JSON: {error}") from None
    if not isinstance(request, dict):
        raise RecordError(f"$: object expected, {type(request).__name__} found")
    return request


def _identity(request: dict[str, Any]) -> int | str | None:
    identity = request.get("id")
    return identity if isinstance(identity, (int, str)) else None


def _credentials(request: dict[str, Any]) -> Credentials | None:
    given = request.pop("credentials", None)
    return None if given is None else from_json(Credentials, given, "$.credentials")


def _question(request: dict[str, Any]) -> Question:
    if unknown := sorted(set(request) - {"id", "kind", "question"}):
        raise RecordError(f"$: unknown field {unknown[0]!r}")
    kind = QUESTIONS.get(str(request.get("kind")))
    if kind is None:
        raise RecordError(
            f"$.kind: one of {' '.join(QUESTIONS)} expected, {request.get('kind')!r} found"
        )
    question: Question = from_json(kind, request.get("question"), "$.question")
    # Also refuses NaN, which the event loop's clock would not survive.
    if not 0 < question.timeout <= _LONGEST_TIMEOUT_S:
        raise RecordError(
            f"$.question.timeout: seconds up to {_LONGEST_TIMEOUT_S:g} expected,"
            f" {question.timeout} found"
        )
    return question

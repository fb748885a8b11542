"""A vantage elsewhere, asked over its Unix socket (the protocol is in `host`)."""

import asyncio
import itertools
import json
from typing import Any

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.records import RecordError, from_json, to_json
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.vantage.kinds import ANSWERS, longest, name_of

# An answer holds at most a few hundred addresses or certificate names.
_LONGEST_LINE = 1 << 20


class RemoteVantage:
    """The place behind the Unix socket ``path``; it stands in ``subnet`` and wears ``groups``.

    It connects with the first question, within the event loop that asks it, and belongs to that
    loop. A question that was lost with a connection is an error and is never asked again; the next
    question connects anew. At most ``limit`` questions are under way at once, so that none grows
    old in the queue of the host; ``grace`` is what the host may take on top of the longest that a
    question can take, in seconds.
    """

    def __init__(
        self,
        *,
        path: str,
        label: str,
        subnet: str,
        groups: tuple[str, ...] | None = None,
        wearers: Wearers | None = None,
        grace: float = 5.0,
        limit: int = 256,
        instances: tuple[str, ...] = (),
    ) -> None:
        self.label = label
        self.subnet = subnet
        self.groups = groups
        self.wearers: Wearers = wearers or {}
        self.instances = instances
        self.own_credentials = False
        self._path = path
        self._grace = grace
        self._places = asyncio.Semaphore(limit)
        self._connecting = asyncio.Lock()
        self._link: _Link | None = None
        self._closed = False

    async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Return the place's answer; raise `VantageError` where none came in time."""
        async with self._places:
            patience = longest(question) + self._grace
            try:
                async with asyncio.timeout(patience):
                    link = await self._linked()
                    message = await link.exchange(question, credentials)
            except TimeoutError:
                raise self._error(f"no answer within {patience:g} s") from None
            except (OSError, EOFError) as error:
                reason = getattr(error, "strerror", None) or error
                raise self._error(f"cannot be asked: {reason}") from None
        return self._answer(question, message)

    async def close(self) -> None:
        """Hang up; questions under way, and later ones, raise `VantageError`."""
        self._closed = True
        link, self._link = self._link, None
        if link is not None:
            await link.hang_up()

    async def _linked(self) -> "_Link":
        async with self._connecting:
            if self._closed:
                raise EOFError("closed")
            if self._link is None or self._link.lost:
                reader, writer = await asyncio.open_unix_connection(self._path, limit=_LONGEST_LINE)
                self._link = _Link(reader, writer)
            return self._link

    def _answer(self, question: Question, message: dict[str, Any]) -> Answer:
        if "error" in message:
            raise self._error(f"did not understand the question: {message['error']}")
        try:
            return from_json(ANSWERS[name_of(question)], message.get("answer"))
        except RecordError as error:
            raise self._error(f"gave an answer that does not fit: {error}") from None

    def _error(self, text: str) -> VantageError:
        return VantageError(f"vantage {self.label}: {text}")


class _Link:
    """One connection, on which answers find their questions by id."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.lost = False
        self._writer = writer
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._listener = asyncio.create_task(self._listen(reader))

    async def exchange(self, question: Question, credentials: Credentials | None) -> dict[str, Any]:
        """Send ``question``, return the message that answers it; raise OSError or EOFError."""
        identity = next(self._ids)
        answer = asyncio.get_running_loop().create_future()
        self._waiting[identity] = answer
        try:
            self._writer.write(_line(identity, question, credentials))
            await self._writer.drain()
            message: dict[str, Any] = await answer
            return message
        finally:
            # An answer that comes later finds nobody waiting and is dropped.
            del self._waiting[identity]

    async def hang_up(self) -> None:
        """Close the connection; what waits ends with EOFError."""
        self._listener.cancel()
        await asyncio.wait([self._listener])
        self._writer.close()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        reason = "the connection was closed"
        try:
            while line := await reader.readline():
                self._deliver(json.loads(line))
        except OSError as error:
            reason = f"the connection broke: {error}"
        except (ValueError, RecursionError):
            reason = "it sent something that is no answer"
        finally:
            self._give_up(reason)

    def _deliver(self, message: object) -> None:
        identity = message.get("id") if isinstance(message, dict) else None
        if not isinstance(message, dict) or not isinstance(identity, int):
            raise RecordError("$: no answer to anything that was asked here")
        answer = self._waiting.get(identity)
        if answer is not None and not answer.done():
            answer.set_result(message)

    def _give_up(self, reason: str) -> None:
        self.lost = True
        self._writer.close()
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(EOFError(reason))


def _line(identity: int, question: Question, credentials: Credentials | None) -> bytes:
    """Return what asks. Only this frame knows it, since it may hold credentials."""
    request = {"id": identity, "kind": name_of(question), "question": to_json(question)}
    if credentials is not None:
        request["credentials"] = to_json(credentials)
    return json.dumps(request).encode() + b"\n"

"""How tests reach the broker: from the controller itself, or from an xdist worker by socket.

The socket is a pathname one in a private folder: one JSON line asks, one JSON line answers.
"""

import asyncio
import contextlib
import json
import os
import socket
import threading
from collections.abc import Coroutine, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

from pytest_ecs_privatelink import records
from pytest_ecs_privatelink.claims.terms import Stand, Terms
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.vantage.broker import NO_SEAMS, Broker, Seams
from pytest_ecs_privatelink.vantage.kinds import ANSWERS, QUESTIONS, name_of
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.verdict import Cell, Check

T = TypeVar("T")


class Link(Protocol):
    """What tests may ask of the broker, wherever they run. All calls block."""

    def select(self, cells: Iterable[Cell], *, held: bool = False) -> None:
        """Announce the cells that this process will ask for."""
        ...

    def check(self, cell: Cell, seams: Seams = NO_SEAMS) -> Check:
        """Return the check of ``cell``."""
        ...

    def judged(self, cells: Iterable[Cell], seams: Seams = NO_SEAMS) -> tuple[Check, ...]:
        """Return the checks of those ``cells`` that some process has announced."""
        ...

    def ask(self, subnet: str, question: Question) -> Answer:
        """Put one question to the vantage of ``subnet``."""
        ...

    def stand(self, subnet: str) -> Stand:
        """Return where ``subnet`` is probed from."""
        ...


class Exchange:
    """The broker's own thread and event loop, on the controller; also its in-process `Link`."""

    def __init__(self, broker: Broker, socket_path: Path) -> None:
        self.socket_path = socket_path
        self._broker = broker
        self._serving: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="ecs-privatelink-broker", daemon=True
        )
        self._pid = os.getpid()
        self._thread.start()
        try:
            self._server = self._call(
                asyncio.start_unix_server(self._serve, socket_path, limit=_LINE_LIMIT)
            )
        except OSError as error:
            self._end_thread()
            raise VantageError(f"no socket for the broker at {socket_path}: {error}") from None

    def select(self, cells: Iterable[Cell], *, held: bool = False) -> None:
        """Announce cells, see `Link`."""
        self._call(self._select(tuple(cells), held=held))

    def check(self, cell: Cell, seams: Seams = NO_SEAMS) -> Check:
        """Return a check, see `Link`."""
        return self._call(self._broker.check(cell, seams))

    def judged(self, cells: Iterable[Cell], seams: Seams = NO_SEAMS) -> tuple[Check, ...]:
        """Return announced cells' checks, see `Link`."""
        return self._call(self._broker.judged(tuple(cells), seams))

    def ask(self, subnet: str, question: Question) -> Answer:
        """Put a question, see `Link`."""
        return self._call(self._broker.ask(subnet, question))

    def stand(self, subnet: str) -> Stand:
        """Return a stand, see `Link`."""
        return self._broker.stand(subnet)

    def restart(self, terms: Terms, vantages: Mapping[str, Vantage]) -> None:
        """Go on with other terms and vantages, see `Broker.restart`."""
        self._call(self._broker.restart(terms, vantages))

    def selected(self) -> tuple[Cell, ...]:
        """Return every cell that any process has announced, sorted."""
        return tuple(sorted(self._broker.selected))

    def close(self) -> None:
        """Stop probing, hang up on workers and end the thread; closing twice is harmless."""
        if self._loop.is_closed():
            return
        self._call(self._broker.close())
        self._call(self._hang_up())
        self._end_thread()
        self.socket_path.unlink(missing_ok=True)

    def _end_thread(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        if os.getpid() != self._pid:
            work.close()
            raise VantageError("a test that forks cannot ask the broker of the process it left")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _select(self, cells: tuple[Cell, ...], *, held: bool) -> None:
        self._broker.select(cells, held=held)

    async def _hang_up(self) -> None:
        self._server.close()
        for task in self._serving:
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            while line := await reader.readline():
                reply = await self._reply(json.loads(line))
                writer.write(json.dumps(reply).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass  # a worker that ended while it was answered needs no answer
        finally:
            self._serving.discard(task)
            writer.close()

    async def _reply(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"result": records.to_json(await self._perform(request))}
        except VantageError as error:
            return {"error": str(error)}

    async def _perform(self, request: dict[str, Any]) -> object:
        match request["op"]:
            case "select":
                cells = records.from_json(tuple[Cell, ...], request["cells"])
                self._broker.select(cells, held=request["held"])
                return None
            case "check":
                cell = records.from_json(Cell, request["cell"])
                return await self._broker.check(cell, records.from_json(Seams, request["seams"]))
            case "judged":
                cells = records.from_json(tuple[Cell, ...], request["cells"])
                return await self._broker.judged(cells, records.from_json(Seams, request["seams"]))
            case "ask":
                kind = QUESTIONS[request["kind"]]
                question = records.from_json(kind, request["question"])
                return await self._broker.ask(request["subnet"], question)
            case "stand":
                return self._broker.stand(request["subnet"])
        raise VantageError(f"the broker does not know {request['op']!r}")


_LINE_LIMIT = 16 * 1024 * 1024


class SocketLink:
    """The `Link` of an xdist worker: one request at a time over the controller's socket."""

    def __init__(self, socket_path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(socket_path)
        except OSError as error:
            self._socket.close()
            raise VantageError(f"the controller's broker does not answer: {error}") from error
        self._lines = self._socket.makefile("rwb")

    def select(self, cells: Iterable[Cell], *, held: bool = False) -> None:
        """Announce cells, see `Link`."""
        self._request({"op": "select", "cells": records.to_json(tuple(cells)), "held": held})

    def check(self, cell: Cell, seams: Seams = NO_SEAMS) -> Check:
        """Return a check, see `Link`."""
        request = {"op": "check", "cell": records.to_json(cell), "seams": records.to_json(seams)}
        return records.from_json(Check, self._request(request))

    def judged(self, cells: Iterable[Cell], seams: Seams = NO_SEAMS) -> tuple[Check, ...]:
        """Return announced cells' checks, see `Link`."""
        asked = records.to_json(tuple(cells))
        request = {"op": "judged", "cells": asked, "seams": records.to_json(seams)}
        return records.from_json(tuple[Check, ...], self._request(request))

    def ask(self, subnet: str, question: Question) -> Answer:
        """Put a question, see `Link`."""
        kind = name_of(question)
        request = {
            "op": "ask",
            "kind": kind,
            "subnet": subnet,
            "question": records.to_json(question),
        }
        return records.from_json(ANSWERS[kind], self._request(request))

    def stand(self, subnet: str) -> Stand:
        """Return a stand, see `Link`."""
        return records.from_json(Stand, self._request({"op": "stand", "subnet": subnet}))

    def close(self) -> None:
        """Let go of the socket; closing twice is harmless."""
        # What a broker that is gone was not sent any more cannot be sent on closing, either.
        with contextlib.suppress(BrokenPipeError):
            self._lines.close()
        self._socket.close()

    def _request(self, request: dict[str, object]) -> Any:  # noqa: ANN401 - a JSON value
        try:
            self._lines.write(json.dumps(request).encode() + b"\n")
            self._lines.flush()
            line = self._lines.readline()
        except (OSError, ValueError) as error:
            raise VantageError(f"the controller's broker is gone: {error}") from error
        if not line:
            raise VantageError("the controller's broker is gone")
        reply = json.loads(line)
        if "error" in reply:
            raise VantageError(reply["error"])
        return reply["result"]

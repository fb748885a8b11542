"""How a host dials where filters tell its sources apart: from each, and the worst counts."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace

from pytest_ecs_privatelink.lab.twin_plan import PlannedSource
from pytest_ecs_privatelink.probes.answer import answer
from pytest_ecs_privatelink.probes.connect import connect
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsQuestion,
    Question,
)

_WORST_FIRST = (
    ConnectStatus.TIMEOUT,
    ConnectStatus.UNREACHABLE,
    ConnectStatus.REFUSED,
    ConnectStatus.RESET,
    ConnectStatus.HANDSHAKE,
    ConnectStatus.CERTIFICATE,
    ConnectStatus.FAILED,
    ConnectStatus.OPEN,
)
_PORTS_TO_TRY = 3

_Found = tuple[PlannedSource, ConnectAnswer]


class Dialler:
    """Answers questions; what is dialled opens only where it opens from every source."""

    def __init__(self, sources: Sequence[PlannedSource]) -> None:
        self._sources = sources
        self._turns = itertools.count()
        self._under_way: dict[object, asyncio.Task[ConnectAnswer]] = {}

    async def answer(self, question: Question) -> Answer:
        """Probe from all sources at once; see `probes.answer`, which does it from one.

        TLS is done from the first: filters see addresses and ports, and a handshake has the same.
        """
        if not self._sources or isinstance(question, DnsQuestion) or ":" in question.address:
            return await answer(question)
        first, *others = self._sources
        answers = await asyncio.gather(
            self._dial(question, first), *(self._open(question, source) for source in others)
        )
        return _worst(question, list(zip(self._sources, answers, strict=True)))

    async def _open(self, question: ConnectQuestion, source: PlannedSource) -> ConnectAnswer:
        """Dial without TLS; questions for several names of one address share the attempt."""
        plain = replace(question, server_name=None, ca_file=None)
        key = (plain, source)
        task = self._under_way.get(key)
        if task is None:
            task = asyncio.create_task(self._dial(plain, source))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key))
        return await task

    async def _dial(self, question: ConnectQuestion, source: PlannedSource) -> ConnectAnswer:
        found = await connect(question, (source.address, self._port(source)))
        for _ in range(_PORTS_TO_TRY - 1):
            # A port may be in use: that says nothing about the path, another one will.
            if found.status is not ConnectStatus.FAILED:
                break
            found = await connect(question, (source.address, self._port(source)))
        return found

    def _port(self, source: PlannedSource) -> int:
        if source.ports is None:
            return 0
        first, last = source.ports
        return first + next(self._turns) % (last - first + 1)


def _worst(question: ConnectQuestion, found: list[_Found]) -> ConnectAnswer:
    source, worst = min(found, key=lambda each: _WORST_FIRST.index(each[1].status))
    better = next((each for each, answer in found if _connected(answer)), None)
    detail = worst.detail
    if better is not None and not _connected(worst):
        detail = f"{detail} from {_name(source)}, while {_name(better)} connects"
    return replace(worst, server_name=question.server_name, detail=detail)


def _connected(answer: ConnectAnswer) -> bool:
    return answer.status is ConnectStatus.OPEN or answer.phase == "tls"


def _name(source: PlannedSource) -> str:
    if source.ports is None:
        return source.address
    first, last = source.ports
    return f"{source.address} (source ports {first}-{last})"

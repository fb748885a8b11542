"""How a host dials where filters tell its sources apart: from each, and the worst counts.

Sources differ in address and port, and in whose groups they wear.
"""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.lab.twin_plan import Guise, PlannedSource
from pytest_ecs_privatelink.probes.agent_records import AgentQuestion
from pytest_ecs_privatelink.probes.call_records import CallQuestion, Credentials
from pytest_ecs_privatelink.probes.connect import connect
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsQuestion,
    Question,
)
from pytest_ecs_privatelink.vantage.answering import answer
from pytest_ecs_privatelink.vantage.calling import answer_call

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


@dataclass(frozen=True, slots=True)
class _Origin:
    """Where to dial from; ``whose`` is said of it where others of the same question differ."""

    source: PlannedSource
    whose: str = ""

    def __str__(self) -> str:
        text = f"{self.source.address}{self.whose}"
        if self.source.ports is None:
            return text
        first, last = self.source.ports
        return f"{text} (source ports {first}-{last})"


_Found = tuple[_Origin, ConnectAnswer]


class Dialler:
    """Answers questions; what is dialled opens only where it opens from every source."""

    def __init__(self, guises: Sequence[Guise]) -> None:
        self._guises = guises
        self._turns = itertools.count()
        self._under_way: dict[object, asyncio.Task[ConnectAnswer]] = {}

    async def answer(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Probe from all sources at once; see `vantage.answering`, which does it from one.

        TLS is done from the first: filters see addresses and ports, and a handshake has the same.
        Calls are made from the address of the first guise that they are for: questions of the path
        find what only some of its ports or places meet.
        """
        if isinstance(question, CallQuestion):
            worn = self._worn(question)
            return await answer_call(question, credentials, worn[0].address if worn else None)
        if isinstance(question, DnsQuestion | AgentQuestion) or ":" in question.address:
            return await answer(question)
        origins = self._origins(question)
        if not origins:
            return await answer(question)
        first, *others = origins
        answers = await asyncio.gather(
            self._dial(question, first.source),
            *(self._open(question, other.source) for other in others),
        )
        return _worst(question, list(zip(origins, answers, strict=True)))

    def _origins(self, question: ConnectQuestion) -> list[_Origin]:
        """Return where to dial from; nothing where the host's own address is as good as any."""
        guises = self._worn(question)
        if len(guises) == 1 and guises[0] is self._guises[0] and not guises[0].sources:
            return []
        return [
            _Origin(source, f" as {'/'.join(guise.launch_types)}" if len(guises) > 1 else "")
            for guise in guises
            for source in guise.sources or (PlannedSource(guise.address),)
        ]

    def _worn(self, question: ConnectQuestion | CallQuestion) -> list[Guise]:
        """Return the guises that ``question`` is for."""
        asked = set(question.launch_types)
        return [each for each in self._guises if not asked or asked.intersection(each.launch_types)]

    async def _open(self, question: ConnectQuestion, source: PlannedSource) -> ConnectAnswer:
        """Dial without TLS; questions for several names of one address share the attempt."""
        plain = replace(question, server_name=None, ca_file=None, launch_types=())
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
    origin, worst = min(found, key=lambda each: _WORST_FIRST.index(each[1].status))
    better = next((each for each, answer in found if _connected(answer)), None)
    detail = worst.detail
    if better is not None and not _connected(worst):
        detail = f"{detail} from {origin}, while {better} connects"
    return replace(worst, server_name=question.server_name, detail=detail)


def _connected(answer: ConnectAnswer) -> bool:
    return answer.status is ConnectStatus.OPEN or answer.phase == "tls"

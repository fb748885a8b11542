"""The broker: runs every selected cell once, all subnets at once, and sends each probe once.

A run then costs about one timeout however many cells are black holes, and its results do not
depend on which process asks for them, or in which order.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs_privatelink.claims.register import PROVERS
from pytest_ecs_privatelink.claims.task_start import stand_of
from pytest_ecs_privatelink.claims.terms import (
    Answered,
    Asked,
    Reading,
    Stand,
    Terms,
    make_check,
)
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.probes.call_records import CallQuestion, Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.probes.task_records import InsideQuestion, TaskQuestion
from pytest_ecs_privatelink.vantage.parties import Keys, Notes, Tasks, Watch
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Seams:
    """What a user's fixtures may put in the place of the run's own terms; None keeps them."""

    resolvers: tuple[str, ...] | None = None
    ca_file: str | None = None

    def apply(self, terms: Terms) -> Terms:
        """Return ``terms`` with what this seam replaces."""
        return replace(
            terms,
            resolvers=terms.resolvers if self.resolvers is None else self.resolvers,
            ca_file=terms.ca_file if self.ca_file is None else self.ca_file,
        )


NO_SEAMS = Seams()

NO_TASKS = "this run starts no tasks"


class Broker:
    """Owns all probing of a run. Lives in one event loop; every method belongs to that loop.

    ``vantages`` holds a vantage per subnet id; ``absent`` says of the other subnets why they have
    none. Cells of those are skipped with that reason and nothing is sent. ``keys`` is asked in a
    thread for the credentials of each question that takes any; it may raise `VantageError`.
    ``notes`` hears of each of those before a vantage does. ``watch`` is asked whether agents are
    connected, and ``tasks`` has one-off tasks, each None where nobody can be asked.
    """

    def __init__(
        self,
        terms: Terms,
        vantages: Mapping[str, Vantage],
        absent: Mapping[str, str],
        keys: Keys | None = None,
        notes: Notes | None = None,
        watch: Watch | None = None,
        tasks: Tasks | None = None,
    ) -> None:
        self._terms = terms
        self._vantages = vantages
        self._absent = absent
        self._keys = keys
        self._notes = notes
        self._watch = watch
        self._tasks = tasks
        self.selected: set[Cell] = set()
        self._held: dict[Cell, None] = {}
        self._checks: dict[tuple[Cell, Seams], asyncio.Task[Check]] = {}
        self._answers: dict[tuple[str | None, Asked], asyncio.Task[Answered]] = {}

    def select(self, cells: Iterable[Cell], *, held: bool = False) -> None:
        """Start ``cells``; with ``held``, wait for the first `check`, which may bring seams."""
        chosen = tuple(cells)
        self.selected.update(chosen)
        if held:
            self._held.update(dict.fromkeys(chosen))
            return
        for cell in chosen:
            self._start(cell, NO_SEAMS)

    async def check(self, cell: Cell, seams: Seams = NO_SEAMS) -> Check:
        """Return the check of ``cell``, starting it (and all held cells) where nobody has yet."""
        for held in (*self._held, cell):
            self._start(held, seams)
        self._held.clear()
        return await asyncio.shield(self._checks[cell, seams])

    async def judged(self, cells: Iterable[Cell], seams: Seams = NO_SEAMS) -> tuple[Check, ...]:
        """Return the checks of those ``cells`` that were selected; others are not started."""
        return tuple([await self.check(cell, seams) for cell in cells if cell in self.selected])

    async def ask(self, subnet: str, question: Question) -> Answer:
        """Put ``question`` to the vantage of ``subnet``, afresh; `VantageError` where none is."""
        return await self._forward(subnet, question)

    def stand(self, subnet: str) -> Stand:
        """Return where ``subnet`` is probed from; `VantageError` with the reason if it is not."""
        vantage = self._vantage(subnet)
        return Stand(
            label=vantage.label,
            groups=vantage.groups,
            wearers=dict(vantage.wearers),
            instances=vantage.instances,
        )

    async def restart(self, terms: Terms, vantages: Mapping[str, Vantage]) -> None:
        """Forget every answer and go on with other terms and vantages; the old ones are closed."""
        await self.close()
        self._terms, self._vantages = terms, vantages
        self._checks.clear()
        self._answers.clear()

    async def close(self) -> None:
        """Cancel what still runs and let go of the vantages."""
        running: list[asyncio.Task[Any]] = [*self._checks.values(), *self._answers.values()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._tasks is not None:
            await self._tasks.close()
        if self._watch is not None:
            await self._watch.close()
        for vantage in self._vantages.values():
            await vantage.close()

    def _vantage(self, subnet: str) -> Vantage:
        if subnet in self._vantages:
            return self._vantages[subnet]
        raise VantageError(self._absent.get(subnet, f"no vantage stands in {subnet}"))

    def _start(self, cell: Cell, seams: Seams) -> None:
        if (cell, seams) not in self._checks:
            self._checks[cell, seams] = asyncio.create_task(self._prove(cell, seams))

    async def _prove(self, cell: Cell, seams: Seams) -> Check:
        terms = seams.apply(self._terms)
        started = time.monotonic()
        absence = self._absence(cell)
        if absence is not None:
            return replace(_unjudged(cell, terms, Verdict.SKIPPED, absence), basis=Basis.DERIVED)

        async def ask(question: Asked) -> Answered:
            return await self.ask_once(cell.subnet, question)

        try:
            check = await PROVERS[cell.claim](cell, terms, self._stand(cell, terms), ask)
        except VantageError as error:
            check = _unjudged(cell, terms, Verdict.ERROR, str(error))
        check = replace(check, duration_ms=round((time.monotonic() - started) * 1000, 1))
        if cell.launch_type is not None:
            return check  # it knows its task
        # Another machine may stand in by now for the one that could not be asked.
        return replace(check, vantage=self.stand(cell.subnet).label)

    def _absence(self, cell: Cell) -> str | None:
        """Return why nobody can be asked about ``cell``; None where somebody can."""
        if cell.launch_type is not None:
            idle = self._tasks is None and not self._terms.errands.read_only
            return NO_TASKS if idle else None
        if cell.subnet in self._vantages:
            return None
        return self._absent.get(cell.subnet, f"no vantage stands in {cell.subnet}")

    def _stand(self, cell: Cell, terms: Terms) -> Stand:
        """Return where ``cell`` is judged from: a one-off task wears what its kind wears."""
        of_vantage = cell.launch_type is None
        return self.stand(cell.subnet) if of_vantage else stand_of(cell, terms)

    async def ask_once(self, subnet: str, question: Asked) -> Answered:
        """Return the one answer to ``question`` from ``subnet``, whoever has it to give.

        Raises `VantageError` where nobody has.
        """
        of_ecs = isinstance(question, (ConnectionQuestion, TaskQuestion, InsideQuestion))
        key = (None if of_ecs else subnet, question)
        if key not in self._answers:
            self._answers[key] = asyncio.create_task(self._put(subnet, question))
        return await asyncio.shield(self._answers[key])

    async def _put(self, subnet: str, question: Asked) -> Answered:
        if isinstance(question, ConnectionQuestion):
            if self._watch is None:
                return ConnectionAnswer(connected=None, unknown="this run asks no ECS API")
            return await self._watch.connected(question)
        if isinstance(question, (TaskQuestion, InsideQuestion)):
            if self._tasks is None:
                raise VantageError(NO_TASKS)
            if isinstance(question, TaskQuestion):
                return await self._tasks.start(question)
            return await self._ask_inside(self._tasks, question)
        return await self._forward(subnet, question)

    async def _ask_inside(self, tasks: Tasks, question: InsideQuestion) -> Answer:
        inner = question.question
        if self._notes is None or not isinstance(inner, CallQuestion):
            return await tasks.ask(question)
        self._notes.asking(inner)
        try:
            answer = await tasks.ask(question)
        except VantageError:
            self._notes.answered(inner)  # its task is gone, or never was
            raise
        self._notes.answered(inner)
        return answer

    async def _forward(self, subnet: str, question: Question) -> Answer:
        vantage = self._vantage(subnet)
        if not isinstance(question, CallQuestion):
            return await vantage.ask(question)
        credentials = await self._credentials(vantage)
        if self._notes is None:
            return await vantage.ask(question, credentials)
        self._notes.asking(question)
        answer = await vantage.ask(question, credentials)
        self._notes.answered(question)
        return answer

    async def _credentials(self, vantage: Vantage) -> Credentials | None:
        if vantage.own_credentials:
            return None
        if self._keys is None:
            raise VantageError("this run has no AWS credentials to make the calls with")
        return await asyncio.to_thread(self._keys)


def _unjudged(cell: Cell, terms: Terms, verdict: Verdict, reason: str) -> Check:
    reading = Reading(
        verdict=verdict, code=None, phase="vantage", observed="nothing was observed", reason=reason
    )
    return make_check(cell, terms, None, (reading,), f"{cell.claim} holds for {cell.service}")

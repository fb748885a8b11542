"""The desk of one-off tasks: gathers what is asked, starts all tasks at once, hands out answers."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import Answer, ConnectQuestion, Question
from pytest_ecs_privatelink.probes.task_records import (
    OWN_DEFINITION,
    InsideQuestion,
    TaskAnswer,
    TaskQuestion,
    TaskStatus,
)
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.instance.asking import (
    Bundle,
    Put,
    batches,
    fitting,
    unanswered,
)
from pytest_ecs_privatelink.vantage.parcels import ParcelError
from pytest_ecs_privatelink.vantage.task.program import errand_of, is_whole, read
from pytest_ecs_privatelink.vantage.task.runs import Runs

_QUIET_S, _LONGEST_S = 0.1, 5.0
_STEPS = 20
"""Turns of the event loop in which whoever is about to ask does: on a busy machine, time alone says
nothing of that."""
_SHARE = 0.5
"""Of a task's time that its questions may take: it has to be placed, and to pull, before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A task's end; ``answers`` are those that it brought, ``trouble`` why others are not there."""

    answer: TaskAnswer
    batch: Batch = field(default_factory=lambda: Batch(questions=()))
    brought: Brought = field(default_factory=lambda: Brought(pairs=()))
    answers: Mapping[Question, Answer] = field(default_factory=dict)
    trouble: str = ""


class TaskDesk:
    """Has one task started for each subnet and launch type that is asked about, by ``runs``.

    What is asked within a moment goes with the tasks, and with it what is dialled once names are
    resolved (``dials``); they all start together. ``bundle`` reads the files of certificates that
    questions name, ``deadline`` (seconds) is a task's own. Lives in one event loop.
    """

    def __init__(
        self,
        runs: Runs,
        *,
        dials: Mapping[str, ConnectQuestion],
        bundle: Bundle,
        deadline: float,
    ) -> None:
        self._runs = runs
        self._dials = dials
        self._bundle = bundle
        self._deadline = deadline
        self._gathered: dict[TaskQuestion, dict[Question, None]] = {}
        self._ends: dict[TaskQuestion, asyncio.Future[_Ended]] = {}
        self._rounds: set[asyncio.Task[None]] = set()

    async def start(self, question: TaskQuestion) -> TaskAnswer:
        """Return how the task ended."""
        return (await self._ended(question)).answer

    async def ask(self, question: InsideQuestion) -> Answer:
        """Return what the task answered; `VantageError` with the reason where it did not."""
        if not self._runs.takes_program:
            raise VantageError(OWN_DEFINITION)
        task = TaskQuestion(subnet=question.subnet, launch_type=question.launch_type)
        inner = question.question
        ended = await self._ended(task, inner)
        if inner in ended.answers:
            return ended.answers[inner]
        raise VantageError(f"{_named(task)}: {_why_not(inner, ended)}")

    async def close(self) -> None:
        """Have what still runs stopped, and forget all; another question begins anew."""
        await self._runs.close()
        for task in self._rounds:
            task.cancel()
        await asyncio.gather(*self._rounds, return_exceptions=True)
        for end in self._ends.values():
            end.cancel()
        self._gathered.clear()
        self._ends.clear()

    async def _ended(self, task: TaskQuestion, inner: Question | None = None) -> _Ended:
        if task not in self._ends:
            if not self._gathered:
                self._begin_a_round()
            self._gathered[task] = {}
            self._ends[task] = asyncio.get_running_loop().create_future()
        if inner is not None and task in self._gathered:
            self._gathered[task][inner] = None
        # Shielded: who stops waiting must not take the answer from who asked the same.
        return await asyncio.shield(self._ends[task])

    def _begin_a_round(self) -> None:
        task = asyncio.create_task(self._round())
        self._rounds.add(task)
        task.add_done_callback(self._rounds.discard)

    async def _round(self) -> None:
        """Wait until nobody asks any more, then have all tasks started."""
        began, known = time.monotonic(), -1
        while (count := self._count()) > known and time.monotonic() - began < _LONGEST_S:
            known = count
            await asyncio.sleep(_QUIET_S)
            for _ in range(_STEPS):
                await asyncio.sleep(0)
        gathered, self._gathered = self._gathered, {}
        await asyncio.gather(*(self._go(task, tuple(some)) for task, some in gathered.items()))

    def _count(self) -> int:
        return len(self._gathered) + sum(map(len, self._gathered.values()))

    async def _go(self, task: TaskQuestion, questions: tuple[Question, ...]) -> None:
        try:
            ended = await self._run(task, questions)
        except Exception as error:  # noqa: BLE001 - somebody waits; its text may know secrets
            detail = f"the task could not be looked after: {type(error).__name__}"
            ended = _Ended(answer=TaskAnswer(status=TaskStatus.FAILED, detail=detail))
        if not self._ends[task].done():
            self._ends[task].set_result(ended)

    async def _run(self, task: TaskQuestion, questions: tuple[Question, ...]) -> _Ended:
        batch, trouble = self._batch(task, questions)
        errand = errand_of(batch) if self._runs.takes_program else ""
        answer, log = await self._runs.run(task, errand, is_whole)
        ended = _Ended(answer=answer, batch=batch, trouble=trouble)
        return _with_answers(ended, log) if is_whole(log) else ended

    def _batch(self, task: TaskQuestion, questions: Sequence[Question]) -> tuple[Batch, str]:
        """Return what the task is asked, and why some of ``questions`` are not in it."""
        nothing = Batch(questions=(), deadline=self._longest)
        if not questions or not self._runs.takes_program:
            return nothing, ""
        own = (task.launch_type,)  # inside, nobody dials in another's name
        dials = {name: replace(each, launch_types=own) for name, each in self._dials.items()}
        try:
            found = tuple(batches([Put(question=each) for each in questions], dials, self._bundle))
        except VantageError as error:
            return nothing, str(error)
        largest = max(found, key=lambda each: len(each.questions))
        trouble = "" if len(found) == 1 else "a task takes one file of certificates, not several"
        return replace(largest, deadline=min(largest.deadline, self._longest)), trouble

    @property
    def _longest(self) -> float:
        return self._deadline * _SHARE


def _with_answers(ended: _Ended, log: str) -> _Ended:
    try:
        brought = read(log, ended.batch)
        return replace(ended, brought=brought, answers=fitting(ended.batch, brought))
    except (ParcelError, VantageError) as error:
        trouble = f"its log says nothing of use: {error}"
        silent = replace(ended.answer, status=TaskStatus.SILENT, detail=trouble)
        known = ended.answer if ended.answer.status is not TaskStatus.RAN else silent
        return replace(ended, answer=known, trouble=trouble)


def _why_not(question: Question, ended: _Ended) -> str:
    if ended.answer.status is TaskStatus.DIED:
        return f"the task died: {ended.answer.detail}"
    if ended.answer.status is not TaskStatus.RAN:
        return ended.answer.detail
    if question in ended.batch.questions:
        return unanswered(question, ended.brought)
    return ended.trouble or "the task had started before this was asked"


def _named(task: TaskQuestion) -> str:
    return f"task:{task.launch_type} in {task.subnet}"

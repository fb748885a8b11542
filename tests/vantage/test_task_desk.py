"""The desk of one-off tasks: all start at once with all that was asked, and answer from inside."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import Credentials, SecretQuestion
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    Question,
)
from pytest_ecs_privatelink.probes.task_records import (
    InsideQuestion,
    TaskAnswer,
    TaskQuestion,
    TaskStatus,
)
from pytest_ecs_privatelink.vantage.batches import Batch
from pytest_ecs_privatelink.vantage.instance.opening import certificates
from pytest_ecs_privatelink.vantage.lines import in_lines, joined
from pytest_ecs_privatelink.vantage.parcels import pack
from pytest_ecs_privatelink.vantage.task.desk import TaskDesk
from pytest_ecs_privatelink.vantage.task.program import ERRAND, SECRET, command, errand_of
from pytest_ecs_privatelink.vantage.task.runs import Whole
from pytest_ecs_privatelink.verdict import LaunchType

FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
LOCAL = DnsQuestion(name="localhost", timeout=5.0)
CLOSED = ConnectQuestion(address="127.0.0.1", port=1, server_name="localhost", timeout=5.0)
RAN = TaskAnswer(status=TaskStatus.RAN)


async def by_program(errand: str) -> tuple[TaskAnswer, str]:
    """Run what a container runs, here, with an environment of its own."""
    process = await asyncio.create_subprocess_exec(
        "/bin/sh",
        "-c",
        command(),
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", ERRAND: errand},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    out, _ = await process.communicate()
    return RAN, out.decode()


@dataclass
class Tasks:
    """Ends every task as ``end`` says; all of them wait for each other, up to ``expected``."""

    end: Callable[[str], Awaitable[tuple[TaskAnswer, str]]] = by_program
    takes_program: bool = True
    expected: int = 1
    errands: dict[TaskQuestion, str] = field(default_factory=dict)
    rounds: list[int] = field(default_factory=list)
    closed: int = 0
    _all_there: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, question: TaskQuestion, errand: str, _: Whole, /) -> tuple[TaskAnswer, str]:
        """Take the errand, and end."""
        assert question not in self.errands, "a second task"
        self.errands[question] = errand
        if len(self.errands) == self.expected:
            self._all_there.set()
        await asyncio.wait_for(self._all_there.wait(), 10)
        return await self.end(errand)

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


def ending(answer: TaskAnswer, log: str = "") -> Callable[[str], Awaitable[tuple[TaskAnswer, str]]]:
    """Return what ends every task so."""

    async def end(_: str) -> tuple[TaskAnswer, str]:
        return answer, log

    return end


def desk_of(tasks: Tasks, dials: dict[str, ConnectQuestion] | None = None) -> TaskDesk:
    """Return a desk over ``tasks``."""
    return TaskDesk(tasks, dials=dials or {}, bundle=certificates(None), deadline=60.0)


def inside(question: DnsQuestion | ConnectQuestion, subnet: str = "subnet-a") -> InsideQuestion:
    """Return the question as it is put to a Fargate task."""
    return InsideQuestion(subnet=subnet, launch_type=FARGATE, question=question)


def refusal(tasks: Tasks, question: InsideQuestion) -> str:
    """Return why there is no answer."""

    async def go() -> None:
        desk = desk_of(tasks)
        try:
            await desk.ask(question)
        finally:
            await desk.close()

    with pytest.raises(VantageError) as refused:
        asyncio.run(go())
    return str(refused.value)


def test_all_tasks_start_at_once_and_each_answers_its_own() -> None:
    """Two subnets and two launch types: four tasks that wait for each other."""
    tasks = Tasks(expected=4)
    wanted = [
        TaskQuestion(subnet=subnet, launch_type=kind)
        for subnet in ("subnet-a", "subnet-b")
        for kind in (FARGATE, EC2)
    ]

    async def go() -> tuple[list[TaskAnswer], list[object]]:
        desk = desk_of(tasks)
        starts = asyncio.gather(*map(desk.start, wanted))
        asked = [
            InsideQuestion(subnet=each.subnet, launch_type=each.launch_type, question=question)
            for each in wanted
            for question in (LOCAL, CLOSED)
        ]
        answers = await asyncio.gather(*map(desk.ask, asked))
        ends = await starts
        await desk.close()
        return list(ends), list(answers)

    ends, answers = asyncio.run(go())
    assert ends == [RAN] * 4
    resolved, dialled = answers[::2], answers[1::2]
    assert all(isinstance(each, DnsAnswer) and "127.0.0.1" in each.addresses for each in resolved)
    assert all(
        isinstance(each, ConnectAnswer) and each.status is ConnectStatus.REFUSED for each in dialled
    )
    assert tasks.closed == 1


def test_what_is_foreseen_is_dialled_along_and_answered_later() -> None:
    """A claim dials what a name leads to; the task has done so before, in its own name."""
    tasks = Tasks()
    dials = {"localhost": ConnectQuestion(address="", port=1, server_name="localhost")}
    then = replace(dials["localhost"], address="127.0.0.1", launch_types=(FARGATE,))

    async def go() -> tuple[object, str]:
        desk = desk_of(tasks, dials)
        await desk.ask(inside(LOCAL))
        answer = await desk.ask(inside(then))
        with pytest.raises(VantageError) as refused:
            await desk.ask(inside(replace(CLOSED, port=2)))
        await desk.close()
        return answer, str(refused.value)

    answer, late = asyncio.run(go())
    assert isinstance(answer, ConnectAnswer)
    assert answer.status is ConnectStatus.REFUSED
    assert late == "task:fargate in subnet-a: the task had started before this was asked"
    assert len(tasks.errands) == 1


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            TaskAnswer(status=TaskStatus.DIED, detail="TaskFailedToStart: dial tcp"),
            "task:fargate in subnet-a: the task died: TaskFailedToStart: dial tcp",
        ),
        (
            TaskAnswer(status=TaskStatus.THROTTLED, detail="ecs:RunTask is throttled"),
            "task:fargate in subnet-a: ecs:RunTask is throttled",
        ),
    ],
)
def test_what_a_task_did_not_answer_says_why(answer: TaskAnswer, why: str) -> None:
    """Dead or never started: the reason is the task's."""
    assert refusal(Tasks(end=ending(answer)), inside(LOCAL)) == why


def test_nothing_is_asked_in_a_user_s_own_task() -> None:
    """Its image may have no Python; it is only seen to start."""
    tasks = Tasks(takes_program=False, end=ending(RAN))

    assert refusal(tasks, inside(LOCAL)) == (
        "the task definition is the user's own: nothing is asked inside"
    )
    assert tasks.errands == {}


def test_a_log_that_lies_is_believed_nothing() -> None:
    """Lines that are whole and hold no answer leave the task silent, and say so."""
    log = in_lines("-----BEGIN ECS PRIVATELINK PARCEL 3 00-----", 100)
    tasks = Tasks(end=ending(RAN, log))

    async def go() -> TaskAnswer:
        desk = desk_of(tasks)
        found = await desk.start(TaskQuestion(subnet="subnet-a", launch_type=FARGATE))
        await desk.close()
        return found

    answer = asyncio.run(go())
    assert answer.status is TaskStatus.SILENT
    assert answer.detail == (
        "its log says nothing of use: no answer came back, only: -----BEGIN ECS PRIVATELINK PARCEL"
        " 3 00-----"
    )


def test_a_log_that_would_break_reports_is_refused() -> None:
    """Half a character is none in JSON: who prints the log may be anybody's image."""
    log = in_lines(pack({"answers": (), "missing": ((0, "half \ud800"),)}), 100)

    assert "numbers or characters that are none" in refusal(
        Tasks(end=ending(RAN, log)), inside(LOCAL)
    )


def test_what_nobody_foresaw_ends_in_a_reason_and_not_in_silence() -> None:
    """Whoever waits for a task hears what kind of mishap it was, and not its text, that very day.

    The tasks of others go on.
    """

    async def mishap(_: str) -> tuple[TaskAnswer, str]:
        raise RuntimeError("tell-no-one")

    async def go() -> TaskAnswer:
        desk = desk_of(Tasks(end=mishap))
        found = desk.start(TaskQuestion(subnet="subnet-a", launch_type=FARGATE))
        async with asyncio.timeout(20):
            return await found

    assert asyncio.run(go()) == TaskAnswer(
        status=TaskStatus.FAILED, detail="the task could not be looked after: RuntimeError"
    )


def test_after_closing_a_question_begins_anew() -> None:
    """The network of a lab that was broken is another one: nothing of before is told."""
    tasks = Tasks()

    async def go() -> int:
        desk = desk_of(tasks)
        await desk.ask(inside(LOCAL))
        await desk.close()
        before, tasks.errands = len(tasks.errands), {}
        await desk.ask(inside(LOCAL))
        await desk.close()
        return before + len(tasks.errands)

    assert asyncio.run(go()) == 2


def test_a_file_that_cannot_be_read_is_told() -> None:
    """The task starts all the same; what needs these certificates says what is wrong."""
    question = ConnectQuestion(address="127.0.0.1", port=1, ca_file="/nowhere.pem")

    assert refusal(Tasks(), inside(question)) == (
        "task:fargate in subnet-a: the CA bundle /nowhere.pem cannot be read: No such file or"
        " directory"
    )


def test_no_secret_is_in_what_a_container_is_given() -> None:
    """Neither credentials nor the run's key: others may read definitions and overrides."""
    question: Question = SecretQuestion(
        host="h", region="r", service="ssm", reference="/p", key="tell-no-one"
    )
    errand = errand_of(Batch(questions=(question,)))
    keys = Credentials(access_key="AKIA", secret_key="tell-no-one")

    assert errand == errand_of(Batch(questions=(_without_key(question),)))
    with pytest.raises(ValueError, match="credentials do not go into a task definition"):
        errand_of(Batch(questions=(question,), credentials=keys))


def test_the_program_fits_a_task_definition() -> None:
    """ECS takes 64 KB: with the program in it, 8 KB are left for what a task is asked."""
    assert len(json.dumps(command())) < 65_536 - 8_192 - 2_048


def test_the_secret_that_ecs_fetches_is_not_the_program_s() -> None:
    """It is there to be fetched; before anything else runs it is taken out of the environment."""
    assert command().startswith(f"unset {SECRET}; ")


@given(
    parcel=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=300),
    longest=st.integers(1, 60),
    data=st.data(),
)
def test_lines_come_together_in_any_order_with_any_noise(
    parcel: str, longest: int, data: st.DataObject
) -> None:
    """Logs repeat and reorder lines, and images say things of their own."""
    lines = in_lines(parcel, longest).splitlines()
    mixed = data.draw(st.permutations([*lines, *lines[:2], "Welcome", ""]))

    assert joined("\n".join(mixed)) == parcel
    assert joined("\n".join(each for each in mixed if each != lines[-1])) is None


def _without_key(question: Question) -> Question:
    assert isinstance(question, SecretQuestion)
    return SecretQuestion(
        host=question.host,
        region=question.region,
        service=question.service,
        reference=question.reference,
    )

"""One-off tasks by the ECS API: started, followed, read, and stopped again."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pytest_ecs_privatelink.catalogue.marks import marked
from pytest_ecs_privatelink.probes.task_records import TaskAnswer, TaskQuestion, TaskStatus
from pytest_ecs_privatelink.targets.clients import Client
from pytest_ecs_privatelink.targets.task_clients import AT_ONCE, TaskClients
from pytest_ecs_privatelink.targets.task_definitions import Definitions, Notebook
from pytest_ecs_privatelink.targets.task_ends import ending_of, stopped_of
from pytest_ecs_privatelink.targets.task_follow import STOPPED, Followed, Follower
from pytest_ecs_privatelink.targets.task_logs import last_line, read_log
from pytest_ecs_privatelink.targets.task_patience import Patience
from pytest_ecs_privatelink.targets.task_plan import Generated, TaskPlan, run_request
from pytest_ecs_privatelink.targets.task_traces import REASON
from pytest_ecs_privatelink.targets.task_troubles import (
    TaskTrouble,
    one_line,
    trouble_of_failure,
    trouble_with_definition,
)
from pytest_ecs_privatelink.targets.traces import Trace, TraceKind

if TYPE_CHECKING:
    import boto3

Raw = dict[str, Any]
_STOPPING_S = 2.0
"""How long calls under way are waited for as the run ends: what is left then, the notebook has."""
_LAST_WORDS_S = 3.0
_TOO_LATE = "the run had ended before the task was started"
_HINTS = {
    "": "ECS never showed it: run again",
    "PROVISIONING": "see the subnet's free addresses and the account's quotas",
    "PENDING": "its image, secrets or logs do not come: a longer --ecs-task-timeout tells more",
    "RUNNING": "its program did not end: a longer --ecs-task-timeout may do",
}


class TaskRuns:
    """Runs tasks as ``plan`` says, through the session that ``session`` opens.

    ``notebook`` hears of everything before it is made. Lives in one event loop.
    """

    def __init__(
        self,
        plan: TaskPlan,
        session: "Callable[[], boto3.Session]",
        notebook: Notebook,
        patience: Patience | None = None,
    ) -> None:
        self._plan = plan
        self._patience = patience or Patience()
        self._notebook = notebook
        self._clients = TaskClients(session, self._patience.attempts)
        self._definitions = Definitions(plan, self._clients, notebook)
        self._follower = Follower(self._clients, plan.cluster, self._patience)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._launches: set[asyncio.Task[Followed]] = set()
        self._generation = 1
        self._closing = False

    @property
    def takes_program(self) -> bool:
        """Whether tasks run our program."""
        return isinstance(self._plan.starts, Generated)

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent, by IAM action."""
        return self._clients.calls

    def listen(self, progress: Callable[[str], None] | None) -> None:
        """Have ``progress`` told how tasks get on: ``tasks: 3 starting, 0 running``.

        It is called in the event loop's thread.
        """
        self._follower.progress = progress

    async def run(
        self, question: TaskQuestion, errand: str, whole: Callable[[str], bool]
    ) -> tuple[TaskAnswer, str]:
        """Return how the task ended, and its log as far as that was wanted."""
        began = time.monotonic()
        followed, log = None, ""
        try:
            async with self._places:
                followed = await self._launch(question, errand)
            answer = await self._end_of(followed)
            if self.takes_program:
                answer, log = await self._with_log(followed, answer, whole)
        except TaskTrouble as trouble:
            answer = TaskAnswer(status=trouble.status, detail=trouble.detail)
        if followed is not None:
            await self._see_off(followed)
            answer = replace(answer, task=followed.arn, states=tuple(followed.states))
        return replace(answer, duration_ms=round((time.monotonic() - began) * 1000, 1)), log

    async def close(self) -> None:
        """Start nothing more, and stop what runs; waits a little for that. May be run anew."""
        self._closing = True
        if self._launches:
            await asyncio.wait(self._launches, timeout=self._patience.launch)
        self._generation += 1
        left = self._follower.unstopped
        if stops := [asyncio.create_task(self._stop(each)) for each in left]:
            await asyncio.wait(stops, timeout=_STOPPING_S)
        end = time.monotonic() + self._patience.farewell
        await asyncio.gather(*(self._follower.until(each, (STOPPED,), end) for each in left))
        for each in left:
            self._settle(each)
        if not self._launches:
            self._notebook.settled(self._trace)
        await self._follower.close()
        await self._definitions.forget_failures()
        self._closing = False

    @property
    def _trace(self) -> Trace:
        plan = self._plan
        return Trace(kind=TraceKind.TASKS, name=marked(plan.run), cluster=plan.cluster)

    async def _launch(self, question: TaskQuestion, errand: str) -> Followed:
        """Return the task that was started; who stops waiting does not keep it from being known."""
        definition, errand_of_task = await self._definitions.get(question.launch_type, errand)
        if self._closing:
            raise TaskTrouble(TaskStatus.FAILED, _TOO_LATE)
        token = f"{self._plan.run}-{question.launch_type}-{question.subnet}-{self._generation}"
        request = run_request(self._plan, question, definition, errand_of_task, token)
        self._notebook.note(self._trace)
        launch = asyncio.create_task(self._run_task(request))
        self._launches.add(launch)
        launch.add_done_callback(self._launches.discard)
        return await asyncio.shield(launch)

    async def _run_task(self, request: Raw) -> Followed:
        began, generation = time.monotonic(), self._generation

        def start(ecs: Client) -> Raw:
            answer: Raw = ecs.run_task(**request)
            if generation != self._generation:  # nobody waits any more, so it is stopped here
                for each in answer.get("tasks") or ():
                    self._stop_by(ecs, str(each["taskArn"]))
            return answer

        try:
            answer = await self._clients.ask_ecs("ecs:RunTask", start)
        except TaskTrouble as trouble:
            raise trouble_with_definition(trouble, self._plan.starts) from None
        if not answer.get("tasks"):
            failure: Raw = next(iter(answer.get("failures") or ({},)))
            reason = str(failure.get("reason") or "ECS says no reason")
            raise trouble_of_failure(reason, str(failure.get("detail") or ""))
        arn = str(answer["tasks"][0]["taskArn"])
        if isinstance(self._plan.starts, Generated):
            self._notebook.note(self._stream_of(self._plan.starts, arn))
        if generation != self._generation:
            await self._stop(Followed(arn, began))
            raise TaskTrouble(TaskStatus.FAILED, _TOO_LATE)
        return self._follower.follow(arn, began)

    async def _end_of(self, followed: Followed) -> TaskAnswer:
        """Wait for as much of the task as is wanted: all of ours, of others that they run."""
        wanted = (STOPPED,) if self.takes_program else (STOPPED, "RUNNING")
        deadline = self._plan.deadline
        if not await self._follower.until(followed, wanted, followed.began + deadline):
            hint = followed.remark or _HINTS.get(followed.status, "ECS takes its time: run again")
            status = TaskStatus.STUCK if followed.status else TaskStatus.VANISHED
            raise TaskTrouble(
                status, f"still {followed.status or 'unseen'} after {deadline:g} s: {hint}"
            )
        if followed.trouble is not None:
            raise followed.trouble
        if followed.status != STOPPED:
            return TaskAnswer(status=TaskStatus.RAN)
        status, detail = ending_of(followed.raw, ours=self.takes_program)
        return TaskAnswer(status=status, stopped=stopped_of(followed.raw), detail=detail)

    async def _with_log(
        self, followed: Followed, answer: TaskAnswer, whole: Callable[[str], bool]
    ) -> tuple[TaskAnswer, str]:
        generated = self._plan.starts
        assert isinstance(generated, Generated)
        ran = answer.status is TaskStatus.RAN
        containers = () if answer.stopped is None else answer.stopped.containers
        if self._closing or all(each.exit_code is None for each in containers):
            return answer, ""
        stream = self._plan.stream_of(followed.arn)
        seconds = self._patience.logs if ran else min(_LAST_WORDS_S, self._patience.logs)
        log = await read_log(
            self._clients,
            generated.log_group,
            stream,
            whole if ran else bool,
            seconds=seconds,
            patience=self._patience,
        )
        if not ran and log:
            said = one_line(last_line(log), 160)
            return replace(answer, detail=f"{answer.detail}; its last words: {said}"), log
        if ran and not whole(log):
            silent = (
                f"it ran, and its answer is not in log stream {stream} of {generated.log_group}"
            )
            late = f"after {seconds:g} s ({len(log.splitlines())} lines are): run again"
            return replace(answer, status=TaskStatus.SILENT, detail=f"{silent} {late}"), log
        return answer, log

    async def _see_off(self, followed: Followed) -> None:
        """Stop the task where it may still run, and settle what it made."""
        if followed.status != STOPPED:
            await self._stop(followed)
        self._settle(followed)

    async def _stop(self, followed: Followed) -> None:
        if followed.told_to_stop:
            return
        followed.told_to_stop = True
        # What cannot be stopped here is in the notebook still.
        with contextlib.suppress(TaskTrouble):
            await self._clients.ask_ecs(
                "ecs:StopTask", lambda ecs: self._stop_by(ecs, followed.arn)
            )

    def _stop_by(self, ecs: Client, arn: str) -> None:
        ecs.stop_task(cluster=self._plan.cluster, task=arn, reason=REASON)

    def _settle(self, followed: Followed) -> None:
        if followed.status == STOPPED and isinstance(self._plan.starts, Generated):
            self._notebook.settled(self._stream_of(self._plan.starts, followed.arn))

    def _stream_of(self, generated: Generated, arn: str) -> Trace:
        return Trace(
            kind=TraceKind.LOG_STREAM, name=self._plan.stream_of(arn), group=generated.log_group
        )

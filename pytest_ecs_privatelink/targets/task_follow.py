"""Follow tasks to their ends: one DescribeTasks for all of them, again and again."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_ecs_privatelink.probes.task_records import TaskStatus
from pytest_ecs_privatelink.targets.clients import Client
from pytest_ecs_privatelink.targets.task_clients import TaskClients
from pytest_ecs_privatelink.targets.task_patience import Patience
from pytest_ecs_privatelink.targets.task_traces import MOST_DESCRIBED
from pytest_ecs_privatelink.targets.task_troubles import TaskTrouble

Raw = dict[str, Any]
STOPPED = "STOPPED"
_WORDS = {"RUNNING": "running", STOPPED: "ended"}
_ENDING = ("DEACTIVATING", "STOPPING", "DEPROVISIONING")


@dataclass(slots=True, eq=False)
class Followed:
    """One task: what was seen of it. ``trouble`` is why nothing more will be."""

    arn: str
    began: float
    raw: Raw = field(default_factory=dict)
    states: list[tuple[str, float]] = field(default_factory=list)
    trouble: TaskTrouble | None = None
    remark: str = ""
    over: bool = False
    told_to_stop: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _missing: float | None = None

    @property
    def status(self) -> str:
        """The last status that was seen, empty where none was."""
        return self.states[-1][0] if self.states else ""

    def see(self, raw: Raw) -> None:
        """Take what DescribeTasks says of it."""
        self.raw, self._missing = raw, None
        status = str(raw.get("lastStatus") or "")
        if status != self.status:
            self.states.append((status, round((time.monotonic() - self.began) * 1000, 1)))
        self.over = self.over or status == STOPPED
        self.changed.set()

    def miss(self, patience: float) -> None:
        """Take that it is not known: at first that means nothing, and later not at once."""
        now = time.monotonic()
        if self._missing is None:
            self._missing = now
        if self.states and now - self._missing >= patience:
            self.end(TaskTrouble(TaskStatus.VANISHED, _vanished(self.status)))

    def end(self, trouble: TaskTrouble) -> None:
        """Take that nothing more will be seen of it."""
        self.trouble, self.over = trouble, True
        self.changed.set()


class Follower:
    """Looks at the tasks of ``cluster`` for as long as any is not over. Lives in one event loop.

    ``progress`` is told in a few words how they are getting on, whenever that changes.
    """

    def __init__(self, clients: TaskClients, cluster: str, patience: Patience) -> None:
        self._clients = clients
        self._cluster = cluster
        self._patience = patience
        self._followed: dict[str, Followed] = {}
        self._looking: asyncio.Task[None] | None = None
        self._woken = asyncio.Event()
        self._told = ""
        self.progress: Callable[[str], None] | None = None

    @property
    def unstopped(self) -> tuple[Followed, ...]:
        """The tasks that were not seen to have stopped."""
        return tuple(each for each in self._followed.values() if each.status != STOPPED)

    def follow(self, arn: str, began: float) -> Followed:
        """Begin to look at a task, which was asked for at ``began`` (of the monotonic clock)."""
        followed = self._followed[arn] = Followed(arn, began)
        self._woken.set()
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return followed

    async def until(self, followed: Followed, statuses: Sequence[str], end: float) -> bool:
        """Wait for one of ``statuses``, or that it is over, until ``end``; return whether it is."""
        while not (followed.over or followed.status in statuses):
            left = end - time.monotonic()
            if left <= 0:
                return False
            followed.changed.clear()
            # Not wait_for: in Python 3.11 that drowns who cancels it at the moment of the news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await followed.changed.wait()
        return True

    async def close(self) -> None:
        """Look no more, and forget all."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        self._looking = None
        self._followed.clear()

    async def _look(self) -> None:
        while live := [each for each in self._followed.values() if not each.over]:
            for start in range(0, len(live), MOST_DESCRIBED):
                await self._describe(live[start : start + MOST_DESCRIBED])
            self._tell()
            youngest = min(time.monotonic() - each.began for each in live)
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._patience.pause(youngest)):
                    await self._woken.wait()

    async def _describe(self, some: Sequence[Followed]) -> None:
        arns = [each.arn for each in some]

        def describe(ecs: Client) -> Raw:
            answer: Raw = ecs.describe_tasks(cluster=self._cluster, tasks=arns)
            return answer

        try:
            answer = await self._clients.ask_ecs("ecs:DescribeTasks", describe)
        except TaskTrouble as trouble:
            for each in some:
                if trouble.status is TaskStatus.DENIED:
                    each.end(trouble)
                each.remark = trouble.detail
            return
        known = {str(raw.get("taskArn")): raw for raw in answer.get("tasks", ())}
        for each in some:
            each.remark = ""
            if each.arn in known:
                each.see(known[each.arn])
            else:
                each.miss(self._patience.missing)

    def _tell(self) -> None:
        counts = Counter(_word(each.status) for each in self._followed.values())
        kinds = ("starting", "running", "ending", "ended")
        told = ", ".join(
            f"{counts[kind]} {kind}" for kind in kinds if counts[kind] or kind in kinds[:2]
        )
        if self.progress is not None and told != self._told:
            self._told = told
            self.progress(f"tasks: {told}")


def _word(status: str) -> str:
    return "ending" if status in _ENDING else _WORDS.get(status, "starting")


def _vanished(status: str) -> str:
    return f"ECS knows the task no more, which was {status}: see CloudTrail for who removed it"

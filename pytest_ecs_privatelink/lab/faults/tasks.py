"""Faults of RunTask itself: the network is in order, and ECS has no task for us, or loses it.

They break no cell of another claim: nobody gets to see a task's own end.
"""

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.task_truth import tell
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.verdict import Code

if TYPE_CHECKING:
    import boto3


def _told(world: World, session: "boto3.Session", facts: Mapping[str, str]) -> None:
    if world.workload is not None:
        tell(session, world.workload.cluster, **facts)


def _fault(name: str, summary: str, **facts: str) -> Fault:
    """Return a fault that has the cloud say these `task_truth.TaskFacts` of all tasks."""
    code = Code.TASK_FAILED_TO_START
    return Fault(name=name, code=code, summary=summary, break_cloud=partial(_told, facts=facts))


FAULTS = (
    _fault("task-throttled", "the first three calls of RunTask are throttled", throttled="3"),
    _fault("task-throttled-for-ever", "every call of RunTask is throttled", throttled="-1"),
    _fault("task-no-interface", "no subnet has a network interface left", failure="eni"),
    _fault("task-no-capacity", "there is no capacity for tasks", failure="capacity"),
    _fault("task-stuck", "tasks stay in PROVISIONING", stuck="true"),
    _fault("task-vanishes", "DescribeTasks knows a task until it is PENDING", vanishing="true"),
    _fault("task-logs-late", "what tasks print is shown two seconds after their end", logs="2"),
    _fault("task-logs-never", "what tasks print is never shown", logs="-1"),
)
"""Not among `FAULTS` of this room: what each does to cells is the claim's to say."""

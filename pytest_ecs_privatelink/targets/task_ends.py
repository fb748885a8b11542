"""What the end of a task comes down to, as DescribeTasks tells it."""

from typing import Any

from pytest_ecs_privatelink.probes.task_records import Stopped, StoppedContainer, TaskStatus
from pytest_ecs_privatelink.targets.task_plan import CONTAINER
from pytest_ecs_privatelink.targets.task_troubles import one_line, trouble_of_failure

Raw = dict[str, Any]

_TAKEN_BACK = {
    "SpotInterruption": "Fargate Spot took the task's capacity back: run again, or without Spot",
    "TerminationNotice": "AWS ended what the task ran on: run again",
}


def stopped_of(raw: Raw) -> Stopped:
    """Return ECS's words about a stopped task."""
    return Stopped(
        code=str(raw.get("stopCode") or ""),
        reason=str(raw.get("stoppedReason") or ""),
        containers=tuple(
            StoppedContainer(
                name=str(each.get("name") or ""),
                reason=str(each.get("reason") or ""),
                exit_code=each.get("exitCode"),
            )
            for each in raw.get("containers") or ()
        ),
    )


def ending_of(raw: Raw, *, ours: bool) -> tuple[TaskStatus, str]:
    """Return how a task ended that nobody of us stopped, and one line; empty where it ran.

    ``ours``: it is to do our program's work; any other one only has to start.
    """
    stopped = stopped_of(raw)
    if stopped.code in _TAKEN_BACK:
        return TaskStatus.CAPACITY, _TAKEN_BACK[stopped.code]
    if "Capacity is unavailable" in stopped.reason:
        return TaskStatus.CAPACITY, trouble_of_failure(stopped.reason).detail
    if stopped.code == "UserInitiated":
        said = one_line(stopped.reason)
        return TaskStatus.FAILED, f"somebody stopped the task ({said}): run again"
    if _has_run(raw, stopped, ours=ours):
        return TaskStatus.RAN, ""
    return TaskStatus.DIED, words_of(stopped)


def words_of(stopped: Stopped) -> str:
    """Return ECS's words in one line: of the task, and of those containers that have any."""
    words = [f"{stopped.code}: {stopped.reason}" if stopped.code else stopped.reason]
    for each in stopped.containers:
        exit_code = f" exited with {each.exit_code}" if each.exit_code is not None else ""
        if each.reason or each.exit_code:
            words.append(
                f"container {each.name}{exit_code}{': ' if each.reason else ''}{each.reason}"
            )
    return one_line("; ".join(filter(None, words)), 600) or "ECS says no reason"


def _has_run(raw: Raw, stopped: Stopped, *, ours: bool) -> bool:
    if stopped.code == "TaskFailedToStart":
        return False
    if ours:
        return any(each.name == CONTAINER and each.exit_code == 0 for each in stopped.containers)
    return raw.get("startedAt") is not None or any(
        each.exit_code is not None for each in stopped.containers
    )

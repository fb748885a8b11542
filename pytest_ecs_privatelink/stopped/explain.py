"""Read the words with which ECS stopped a task."""

from pytest_ecs_privatelink.probes.task_records import Stopped
from pytest_ecs_privatelink.stopped.records import Explanation


def explain(stopped: Stopped) -> Explanation:
    """Return what the gravest of a stopped task's texts means."""
    raise NotImplementedError(stopped)


def explain_text(text: str) -> Explanation:
    """Return what one ``stoppedReason`` or container reason means."""
    raise NotImplementedError(text)

"""A one-off task: what it is asked for, how far it came, and with which words ECS ended it."""

from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.probes.agent_records import AgentQuestion
from pytest_ecs_privatelink.probes.call_records import CallQuestion
from pytest_ecs_privatelink.probes.records import PathQuestion
from pytest_ecs_privatelink.verdict import LaunchType

OWN_DEFINITION = "the task definition is the user's own: nothing is asked inside"
"""Why there is no answer from inside a task that runs no program of ours."""


class TaskStatus(StrEnum):
    """How an attempt to have a task ended.

    ``RAN``: it started, did its work and ended. ``DIED``: ECS stopped it, or its container failed;
    the words are in `Stopped`. All others are "could not look": ``DENIED`` (the runner may not),
    ``THROTTLED``, ``CAPACITY``, ``STUCK`` (no end within the deadline), ``VANISHED`` (ECS knows it
    no more), ``SILENT`` (it ran, and its words never came), ``FAILED`` (anything else).
    """

    RAN = "ran"
    DIED = "died"
    DENIED = "denied"
    THROTTLED = "throttled"
    CAPACITY = "capacity"
    STUCK = "stuck"
    VANISHED = "vanished"
    SILENT = "silent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppedContainer:
    """A container of a stopped task; ``reason`` is ECS's, ``exit_code`` None where it never ran."""

    name: str
    reason: str = ""
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What ECS says of a stopped task [ECS API, Task: stopCode, stoppedReason, containers]."""

    code: str = ""
    reason: str = ""
    containers: tuple[StoppedContainer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuestion:
    """Have one task of ``launch_type`` start in ``subnet``, do its work, and be gone."""

    subnet: str
    launch_type: LaunchType


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAnswer:
    """What a `TaskQuestion` brought.

    ``states`` are the last statuses seen with the milliseconds since RunTask; ``detail`` is one
    line, empty where the task ran; ``task`` is its ARN, None where none was made.
    """

    status: TaskStatus
    task: str | None = None
    states: tuple[tuple[str, float], ...] = ()
    stopped: Stopped | None = None
    detail: str = ""
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class InsideQuestion:
    """Put ``question`` to the one-off task of ``subnet`` and ``launch_type``, from inside it.

    Answered with an answer of the inner question's own kind.
    """

    subnet: str
    launch_type: LaunchType
    question: PathQuestion | CallQuestion | AgentQuestion

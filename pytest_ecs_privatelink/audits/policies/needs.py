"""What ECS asks of each endpoint service: actions, on which resources (FACTS section 6.7).

Actions are those of the task execution role (AmazonECS, "task execution IAM role"), of the agent
(managed policy AmazonEC2ContainerServiceforEC2Role) and of ECS Exec. Left out is what a task can
start without: ecr:BatchCheckLayerAvailability, and of the agent what features switch on.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.topology.cluster import Container, TaskDefinition
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

_BOTH = frozenset(LaunchType)
_EC2 = frozenset({LaunchType.EC2})
_STREAMS = ":log-stream:*"
_SUFFIXED = re.compile(r"-[A-Za-z0-9]{6}$")
_SECRET_PARTS = 7  # of an ARN; what follows names a key and a version of the secret


class Caller(StrEnum):
    """Whose credentials sign the calls."""

    EXECUTION = "execution role"
    TASK = "task role"
    INSTANCE = "instance role"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """What is called through an endpoint service, by which launch types.

    ``resource`` is what stands behind ``arn:PARTITION:SERVICE:REGION:ACCOUNT:``, or ``*``.
    ``without`` says what does not work where the calls are denied. ``loose``: where no task
    definition names a resource, a policy that allows any will do.
    """

    actions: tuple[str, ...]
    resource: str
    without: str
    launch_types: frozenset[LaunchType] = _BOTH
    role: Caller = Caller.EXECUTION
    loose: bool = False


CALLS: Mapping[str, Calls] = MappingProxyType(
    {
        "ecr.api": Calls(
            actions=("ecr:GetAuthorizationToken",),
            resource="*",
            without="no image is pulled from Amazon ECR",
        ),
        "ecr.dkr": Calls(
            actions=("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
            resource="repository/*",
            without="no image is pulled from Amazon ECR",
        ),
        "logs": Calls(
            actions=("logs:CreateLogStream", "logs:PutLogEvents"),
            resource=f"log-group:*{_STREAMS}",
            without="tasks with the awslogs driver do not start",
        ),
        "secretsmanager": Calls(
            actions=("secretsmanager:GetSecretValue",),
            resource="secret:*",
            without="tasks with secrets do not start",
            loose=True,
        ),
        "ssm": Calls(
            actions=("ssm:GetParameters",),
            resource="parameter/*",
            without="tasks with parameters do not start",
            loose=True,
        ),
        "ssmmessages": Calls(
            actions=(
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel",
            ),
            resource="*",
            without="ECS Exec opens no session",
            role=Caller.TASK,
        ),
        "kms": Calls(
            actions=("kms:Decrypt", "kms:GenerateDataKey"),
            resource="key/*",
            without="ECS Exec opens no encrypted session",
            role=Caller.TASK,
            loose=True,
        ),
        "ecs": Calls(
            actions=(
                "ecs:DiscoverPollEndpoint",
                "ecs:RegisterContainerInstance",
                "ecs:SubmitAttachmentStateChanges",
                "ecs:SubmitContainerStateChange",
                "ecs:SubmitTaskStateChange",
            ),
            resource="*",
            without="agents neither register nor report",
            launch_types=_EC2,
            role=Caller.INSTANCE,
        ),
        "ecs-agent": Calls(
            actions=("ecs:Poll",),
            resource="container-instance/*",
            without="agents are told of no task",
            launch_types=_EC2,
            role=Caller.INSTANCE,
        ),
        "ecs-telemetry": Calls(
            actions=("ecs:Poll", "ecs:StartTelemetrySession"),
            resource="container-instance/*",
            without="agents report no metrics",
            launch_types=_EC2,
            role=Caller.INSTANCE,
        ),
        "guardduty-data": Calls(
            actions=("guardduty:SendSecurityTelemetry",),
            resource="*",
            without="GuardDuty sees nothing of tasks",
        ),
    }
)
"""By endpoint service. The three ecs services serve agents alone (R4, R19)."""


@dataclass(frozen=True, slots=True, order=True)
class Ask:
    """An action on a resource; ``loose``: nobody knows which one of those that it stands for."""

    action: str
    resource: str
    loose: bool = False


def asks(snapshot: Snapshot, service: str, tasks: Iterable[TaskDefinition] = ()) -> tuple[Ask, ...]:
    """Return what is asked through ``service``, sorted: what ``tasks`` name, else any resource."""
    calls, known = CALLS[service], tuple(tasks)
    named = tuple(dict.fromkeys(arn for each in known for arn in _named(snapshot, service, each)))
    general = calls.resource if calls.resource == "*" else _arn(snapshot, calls)
    found = {
        Ask(action, resource, loose=calls.loose and not named)
        for action in calls.actions
        for resource in named or (general,)
    }
    made = _groups_made(snapshot, known) if service == "logs" else ()
    return tuple(sorted(found.union(made)))


def _groups_made(snapshot: Snapshot, tasks: tuple[TaskDefinition, ...]) -> Iterator[Ask]:
    """Yield the creation of log groups (awslogs-create-group).

    Loose, for a group's ARN is written with and without ``:*`` at its end.
    """
    for task in tasks:
        for container in task.containers:
            if container.log_create_group:
                for streams in _streams(snapshot, container, task):
                    group = streams.removesuffix(_STREAMS)
                    yield Ask("logs:CreateLogGroup", f"{group}*", loose=True)


def asks_of(snapshot: Snapshot, service: str, tasks: Iterable[TaskDefinition]) -> tuple[Ask, ...]:
    """Return what ``tasks`` themselves ask through ``service``: nothing, where they name nothing.

    A token for the registry is asked for where an image comes from it.
    """
    known = tuple(tasks)
    named = "ecr.dkr" if service == "ecr.api" else service
    if not any(True for each in known for _ in _named(snapshot, named, each)):
        return ()
    return asks(snapshot, service, known)


def _arn(snapshot: Snapshot, calls: Calls) -> str:
    name = calls.actions[0].partition(":")[0]
    return (
        f"arn:{snapshot.partition}:{name}:{snapshot.region}:{snapshot.vpc.owner}:{calls.resource}"
    )


def _named(snapshot: Snapshot, service: str, task: TaskDefinition) -> Iterator[str]:
    """Yield the ARNs of what a task definition names in this Region, for a service."""
    for container in task.containers:
        if service == "ecr.dkr":
            yield from _repository(snapshot, container)
        elif service == "logs":
            yield from _streams(snapshot, container, task)
        elif service in ("secretsmanager", "ssm"):
            for secret in container.secrets:
                yield from _reference(snapshot, service, secret.reference, task)


def _repository(snapshot: Snapshot, container: Container) -> Iterator[str]:
    found = parse_image(container.image)
    if found and found.region == snapshot.region:
        place = f"arn:{snapshot.partition}:ecr:{snapshot.region}:{found.account}"
        yield f"{place}:repository/{found.repository}"


def _streams(snapshot: Snapshot, container: Container, task: TaskDefinition) -> Iterator[str]:
    if container.log_driver != "awslogs" or not container.log_group:
        return
    if container.log_region in (None, snapshot.region):
        place = f"arn:{snapshot.partition}:logs:{snapshot.region}:{_account(task, snapshot)}"
        yield f"{place}:log-group:{container.log_group}{_STREAMS}"


def _reference(
    snapshot: Snapshot, service: str, reference: str, task: TaskDefinition
) -> Iterator[str]:
    """Yield the ARN of a secret or parameter; one without ARN is a parameter of this Region."""
    if not reference.startswith("arn:"):
        if service == "ssm":
            place = f"arn:{snapshot.partition}:ssm:{snapshot.region}:{_account(task, snapshot)}"
            yield f"{place}:parameter/{reference.removeprefix('/')}"
        return
    parts = reference.split(":")
    if len(parts) < _SECRET_PARTS - 1 or parts[2:4] != [service, snapshot.region]:
        return
    arn = ":".join(parts[:_SECRET_PARTS])
    if service == "secretsmanager" and not _SUFFIXED.search(arn):
        arn += "-??????"  # what AWS adds to a secret's name
    yield arn


def _account(task: TaskDefinition, snapshot: Snapshot) -> str:
    """Return the account that a task definition belongs to: in a shared VPC not the VPC's."""
    parts = task.arn.split(":")
    return parts[4] if len(parts) > _SECRET_PARTS - 2 else snapshot.vpc.owner

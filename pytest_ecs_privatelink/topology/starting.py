"""What tasks do when they start: images that they pull, log groups, secrets that they fetch.

Of the task definitions in use only what is in this Region: what crosses into another one is audits'
to judge, and so are public registries.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.topology.cluster import Container, TaskDefinition
from pytest_ecs_privatelink.topology.evidence import (
    defined,
    is_parameter,
    is_secret,
    logs_here,
    registry_of,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

PLATFORM = "linux/amd64"
"""What Fargate runs tasks on whose definition says nothing [ECS API, RuntimePlatform]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """An image of this Region's ECR, and the platform (``os/architecture``) that tasks run on.

    None: nobody says, for on EC2 a container instance's own platform counts.
    """

    image: str
    platform: str | None = PLATFORM


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup:
    """A log group; ``made_by_tasks`` where awslogs-create-group has a task's start create it."""

    name: str
    made_by_tasks: bool = False


def pulls_of(snapshot: Snapshot) -> tuple[Pull, ...]:
    """Return the images that the cluster's task definitions pull from this Region's ECR.

    Each once for each platform; where somebody says one, nobody's does not count.
    """
    found = dict.fromkeys(
        Pull(image=container.image, platform=_platform(snapshot, task))
        for task, container in _containers(snapshot)
        if registry_of(container.image, snapshot.region) is not None
    )
    said = {each.image for each in found if each.platform is not None}
    return tuple(each for each in found if each.platform is not None or each.image not in said)


def log_groups_of(snapshot: Snapshot) -> tuple[LogGroup, ...]:
    """Return the log groups of the awslogs driver in this Region, each once.

    One is made by tasks only where every container that names it has it so.
    """
    found: dict[str, bool] = {}
    for _, container in _containers(snapshot):
        if container.log_group and logs_here(container, snapshot.region):
            made = found.get(container.log_group, True) and container.log_create_group
            found[container.log_group] = made
    return tuple(LogGroup(name=name, made_by_tasks=made) for name, made in found.items())


def secrets_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return references to secrets of Secrets Manager in this Region, each once."""
    return tuple(
        dict.fromkeys(
            secret.reference
            for _, container in _containers(snapshot)
            for secret in container.secrets
            if is_secret(secret, snapshot.region)
        )
    )


def parameters_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return references to parameters of Parameter Store in this Region, each once."""
    return tuple(
        dict.fromkeys(
            secret.reference
            for _, container in _containers(snapshot)
            for secret in container.secrets
            if is_parameter(secret, snapshot.region)
        )
    )


def _containers(snapshot: Snapshot) -> Iterator[tuple[TaskDefinition, Container]]:
    if snapshot.cluster is None:
        return
    tasks = {task.arn: task for _, task in defined(snapshot.cluster)}
    for task in tasks.values():
        for container in task.containers:
            yield task, container


def _platform(snapshot: Snapshot, task: TaskDefinition) -> str | None:
    """Return what a task definition runs on; None where that is for container instances to say."""
    assert snapshot.cluster is not None
    if task.windows or task.architecture is not None:
        system = "windows" if task.windows else "linux"
        return f"{system}/{'arm64' if task.architecture == 'ARM64' else 'amd64'}"
    kinds = {kind for kind, each in defined(snapshot.cluster) if each.arn == task.arn}
    return PLATFORM if LaunchType.FARGATE in kinds else None

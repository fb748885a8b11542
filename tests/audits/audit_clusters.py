"""A cluster for audit tests, prod with ECS service web, and the parts to change in it."""

from dataclasses import replace
from typing import Any

from audit_worlds import OWNER, PRIVATE, REGION, without, world

from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    ContainerInstance,
    EcsService,
    Placement,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import RouteTarget, Snapshot, Unreadable
from pytest_ecs_privatelink.verdict import LaunchType

NAT, TRANSIT, IGW = (
    RouteTarget.NAT_GATEWAY,
    RouteTarget.TRANSIT_GATEWAY,
    RouteTarget.INTERNET_GATEWAY,
)
IMAGE = f"{OWNER}.dkr.ecr.{REGION}.amazonaws.com/app:1"
ARN = f"arn:aws:ecs:{REGION}:{OWNER}"
WEB = f"{ARN}:task-definition/web:3"


def container(name: str = "app", **changes: Any) -> Container:  # noqa: ANN401 fields of Container
    """Return a container whose image is in the own Region's ECR."""
    return replace(Container(name=name, image=IMAGE), **changes)


def definition(
    *containers: Container,
    arn: str = WEB,
    **changes: Any,  # noqa: ANN401 fields of TaskDefinition
) -> TaskDefinition:
    """Return a task definition, web:3 unless told otherwise."""
    made = TaskDefinition(arn=arn, containers=containers or (container(),))
    return replace(made, **changes)


def placement(**changes: Any) -> Placement:  # noqa: ANN401 fields of Placement
    """Return where web:3 runs: on Fargate, in the three private subnets, with group sg-tasks."""
    made = Placement(
        launch_type=LaunchType.FARGATE,
        task_definition=WEB,
        subnets=tuple(subnet.id for subnet in PRIVATE),
        groups=("sg-tasks",),
    )
    return replace(made, **changes)


def instance(id_: str = "i-1", **changes: Any) -> ContainerInstance:  # noqa: ANN401 its fields
    """Return a container instance with a recent, connected agent."""
    made = ContainerInstance(
        arn=f"{ARN}:container-instance/prod/{id_.removeprefix('i-')}",
        instance=id_,
        agent_version="1.105.1",
        agent_connected=True,
        registered="2026-01-01T00:00:00Z",
        subnet="subnet-a",
        groups=("sg-hosts",),
    )
    return replace(made, **changes)


def cluster(*definitions: TaskDefinition, **changes: Any) -> Cluster:  # noqa: ANN401 its fields
    """Return the cluster prod, where the ECS service web runs web:3."""
    made = Cluster(
        arn=f"{ARN}:cluster/prod",
        name="prod",
        services=(EcsService(name="web", placements=(placement(),)),),
        task_definitions=definitions or (definition(),),
    )
    return replace(made, **changes)


def running(
    *definitions: TaskDefinition,
    way_out: RouteTarget | None = None,
    of_cluster: dict[str, Any] | None = None,
    **changes: Any,  # noqa: ANN401 fields of Snapshot
) -> Snapshot:
    """Return the healthy VPC with the cluster in it."""
    made = cluster(*definitions, **(of_cluster or {}))
    fields = {"endpoints": without(), "cluster": made, **changes}
    return world(fields.pop("endpoints"), way_out, **fields)


def refused(part: str, permission: str) -> tuple[Unreadable, ...]:
    """Return that a part could not be read for want of a permission."""
    return (Unreadable(part=part, permission=permission, error="AccessDenied"),)

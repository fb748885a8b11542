"""Changes to what runs in the lab's world, made in its snapshot.

The emulator's API cannot say an agent's version or connection, nor when something was created or
registered; it forgets Service Connect and volumes. Where no cluster was read, one is made up.
"""

from collections.abc import Callable
from dataclasses import replace

from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.lab.world_ecs import (
    CLUSTER,
    ECS_SERVICES,
    EXECUTION_ROLE,
    LOG_GROUP,
    REPOSITORY,
    SECRET,
)
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    ContainerInstance,
    EcsService,
    Placement,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType


def running(snapshot: Snapshot, world: World) -> Cluster:
    """Return the cluster of the snapshot, or one like what `build_workload` makes."""
    if snapshot.cluster is not None:
        return snapshot.cluster
    return Cluster(
        arn=_arn("ecs", snapshot, f"cluster/{CLUSTER}"),
        name=CLUSTER,
        services=tuple(_service(snapshot, world, name) for name in ECS_SERVICES),
        task_definitions=tuple(_definition(snapshot, family) for family in ECS_SERVICES),
        instances=(
            ContainerInstance(
                arn=_arn("ecs", snapshot, f"container-instance/{CLUSTER}/0a1b2c3d"),
                instance="i-0123456789abcdef0",
                agent_version="1.105.1",
                agent_connected=True,
                registered=snapshot.taken,
                subnet=next(iter(world.subnets.values())),
                groups=world.instance_groups,
            ),
        ),
    )


def with_instances(snapshot: Snapshot, world: World, **changes: object) -> Snapshot:
    """Return the snapshot with every container instance changed."""
    cluster = running(snapshot, world)
    instances = tuple(
        replace(each, **changes)  # type: ignore[arg-type]  # fields of ContainerInstance
        for each in cluster.instances or ()
    )
    return replace(snapshot, cluster=replace(cluster, instances=instances))


def with_services(snapshot: Snapshot, world: World, **changes: object) -> Snapshot:
    """Return the snapshot with every ECS service changed."""
    cluster = running(snapshot, world)
    services = tuple(
        replace(each, **changes)  # type: ignore[arg-type]  # fields of EcsService
        for each in cluster.services or ()
    )
    return replace(snapshot, cluster=replace(cluster, services=services))


def with_definition(
    snapshot: Snapshot, world: World, change: Callable[[TaskDefinition], TaskDefinition]
) -> Snapshot:
    """Return the snapshot with the Fargate ECS service's task definition changed."""
    cluster = running(snapshot, world)
    family, *_ = ECS_SERVICES
    definitions = tuple(
        change(each) if f"/{family}:" in each.arn else each
        for each in cluster.task_definitions or ()
    )
    return replace(snapshot, cluster=replace(cluster, task_definitions=definitions))


def with_container(snapshot: Snapshot, world: World, **changes: object) -> Snapshot:
    """Return the snapshot with the first container of that task definition changed."""

    def change(definition: TaskDefinition) -> TaskDefinition:
        first, *others = definition.containers
        changed = replace(first, **changes)  # type: ignore[arg-type]  # fields of Container
        return replace(definition, containers=(changed, *others))

    return with_definition(snapshot, world, change)


def without(snapshot: Snapshot, *services: str) -> Snapshot:
    """Return the snapshot without the endpoints of ``services``."""
    gone = {each.id for service in services for each in endpoints_for(snapshot, service)}
    kept = tuple(each for each in snapshot.endpoints if each.id not in gone)
    return replace(snapshot, endpoints=kept)


def created(snapshot: Snapshot, times: dict[str, str]) -> Snapshot:
    """Return the snapshot with the endpoints of services created at ``times``."""
    moved = {
        each.id: at for service, at in times.items() for each in endpoints_for(snapshot, service)
    }
    endpoints = tuple(
        replace(each, created=moved.get(each.id, each.created)) for each in snapshot.endpoints
    )
    return replace(snapshot, endpoints=endpoints)


def image(snapshot: Snapshot, region: str) -> str:
    """Return the URI of the lab's image in the registry of ``region``."""
    return f"{snapshot.account}.dkr.ecr.{region}.amazonaws.com/{REPOSITORY}:latest"


def secret(snapshot: Snapshot, region: str) -> str:
    """Return the ARN of the lab's secret in ``region``."""
    return _arn("secretsmanager", snapshot, f"secret:{SECRET}-AbCdEf", region)


def _service(snapshot: Snapshot, world: World, name: str) -> EcsService:
    placement = Placement(
        launch_type=LaunchType(ECS_SERVICES[name].lower()),
        task_definition=_arn("ecs", snapshot, f"task-definition/{name}:1"),
        subnets=tuple(world.subnets.values()),
        groups=world.task_groups,
    )
    return EcsService(name=name, placements=(placement,))


def _definition(snapshot: Snapshot, family: str) -> TaskDefinition:
    app = Container(
        name="app",
        image=image(snapshot, snapshot.region),
        log_driver="awslogs",
        log_group=LOG_GROUP,
        log_region=snapshot.region,
        secrets=(Secret(reference=secret(snapshot, snapshot.region)),),
    )
    return TaskDefinition(
        arn=_arn("ecs", snapshot, f"task-definition/{family}:1"),
        containers=(app,),
        network_mode="awsvpc",
        execution_role=f"arn:aws:iam::{snapshot.account}:role/{EXECUTION_ROLE}",
    )


def _arn(api: str, snapshot: Snapshot, rest: str, region: str = "") -> str:
    place = region or snapshot.region
    return f"arn:{snapshot.partition}:{api}:{place}:{snapshot.account}:{rest}"

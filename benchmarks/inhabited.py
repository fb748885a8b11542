"""A cluster in every subnet of a large VPC: ECS services, instances, what they run and mount."""

from collections.abc import Iterator

from filtered import worn
from worlds import ACCOUNT, REGION, VPC_ID

from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    ContainerInstance,
    EcsService,
    MountTarget,
    Placement,
    Role,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.verdict import LaunchType

_TOGETHER = 4
_ECS = f"arn:aws:ecs:{REGION}:{ACCOUNT}"
_IMAGES = (
    f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/app:1",
    f"210987654321.dkr.ecr.{REGION}.amazonaws.com/shared:1",
    f"{ACCOUNT}.dkr.ecr.us-west-2.amazonaws.com/app:1",
    "public.ecr.aws/docker/library/redis:7",
)
_SYSTEMS = ("fs-1", "fs-2")
_CONDITION = (
    '{"Statement":[{"Effect":"Allow","Action":["ecr:*","logs:*","secretsmanager:GetSecretValue"],'
    '"Resource":"*","Condition":{"StringEquals":{"%s":"%s"}}}]}'
)


def cluster_in(standing: tuple[Subnet, ...], groups: int) -> Cluster:
    """Return one with an instance in each subnet, and an ECS service for every four.

    Those on instances have no network of their own, and run wherever instances are.
    """
    services = tuple(_services(standing, groups))
    return Cluster(
        arn=f"{_ECS}:cluster/crowd",
        name="crowd",
        services=services,
        task_definitions=tuple(_definition(i) for i in range(len(services))),
        instances=tuple(_instance(i, home, groups) for i, home in enumerate(standing)),
    )


def roles(subnets: int) -> tuple[Role, ...]:
    """Return the execution roles of the cluster's task definitions; one names another VPC."""
    return tuple(
        Role(arn=_role(i), policies=(_policy(i), '{"Statement":[]}'))
        for i in range(_families(subnets))
    )


def mount_targets(homes: tuple[Subnet, ...]) -> tuple[MountTarget, ...]:
    """Return those of the file systems, which are not in every zone."""
    return tuple(
        MountTarget(
            id=f"fsmt-{system}-{n}",
            file_system=system,
            subnet=home.id,
            az=home.az,
            address=home.cidr.replace(".0/24", f".{100 + n}"),
            groups=(worn(n, 8)[0],),
        )
        for system in _SYSTEMS
        for n, home in enumerate(homes)
    )


def _families(subnets: int) -> int:
    return -(-subnets // _TOGETHER)


def _services(standing: tuple[Subnet, ...], groups: int) -> Iterator[EcsService]:
    for i in range(_families(len(standing))):
        on_instances = i % 3 == 2
        homes = standing[i * _TOGETHER : (i + 1) * _TOGETHER]
        yield EcsService(
            name=f"team-{i}",
            placements=(
                Placement(
                    launch_type=LaunchType.EC2 if on_instances else LaunchType.FARGATE,
                    task_definition=_arn(i),
                    subnets=() if on_instances else tuple(each.id for each in homes),
                    groups=() if on_instances else worn(i, groups),
                ),
            ),
            execute_command=i % 7 == 0,
            service_connect=i % 9 == 0,
        )


def _definition(i: int) -> TaskDefinition:
    return TaskDefinition(
        arn=_arn(i),
        containers=tuple(_container(i, n) for n in range(3)),
        network_mode="bridge" if i % 3 == 2 else "awsvpc",
        execution_role=_role(i),
        file_systems=_SYSTEMS[: i % 3],
    )


def _container(i: int, n: int) -> Container:
    elsewhere = i % 10 == 9 and n == 0
    region = "us-west-2" if elsewhere else REGION
    return Container(
        name=f"part-{n}",
        image=_IMAGES[(2 if elsewhere else i % 2) if n == 0 else 3 if i % 8 == 7 else 0],
        log_driver="awslogs",
        log_group=f"/team/{i}",
        log_region=region,
        secrets=(
            Secret(reference=f"arn:aws:secretsmanager:{region}:{ACCOUNT}:secret:team-{i}-{n}"),
            Secret(reference=f"/team/{i}/{n}"),
        ),
        env_files=(f"arn:aws:s3:::{'env' if i % 4 else 'other'}-{i % 20}/{n}.env",),
    )


def _instance(i: int, home: Subnet, groups: int) -> ContainerInstance:
    return ContainerInstance(
        arn=f"{_ECS}:container-instance/crowd/{i:032x}",
        instance=f"i-{i:017x}",
        agent_version="1.20.0" if i % 40 == 7 else "1.89.1",
        agent_connected=i % 50 != 3,
        registered="2025-12-31T00:30:00+00:00" if i % 30 == 5 else "2026-01-01T00:00:00+00:00",
        subnet=home.id,
        groups=worn(i, groups),
    )


def _policy(i: int) -> str:
    if i % 6 == 1:
        return _CONDITION % ("aws:SourceVpc", "vpc-0fedcba9876543210")
    if i % 6 == 2:
        return _CONDITION % ("aws:sourceVpce", f"vpce-{i % 20:017x}")
    return _CONDITION % ("aws:sourceVpc", VPC_ID)


def _arn(i: int) -> str:
    return f"{_ECS}:task-definition/team-{i}:1"


def _role(i: int) -> str:
    return f"arn:aws:iam::{ACCOUNT}:role/team-{i}"

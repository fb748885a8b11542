"""Remedies for tasks without the public address that an internet gateway takes."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.commands import command
from pytest_ecs_privatelink.topology.cluster import EcsService, Placement
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType, Remedy

_UNKNOWN = Placement(
    launch_type=LaunchType.FARGATE, task_definition="", subnets=("SUBNETS",), groups=("GROUPS",)
)
_NOBODY = EcsService(name="ECS_SERVICE", placements=(_UNKNOWN,))


def assign_addresses(snapshot: Snapshot, subnets: frozenset[str]) -> Remedy:
    """Return what gives tasks in ``subnets`` (ids) public addresses: assignPublicIp.

    Only Fargate knows it, and the whole network configuration has to be said again.
    """
    cluster = "CLUSTER" if snapshot.cluster is None else snapshot.cluster.name
    found = tuple(_unaddressed(snapshot, subnets)) or ((_NOBODY, _UNKNOWN),)
    return Remedy(
        tuple(
            command(
                *(snapshot.region, "ecs", "update-service", "--cluster", cluster),
                *("--service", service.name, "--network-configuration", _network(placement)),
            )
            for service, placement in found
        ),
        "network_configuration { assign_public_ip = true }  # of the aws_ecs_service",
    )


def _unaddressed(
    snapshot: Snapshot, subnets: frozenset[str]
) -> Iterator[tuple[EcsService, Placement]]:
    for service in (snapshot.cluster.services if snapshot.cluster else None) or ():
        for placement in service.placements:
            fargate = placement.launch_type is LaunchType.FARGATE and not placement.public_address
            if fargate and not subnets.isdisjoint(placement.subnets):
                yield service, placement
                break


def _network(placement: Placement) -> str:
    groups = f"securityGroups=[{','.join(placement.groups)}]," if placement.groups else ""
    subnets = f"subnets=[{','.join(placement.subnets)}],"
    return f"awsvpcConfiguration={{{subnets}{groups}assignPublicIp=ENABLED}}"

"""Whether what runs in a subnet has the public address that an internet gateway takes."""

from collections.abc import Iterator

from pytest_ecs_privatelink.topology.lookup import task_interfaces
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType


def none_public(snapshot: Snapshot, subnet: str) -> bool:
    """Return whether ECS is seen in the subnet, and nothing of it there has a public address.

    Seen are interfaces of tasks and of container instances, from which the agent, pulls and logs
    leave; before any task runs, an ECS service's assignPublicIp tells. Without evidence nobody
    knows, and the answer is False.
    """
    known = tuple(_addressed(snapshot, subnet))
    return bool(known) and not any(known)


def _addressed(snapshot: Snapshot, subnet: str) -> Iterator[bool]:
    seen = task_interfaces(snapshot, subnet)
    yield from (each.public_address is not None for each in seen)
    if not seen:
        yield from _assigned(snapshot, subnet)
    hosts = snapshot.index.hosts_in.get(subnet, frozenset())
    for interface in snapshot.index.interfaces_in.get(subnet, ()):
        if interface.primary and interface.instance in hosts:
            yield interface.public_address is not None


def _assigned(snapshot: Snapshot, subnet: str) -> Iterator[bool]:
    for placement in snapshot.index.placements_in.get(subnet, ()):
        if placement.launch_type is LaunchType.FARGATE:
            yield placement.public_address

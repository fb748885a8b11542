"""Audit: subnets without room for the interfaces of tasks."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.verdict import Code, Finding, Remedy, Severity

_ROOM = 8  # fewer are a warning: a deployment starts new tasks before it stops old ones


def addresses_exhausted(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find subnets in which no task, or only a few more, can get an address.

    Each task with awsvpc takes one. Nothing that is probed shows it: what runs has its own. EC2
    counts IPv4 addresses [EC2 API, Subnet], of which an IPv6-only subnet has none to run out of.
    """
    for subnet in scene.subnets:
        if ":" in subnet.cidr:
            continue
        if subnet.free_addresses is None and not scene.snapshot.emulated:
            yield Unseen(
                code=Code.SUBNET_ADDRESSES_EXHAUSTED,
                subject=subnet.id,
                reason="its free addresses could not be read: "
                "missing permission ec2:DescribeSubnets",
                permissions=("ec2:DescribeSubnets",),
            )
        elif subnet.free_addresses is not None and subnet.free_addresses < _ROOM:
            yield _exhausted(scene, subnet, subnet.free_addresses)


def _exhausted(scene: Scene, subnet: Subnet, free: int) -> Finding:
    left = f"{free} free {'address' if free == 1 else 'addresses'}"
    so = "only so many more tasks start there" if free else "no task can start there"
    name = f"{subnet.name} ({subnet.id})" if subnet.name else subnet.id
    return Finding(
        code=Code.SUBNET_ADDRESSES_EXHAUSTED,
        severity=Severity.WARNING if free else Severity.ERROR,
        subject=subnet.id,
        summary=f"{name} has {left} in {subnet.cidr}, so {so}: each takes an address of its own",
        expected=f"at least {_ROOM} free addresses in {subnet.cidr}",
        observed=left,
        remedy=_more_room(scene, subnet),
        reference=PAGES[Code.SUBNET_ADDRESSES_EXHAUSTED],
        launch_types=scene.launch_types,
        blocks=(),
    )


def _more_room(scene: Scene, subnet: Subnet) -> Remedy:
    """Return how to see who has the addresses, and what adds a subnet: none can grow."""
    snapshot = scene.snapshot
    look = aws(
        snapshot,
        *("describe-network-interfaces", "--filters", f"Name=subnet-id,Values={subnet.id}"),
        *("--query", "NetworkInterfaces[].[NetworkInterfaceId,Status,Description]"),
    )
    add = aws(
        snapshot,
        *("create-subnet", "--vpc-id", snapshot.vpc.id),
        *("--availability-zone", subnet.az, "--cidr-block", "CIDR"),
    )
    resource = block(
        "aws_subnet",
        "more_tasks",
        vpc_id=text(snapshot.vpc.id),
        availability_zone=text(subnet.az),
        cidr_block=text("CIDR"),
    )
    return Remedy((look, add), resource)

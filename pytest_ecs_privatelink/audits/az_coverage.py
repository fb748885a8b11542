"""Audit: availability zones under test in which an endpoint has no interface."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.audits.dialled import Target, targets, unread
from pytest_ecs_privatelink.audits.remedies import offered_zones
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.verdict import Code, Finding, Remedy, Severity

_CODE = Code.ENDPOINT_AZ_UNCOVERED


def endpoint_az_uncovered(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find endpoints without an interface in a zone where AWS offers one and tasks may run.

    A warning that blocks nothing: interfaces in other zones are reached, and lost with these.
    """
    for target in targets(scene):
        zones = _zones(scene.snapshot, target)
        away = tuple(subnet for subnet in scene.subnets if subnet.az not in zones)
        if not zones or not away:
            continue
        if scene.snapshot.endpoint_services is None and not scene.snapshot.emulated:
            part, permission = "endpoint_services", "ec2:DescribeVpcEndpointServices"
            yield unread(scene, _CODE, target.endpoint.id, part, permission)
        elif uncovered := _offered(scene.snapshot, target, away):
            yield _finding(scene.snapshot, target, zones, uncovered)


def _zones(snapshot: Snapshot, target: Target) -> tuple[str, ...]:
    known = snapshot.index.subnets
    return tuple(sorted({known[id_].az for id_ in target.endpoint.subnets if id_ in known}))


def _offered(snapshot: Snapshot, target: Target, away: tuple[Subnet, ...]) -> tuple[Subnet, ...]:
    if snapshot.emulated:
        return away
    zones = offered_zones(snapshot, target.service)
    return tuple(subnet for subnet in away if subnet.az in zones)


def _finding(
    snapshot: Snapshot, target: Target, zones: tuple[str, ...], uncovered: tuple[Subnet, ...]
) -> Finding:
    missing = ", ".join(sorted({subnet.az for subnet in uncovered}))
    id_ = target.endpoint.id
    return Finding(
        code=_CODE,
        severity=Severity.WARNING,
        subject=id_,
        summary=(
            f"{id_} for {target.service} has no interface in {missing}: "
            f"from {named(uncovered)} it is reached in {', '.join(zones)}, and lost with these"
        ),
        expected=f"an interface of {id_} in {missing}",
        observed=f"interfaces in {', '.join(zones)}",
        remedy=_remedy(snapshot, target, uncovered),
        reference=PAGES[_CODE],
        launch_types=target.requirement.launch_types,
    )


def _remedy(snapshot: Snapshot, target: Target, uncovered: tuple[Subnet, ...]) -> Remedy:
    """Return what adds one subnet for each zone: an endpoint takes no more."""
    ordered = sorted(uncovered, key=lambda each: each.id, reverse=True)
    places = sorted({subnet.az: subnet.id for subnet in ordered}.items())
    command = aws(
        snapshot,
        *("modify-vpc-endpoint", "--vpc-endpoint-id", target.endpoint.id),
        *("--add-subnet-ids", *(id_ for _, id_ in places)),
    )
    terraform = "\n".join(
        block(
            "aws_vpc_endpoint_subnet_association",
            f"{target.service}_{zone}",
            vpc_endpoint_id=text(target.endpoint.id),
            subnet_id=text(id_),
        )
        for zone, id_ in places
    )
    return Remedy((command,), terraform)

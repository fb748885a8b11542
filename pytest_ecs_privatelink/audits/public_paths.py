"""Audits: public paths that stand in for endpoints, and end on the way."""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.lacks import cells, lacks, unjudged, weighed_blindly
from pytest_ecs_privatelink.audits.obstacles import Obstacle, obstacle
from pytest_ecs_privatelink.audits.remedies import new_endpoint
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.topology.cluster import Placement
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.lookup import endpoints_for, table_of
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.topology.public_address import none_public
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Remedy, Severity

CODES = (Code.INTERNET_PATH_BLOCKED, Code.PUBLIC_SUBNET_NO_PUBLIC_IP)


@dataclass(frozen=True, slots=True)
class _End:
    """Where a path ends, for which subnets."""

    code: Code
    at: Obstacle
    subnets: tuple[Subnet, ...]


def public_paths(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find default routes that were meant to lead to services without endpoint, and do not.

    Nobody's with ``--ecs-require-private``, nor where all that is needed has an endpoint.
    """
    lacking = () if scene.require_private else tuple(_lacking(scene))
    for blind in _unread(scene, lacking):
        yield from (
            Unseen(
                code=code,
                subject=scene.snapshot.vpc.id,
                reason=f"ways out could not be read: missing permission {', '.join(blind)}",
                permissions=blind,
            )
            for code in CODES
        )
    needed = tuple(each for each in lacking if not unjudged(scene, each, lacks(scene, each)))
    for end in _ends(scene) if needed else ():
        yield _finding(scene, needed, end)


def _lacking(scene: Scene) -> Iterator[Requirement]:
    """Yield what needs a public path for want of an endpoint, unless something else answers."""
    for requirement in scene.requirements:
        there = endpoints_for(scene.snapshot, requirement.service, beyond_repair=True)
        if requirement.need is not Need.POSSIBLE and not there:
            yield requirement


def _unread(scene: Scene, lacking: tuple[Requirement, ...]) -> Iterator[tuple[str, ...]]:
    """Yield, once, the permissions without which nobody knows where ways out end."""
    for requirement in lacking:
        if blind := weighed_blindly(scene, lacks(scene, requirement)):
            yield blind.permissions
            return


def _ends(scene: Scene) -> tuple[_End, ...]:
    found: dict[tuple[Code, Obstacle], list[Subnet]] = {}
    for subnet in scene.subnets:
        egress = scene.egress[subnet.id]
        if egress is Egress.NONE and (at := obstacle(scene.snapshot, subnet.id)):
            found.setdefault((Code.INTERNET_PATH_BLOCKED, at), []).append(subnet)
        elif egress is Egress.IGW and none_public(scene.snapshot, subnet.id):
            at = _unaddressed(scene.snapshot, subnet)
            found.setdefault((Code.PUBLIC_SUBNET_NO_PUBLIC_IP, at), []).append(subnet)
    return tuple(_End(code, at, tuple(subnets)) for (code, at), subnets in found.items())


def _unaddressed(snapshot: Snapshot, subnet: Subnet) -> Obstacle:
    table = table_of(snapshot, subnet.id)
    subject = snapshot.vpc.id if table is None else table.id
    why = "its default route leads to an internet gateway, and no task there has a public address"
    return Obstacle(subject, why, _assigning(snapshot))


def _assigning(snapshot: Snapshot) -> Remedy:
    """Return what gives tasks public addresses: assignPublicIp, which only Fargate knows."""
    cluster = "CLUSTER" if snapshot.cluster is None else snapshot.cluster.name
    services = {
        each.name: _network(placement)
        for each in (snapshot.cluster.services if snapshot.cluster else None) or ()
        for placement in each.placements
        if placement.launch_type is LaunchType.FARGATE and not placement.public_address
    } or {"ECS_SERVICE": "subnets=[SUBNETS],securityGroups=[GROUPS]"}
    return Remedy(
        tuple(
            f"aws ecs update-service --region {snapshot.region} --cluster {cluster}"
            f" --service {service} --network-configuration"
            f" 'awsvpcConfiguration={{{network},assignPublicIp=ENABLED}}'"
            for service, network in services.items()
        ),
        "network_configuration { assign_public_ip = true }  # of the aws_ecs_service",
    )


def _network(placement: Placement) -> str:
    """Return what has to be said again, for an update replaces all of it; no group: the default."""
    groups = f",securityGroups=[{','.join(placement.groups)}]" if placement.groups else ""
    return f"subnets=[{','.join(placement.subnets)}]{groups}"


def _finding(scene: Scene, needed: tuple[Requirement, ...], end: _End) -> Finding:
    where, services = named(end.subnets), ", ".join(each.service for each in needed)
    kinds = {kind for each in needed for kind in each.launch_types}
    return Finding(
        code=end.code,
        severity=Severity.ERROR,
        subject=end.at.subject,
        summary=(
            f"the way out of {where}, which {services} would need for want of an endpoint, ends at "
            f"{end.at.subject}: {end.at.why}"
        ),
        expected=f"a public path from {where}, or endpoints for {services}",
        observed=f"{end.at.subject}: {end.at.why}",
        remedy=_remedy(scene, needed, end),
        reference=PAGES[end.code],
        launch_types=tuple(kind for kind in LaunchType if kind in kinds),
        blocks=tuple(cell for each in needed for cell in cells(each, end.subnets)),
    )


def _remedy(scene: Scene, needed: tuple[Requirement, ...], end: _End) -> Remedy:
    """Return what mends the path; above it, that an endpoint makes it needless."""
    first = new_endpoint(scene.snapshot, needed[0].service, end.subnets).cli[-1]
    note = f"# or, in place of a public path, endpoints such as: {first}"
    return Remedy((*end.at.remedy.cli, note), end.at.remedy.terraform)

"""Audit: hosted zones that take a name and have nothing for it."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.answering import FOREIGN, Answer, By, answers, under_test
from pytest_ecs_privatelink.audits.elsewhere import labels, unread_permissions, within
from pytest_ecs_privatelink.audits.lacks import cells
from pytest_ecs_privatelink.audits.lookalikes import lookalike, right_apex
from pytest_ecs_privatelink.audits.remedies_zones import (
    Alias,
    new_records,
    right_zone,
    without_zone,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread, unread_at
from pytest_ecs_privatelink.audits.weighing import public_answer_weighs
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, covers, private_dns_names
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, HostedZone, Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Remedy, Severity

CODE = Code.PHZ_SHADOWS_NAME
_READING = "route53:ListResourceRecordSets"


def zone_shadows(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find hosted zones that cover a name without its record, or that have a look-alike name (R10).

    Such a zone answers NXDOMAIN and public DNS is not asked (docs.aws.amazon.com/Route53/latest/
    DeveloperGuide/hosted-zone-private-considerations.html). What covers a name with records that
    could not be read is not judged.
    """
    snapshot = scene.snapshot
    if snapshot.hosted_zones is None:
        reading = "route53:ListHostedZonesByVPC"
        yield from unread(snapshot, "hosted_zones", reading, "hosted zones", CODE)
        return
    told = answers(scene)
    shadowed: dict[str, list[tuple[Requirement, Answer]]] = {}
    for requirement in under_test(scene):
        yield from _unread_zones(scene, requirement, told[requirement.service])
        for answer in told[requirement.service]:
            if answer.by is By.NOBODY and answer.zone is not None:
                shadowed.setdefault(answer.zone.id, []).append((requirement, answer))
        if any(each.by is By.PUBLIC for each in told[requirement.service]):
            yield from _misnamed(scene, requirement)
    missing = unread_permissions(snapshot)
    for id_ in sorted(shadowed):
        yield _hidden(id_, missing) if missing else _shadowing(scene, shadowed[id_])


def _hidden(zone: str, missing: tuple[str, ...]) -> Unseen:
    reason = f"who else answers for it could not be read: missing permission {', '.join(missing)}"
    return Unseen(code=CODE, subject=zone, reason=reason, permissions=missing)


def _unread_zones(
    scene: Scene, requirement: Requirement, theirs: tuple[Answer, ...]
) -> Iterator[Unseen]:
    zones = (each.zone for each in theirs if each.zone is not None)
    zone = next((each for each in zones if each.records is None), None)
    if zone is None:
        return
    snapshot = scene.snapshot
    which = f"the records of hosted zone {zone.id} ({zone.name.removesuffix('.')})"
    if zone.owner not in (None, snapshot.account):
        seen_by = f"{which} are for account {zone.owner} to see: only probing can tell"
        yield Unseen(code=CODE, subject=requirement.service, reason=seen_by)
        return
    part = f"hosted_zones:{zone.id}"
    yield unread_at(snapshot, requirement.service, part, _READING, which, CODE)


def _shadowing(scene: Scene, shadowed: list[tuple[Requirement, Answer]]) -> Finding:
    zone = shadowed[0][1].zone
    assert zone is not None
    names = counted(tuple(answer.name for _, answer in shadowed), "names")
    many = len(shadowed) > 1
    return _finding(
        scene,
        zone,
        tuple(dict.fromkeys(requirement for requirement, _ in shadowed)),
        summary=(
            f"hosted zone {zone.id} ({_apex(zone)}) covers {names} and has no record for"
            f" {'them' if many else 'it'}: the answer is NXDOMAIN, and public DNS is not asked"
        ),
        expected=f"a record for {names}, or no zone that covers {'them' if many else 'it'}",
        remedy=_unshadowed(scene.snapshot, zone, shadowed),
        severity=Severity.ERROR,
    )


def _misnamed(scene: Scene, requirement: Requirement) -> Iterator[Finding]:
    snapshot, service = scene.snapshot, requirement.service
    zone = lookalike(snapshot, service)
    if zone is None:
        return
    right = right_apex(snapshot, service)
    yield _finding(
        scene,
        zone,
        (requirement,),
        summary=(
            f"hosted zone {zone.id} is called {_apex(zone)}, but the names of {service} lie in"
            f" {right}: the zone is never asked, and they lead to public addresses"
        ),
        expected=f"a hosted zone {right}",
        remedy=right_zone(
            snapshot,
            zone,
            right,
            (
                Alias(name, _endpoint(snapshot, service))
                for name in private_dns_names(service, snapshot.region)
            ),
        ),
        severity=public_answer_weighs(scene, service, scene.subnets),
    )


def _finding(
    scene: Scene,
    zone: HostedZone,
    hurt: tuple[Requirement, ...],
    *,
    summary: str,
    expected: str,
    remedy: Remedy,
    severity: Severity,
) -> Finding:
    kinds = {kind for each in hurt for kind in each.launch_types}
    return Finding(
        code=CODE,
        severity=severity,
        subject=zone.id,
        summary=summary,
        expected=expected,
        observed=f"{zone.id} ({_apex(zone)}) holds {_held(zone)}",
        remedy=remedy,
        reference=PAGES[CODE],
        launch_types=tuple(kind for kind in LaunchType if kind in kinds),
        blocks=tuple(cell for each in hurt for cell in cells(each, scene.subnets)),
    )


def _unshadowed(
    snapshot: Snapshot, zone: HostedZone, shadowed: list[tuple[Requirement, Answer]]
) -> Remedy:
    """Return what gives the names an answer: records, or no zone where none could help.

    No record leads to S3's gateway, and an endpoint's own name is for public DNS to answer.
    """
    if any(
        FOREIGN in answer.name or _by_gateway(snapshot, requirement.service)
        for requirement, answer in shadowed
    ):
        return without_zone(snapshot, zone)
    aliases = (
        Alias(
            _recorded(answer.name, requirement.service, snapshot, zone),
            _endpoint(snapshot, requirement.service),
        )
        for requirement, answer in shadowed
    )
    return new_records(snapshot, zone, dict.fromkeys(aliases))


def _by_gateway(snapshot: Snapshot, service: str) -> bool:
    found = endpoints_for(snapshot, service)
    return SERVICES[service].gateway and any(each.type is EndpointType.GATEWAY for each in found)


def _recorded(name: str, service: str, snapshot: Snapshot, zone: HostedZone) -> str:
    """Return the record to add: the wildcard for registry names, where the zone can hold it."""
    fits = (
        each
        for each in private_dns_names(service, snapshot.region)
        if each.startswith("*.") and covers(each, name) and within(labels(each), labels(zone.name))
    )
    return next(fits, name)


def _endpoint(snapshot: Snapshot, service: str) -> Endpoint | None:
    """Return the endpoint to alias to: this VPC's, where it has one."""
    return next(iter(endpoints_for(snapshot, service, types=(EndpointType.INTERFACE,))), None)


def _apex(zone: HostedZone) -> str:
    return zone.name.removesuffix(".")


def _held(zone: HostedZone) -> str:
    names = dict.fromkeys(each.name for each in zone.records or () if each.type != "NS")
    return counted(tuple(names), "other names") if names else "no record"

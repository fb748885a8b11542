"""Who answers for a name inside the VPC: an endpoint, a hosted zone, somebody else, the world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pytest_ecs_privatelink.audits.elsewhere import (
    GIVEN_BACK,
    Labels,
    closest,
    labels,
    source,
    within,
)
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.requirements import Requirement, tested
from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    host_names,
    names_with_offers,
    parse_service_name,
)
from pytest_ecs_privatelink.topology.lookup import answers_privately, endpoints_for
from pytest_ecs_privatelink.topology.model import (
    HostedZone,
    ResolverRule,
    Snapshot,
    ZoneRecord,
)

FOREIGN = ".vpce."
"""What the DNS name of an endpoint holds, and no private name does."""

_LONGEST_CHAIN = 8
_ADDRESSING = ("A", "CNAME", "AAAA")


class By(StrEnum):
    """Who answers for a name."""

    ENDPOINT = "an endpoint's private DNS"
    RECORD = "a record of a hosted zone"
    NOBODY = "a hosted zone that has no record for it"
    OTHERS = "somebody whose answer is not in the snapshot"
    PUBLIC = "public DNS"
    SILENCE = "no resolver"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who answers for ``name``, which a CNAME may have led to.

    ``zone`` is the hosted zone that decides, ``records`` what it holds for the name, ``rule`` the
    Resolver rule that forwards it, ``profile`` a Route 53 Profile that may hold it.
    """

    name: str
    by: By
    zone: HostedZone | None = None
    records: tuple[ZoneRecord, ...] = ()
    rule: ResolverRule | None = None
    profile: str | None = None


@dataclass(slots=True)
class _Apex:
    """All that is known below one apex: private names of endpoints, and hosted zones."""

    private: set[Labels] = field(default_factory=set)
    hosted: list[HostedZone] = field(default_factory=list)


def in_force(snapshot: Snapshot) -> Snapshot:
    """Return the VPC with both DNS attributes on: what would answer then."""
    return replace(snapshot, vpc=replace(snapshot.vpc, dns_support=True, dns_hostnames=True))


def under_test(scene: Scene) -> tuple[Requirement, ...]:
    """Return the requirements that have cells."""
    existing = frozenset(
        each.service for each in scene.requirements if endpoints_for(scene.snapshot, each.service)
    )
    return tested(scene.requirements, existing)


def answers(scene: Scene, snapshot: Snapshot | None = None) -> Mapping[str, tuple[Answer, ...]]:
    """Return who answers for each name of each service under test, in ``snapshot``."""
    told = snapshot or scene.snapshot
    zones = _zones(told)
    return {
        requirement.service: tuple(
            _followed(told, zones, name)
            for name in host_names(requirement.service, told.region, scene.registries)
        )
        for requirement in under_test(scene)
    }


def _followed(snapshot: Snapshot, zones: Mapping[Labels, _Apex], name: str) -> Answer:
    """Return who answers in the end: a zone may take a CNAME's target from public DNS, too."""
    found = _answer(snapshot, zones, name)
    for _ in range(_LONGEST_CHAIN):
        target = next((each.values[0] for each in found.records if _is_cname(each)), None)
        if target is None:
            break
        onward = _answer(snapshot, zones, target)
        if onward.by is By.PUBLIC:
            break
        found = onward
    return found


def _is_cname(record: ZoneRecord) -> bool:
    return record.type == "CNAME" and record.alias is None and bool(record.values)


def _answer(snapshot: Snapshot, zones: Mapping[Labels, _Apex], name: str) -> Answer:
    """Return who answers for ``name``: the most specific of rules and zones decides alone.

    A rule comes before a zone of the same name [Route 53 Developer Guide, "Considerations when
    working with a private hosted zone"]. UNVERIFIED: that the hidden zone of private DNS counts
    like a hosted one, and comes before one of the same name.
    """
    if snapshot.vpc.dns_support is False:
        return Answer(name=name, by=By.SILENCE)
    wanted = labels(name)
    apex = next((wanted[i:] for i in range(len(wanted) + 1) if wanted[i:] in zones), None)
    for rule in closest(wanted, snapshot.resolver_rules or (), lambda each: each.domain):
        if rule.type not in GIVEN_BACK and len(labels(rule.domain)) >= len(apex or ()):
            return Answer(name=name, by=By.OTHERS, rule=rule)
    found = Answer(name=name, by=By.PUBLIC)
    if apex is not None:
        found = _in_zone(name, wanted, apex, zones[apex])
    if found.by in (By.PUBLIC, By.NOBODY) and snapshot.route53_profiles:
        return Answer(name=name, by=By.OTHERS, profile=snapshot.route53_profiles[0])
    return found


def _in_zone(name: str, wanted: Labels, apex: Labels, inside: _Apex) -> Answer:
    if wanted in inside.private:
        return Answer(name=name, by=By.ENDPOINT)
    for zone in inside.hosted:
        if zone.records is None or _delegates(zone, wanted, apex):
            return Answer(name=name, by=By.OTHERS, zone=zone)
    held = [(zone, each) for zone in inside.hosted for each in zone.records or ()]
    addressed = [(labels(each.name), zone, each) for zone, each in held if each.type in _ADDRESSING]
    chosen = source(wanted, {apex, *inside.private, *(place for place, _, _ in addressed)})
    if chosen in inside.private:
        return Answer(name=name, by=By.ENDPOINT)
    found = [(zone, each) for place, zone, each in addressed if place == chosen]
    if found:
        records = tuple(record for _, record in found)
        return Answer(name=name, by=By.RECORD, zone=found[0][0], records=records)
    return Answer(name=name, by=By.NOBODY, zone=next(iter(inside.hosted), None))


def _delegates(zone: HostedZone, wanted: Labels, apex: Labels) -> bool:
    cuts = (labels(each.name) for each in zone.records or () if each.type == "NS")
    return any(cut != apex and within(wanted, cut) for cut in cuts)


def _zones(snapshot: Snapshot) -> dict[Labels, _Apex]:
    """Return what answers inside the VPC by its apex.

    Both kinds need both DNS attributes [VPC User Guide, "DNS attributes for your VPC"].
    """
    zones: dict[Labels, _Apex] = {}
    if snapshot.vpc.dns_hostnames is False:
        return zones
    for name in _private_names(snapshot):
        zones.setdefault(labels(name.removeprefix("*.")), _Apex()).private.add(labels(name))
    for zone in snapshot.hosted_zones or ():
        zones.setdefault(labels(zone.name), _Apex()).hosted.append(zone)
    return zones


def _private_names(snapshot: Snapshot) -> Iterator[str]:
    offers = () if snapshot.emulated else snapshot.endpoint_services or ()
    offered = {each.service_name: each.private_dns_names for each in offers}
    for endpoint in snapshot.endpoints:
        if endpoint.state != "available" or not answers_privately(endpoint):
            continue
        yield from (each for each in endpoint.dns_names if FOREIGN not in each)
        parsed = parse_service_name(endpoint.service_name)
        if parsed is None or parsed.region is None or parsed.service not in SERVICES:
            continue
        own = (endpoint.service_name, offered.get(endpoint.service_name, ()))
        yield from names_with_offers(
            parsed.service, parsed.region, (snapshot.vpc.owner,), (own,)
        ).private

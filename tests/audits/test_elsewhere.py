"""Names that others may answer for: zones, rules and Profiles, which only a probe can judge."""

import pytest
from audit_worlds import OWNER, endpoint, heads, scene, without, world

from pytest_ecs_privatelink.audits import register
from pytest_ecs_privatelink.audits.missing import CODES
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.topology.model import (
    HostedZone,
    ResolverRule,
    RouteTarget,
    Snapshot,
    Unreadable,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

E = Severity.ERROR
LOGS = "logs.us-west-2.amazonaws.com"
REGISTRY = f"{OWNER}.dkr.ecr.us-west-2.amazonaws.com"
HUB_NAMES = (
    "ecs.us-west-2.amazonaws.com",
    "ecs-a.us-west-2.amazonaws.com",
    "ecs-t.us-west-2.amazonaws.com",
    "api.ecr.us-west-2.amazonaws.com.",
    "dkr.ecr.us-west-2.amazonaws.com",
    "logs.us-west-2.amazonaws.com",
    "secretsmanager.us-west-2.amazonaws.com",
)


def run_audits(sight: Scene) -> tuple[Finding, ...]:
    """Return what is missed; what a zone, rule or Profile does besides has its own audits."""
    return tuple(each for each in register.run_audits(sight) if each.code in CODES)


def unseen(sight: Scene) -> tuple[Unseen, ...]:
    """Return whose absence could not be judged."""
    return tuple(each for each in register.unseen(sight) if each.code in CODES)


def zone(name: str, *held: str, type_: str = "A", id_: str = "Z1") -> HostedZone:
    """Return a zone with one record for each name that it holds."""
    records = tuple(ZoneRecord(name=each, type=type_, values=("10.9.0.1",)) for each in held)
    return HostedZone(id=id_, name=name, records=records)


def unread(name: str, id_: str = "Z1") -> HostedZone:
    """Return a zone whose records could not be read."""
    return HostedZone(id=id_, name=name, records=None)


def left_to_probes(snapshot: Snapshot) -> dict[str, str]:
    """Return why each service is not judged, where nothing is found and no permission lacks."""
    sight = scene(snapshot)
    assert run_audits(sight) == ()
    assert {each.permissions for each in unseen(sight)} <= {()}
    return {each.subject: each.reason for each in unseen(sight)}


def test_a_spoke_with_the_hubs_zones_is_left_to_probes() -> None:
    """Story 25: no endpoint here but the S3 gateway, zones of the hub: neither green nor red."""
    zones = tuple(unread(name, f"Z{i}") for i, name in enumerate(HUB_NAMES))
    snapshot = world((endpoint("s3"),), RouteTarget.TRANSIT_GATEWAY, hosted_zones=zones)

    reasons = left_to_probes(snapshot)

    assert len(reasons) == len(HUB_NAMES)
    assert reasons["logs"] == f"hosted zone Z5 ({LOGS}) may answer for it: only probing can tell"
    assert reasons["ecr.api"] == (
        "hosted zone Z3 (api.ecr.us-west-2.amazonaws.com) may answer for it: only probing can tell"
    )


def test_a_spoke_still_needs_its_own_s3_gateway() -> None:
    """A gateway endpoint cannot be shared from a hub, so zones for the others excuse nothing."""
    zones = tuple(unread(name, f"Z{i}") for i, name in enumerate(HUB_NAMES))
    snapshot = world((), None, hosted_zones=zones)
    assert heads(run_audits(scene(snapshot))) == [(Code.S3_GATEWAY_MISSING, E, "s3")]


@pytest.mark.parametrize(
    "held",
    [
        zone(LOGS, LOGS),
        zone(LOGS, LOGS.upper(), type_="AAAA"),
        zone("amazonaws.com", LOGS, type_="CNAME"),
        zone("amazonaws.com", "*.us-west-2.amazonaws.com"),
        zone("amazonaws.com", "*.amazonaws.com"),
        zone("amazonaws.com", "us-west-2.amazonaws.com", type_="NS"),
        zone("amazonaws.com", LOGS, type_="NS"),
        unread("us-west-2.amazonaws.com."),
    ],
    ids=lambda held: (
        f"{held.name}: {held.records and (held.records[0].name, held.records[0].type)}"
    ),
)
def test_a_zone_that_holds_or_delegates_the_name_may_answer(held: HostedZone) -> None:
    """A record, a wildcard for it, a delegation of it: whether that is right, a probe must tell."""
    assert list(left_to_probes(world(without("logs"), hosted_zones=(held,)))) == ["logs"]


@pytest.mark.parametrize(
    "lacking",
    [
        zone(LOGS),
        zone(LOGS, LOGS, type_="NS"),
        zone("us-west-2.amazonaws.com", "api.ecr.us-west-2.amazonaws.com"),
        zone("amazonaws.com", "*.amazonaws.com", "ecs.us-west-2.amazonaws.com"),
        zone("amazonaws.com", "*.us-west-2.amazonaws.com", f"x.{LOGS}"),
        zone("logs.us-east-1.amazonaws.com", "logs.us-east-1.amazonaws.com"),
        zone("s.us-west-2.amazonaws.com", LOGS),
    ],
    ids=[
        "empty",
        "own delegation only",
        "others only",
        "a closer name hides the wildcard",
        "the name exists above another",
        "another Region's",
        "a look-alike",
    ],
)
def test_a_zone_that_lacks_the_name_excuses_nothing(lacking: HostedZone) -> None:
    """Such a zone answers NXDOMAIN, or is not asked at all: the endpoint is missed (RFC 4592)."""
    snapshot = world(without("logs"), hosted_zones=(lacking,))
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]
    assert unseen(scene(snapshot)) == ()


def test_the_closest_zone_decides() -> None:
    """Of nested zones only the most specific is asked, whatever the wider one holds."""
    zones = (zone("amazonaws.com", LOGS), zone(LOGS, id_="Z2"))
    snapshot = world(without("logs"), hosted_zones=zones)
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]


def test_a_zone_for_one_registry_leaves_the_others_missing() -> None:
    """Every name that is dialled must be answered elsewhere before an endpoint is not missed."""
    snapshot = world(without("ecr.dkr"), hosted_zones=(zone(REGISTRY, REGISTRY),))
    assert list(left_to_probes(snapshot)) == ["ecr.dkr"]
    both = scene(snapshot, registries=(OWNER, "222222222222"))
    assert heads(run_audits(both)) == [(Code.ENDPOINT_MISSING, E, "ecr.dkr")]


@pytest.mark.parametrize(
    "domain", ["amazonaws.com", "US-WEST-2.amazonaws.com.", ".", "logs.us-west-2.amazonaws.com"]
)
def test_a_forwarding_rule_may_answer(domain: str) -> None:
    """What a Resolver rule forwards is answered by someone else, right or wrong."""
    rule = ResolverRule(id="rslvr-rr-1", domain=domain, type="FORWARD")
    assert left_to_probes(world(without("logs"), resolver_rules=(rule,))) == {
        "logs": f"resolver rule rslvr-rr-1 ({domain}) may answer for it: only probing can tell"
    }


@pytest.mark.parametrize("type_", ["SYSTEM", "RECURSIVE"])
@pytest.mark.parametrize("order", [1, -1])
def test_a_closer_rule_gives_the_name_back(type_: str, order: int) -> None:
    """The most specific rule decides, and these two mean the VPC's own resolver."""
    rules = (
        ResolverRule(id="rslvr-rr-1", domain="amazonaws.com", type="FORWARD"),
        ResolverRule(id="rslvr-rr-2", domain="us-west-2.amazonaws.com", type=type_),
    )[::order]
    snapshot = world(without("logs"), resolver_rules=rules)
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]


@pytest.mark.parametrize(
    ("domain", "who"), [(LOGS, "resolver rule rslvr-rr-1"), ("amazonaws.com", "hosted zone Z1")]
)
def test_of_rule_and_zone_the_closer_decides_and_the_rule_before_its_equal(
    domain: str, who: str
) -> None:
    """Route 53 forwards a name for which zone and rule are equally specific."""
    rule = ResolverRule(id="rslvr-rr-1", domain=domain, type="FORWARD")
    zones = (zone(LOGS, LOGS),)
    snapshot = world(without("logs"), resolver_rules=(rule,), hosted_zones=zones)
    assert left_to_probes(snapshot)["logs"].startswith(who)


def test_a_closer_zone_without_the_name_takes_it_from_the_rule() -> None:
    """What an empty zone captures is forwarded no more."""
    rule = ResolverRule(id="rslvr-rr-1", domain="amazonaws.com", type="FORWARD")
    snapshot = world(without("logs"), resolver_rules=(rule,), hosted_zones=(zone(LOGS),))
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]


def test_a_profile_may_answer_for_anything() -> None:
    """What a Route 53 Profile holds is not listed, so a probe must tell."""
    assert left_to_probes(world(without("logs"), route53_profiles=("rp-1",))) == {
        "logs": "Route 53 Profile rp-1 may answer for it: only probing can tell"
    }


def test_who_may_answer_is_told_before_what_was_not_read() -> None:
    """A permission more would change nothing where a zone may answer already."""
    denied = Unreadable(part="resolver_rules", permission="x:List", error="AccessDenied")
    snapshot = world(
        without("logs"),
        hosted_zones=(unread(LOGS),),
        resolver_rules=None,
        unreadable=(denied,),
    )
    assert list(left_to_probes(snapshot)) == ["logs"]


def test_unread_zones_are_not_visible() -> None:
    """Without permission to list hosted zones nobody can say that an endpoint is missed."""
    denied = Unreadable(
        part="hosted_zones", permission="route53:ListHostedZonesByVPC", error="AccessDenied"
    )
    sight = scene(world(without("logs", "s3"), hosted_zones=None, unreadable=(denied,)))
    action = "route53:ListHostedZonesByVPC"
    why = f"who else answers for it could not be read: missing permission {action}"
    assert run_audits(sight) == ()
    assert unseen(sight) == tuple(
        Unseen(code=code, subject=service, reason=why, permissions=(action,))
        for code, service in ((Code.ENDPOINT_MISSING, "logs"), (Code.S3_GATEWAY_MISSING, "s3"))
    )


def test_what_an_emulator_lacks_cannot_answer() -> None:
    """An emulator without Route 53 Profiles has none, so the missing endpoint is one."""
    snapshot = world(without("logs"), route53_profiles=None, emulated=True)
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]

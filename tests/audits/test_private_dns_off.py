"""The audit of private DNS that is off: when it matters, how much, and what mends it."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import FARGATE, PRIVATE, endpoint, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    HostedZone,
    ResolverRule,
    RouteTarget,
    Snapshot,
    Unreadable,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.ENDPOINT_PRIVATE_DNS_OFF
LOGS = "logs.us-west-2.amazonaws.com"
BARE = endpoint("logs", private_dns=False)
INBOUND = endpoint("logs", private_dns_inbound_resolver_only=True)
OTHER = endpoint("logs", id="vpce-other")
ZONE = HostedZone(
    id="Z1", name=LOGS, records=(ZoneRecord(name=LOGS, type="A", values=("10.0.0.9",)),)
)
FORWARDED = ResolverRule(id="rslvr-rr-1", domain=LOGS, type="FORWARD", targets=("10.9.0.2",))


def vpc(*logs: Endpoint, way_out: RouteTarget | None = None, **changes: Any) -> Snapshot:  # noqa: ANN401 fields of Snapshot
    """Return the healthy VPC with these endpoints for logs."""
    return world((*without("logs"), *logs), way_out, **changes)


def found(snapshot: Snapshot, *, require_private: bool = False) -> list[Finding]:
    """Return the findings of this audit."""
    sight = scene(snapshot, FARGATE, require_private=require_private)
    return [each for each in run_audits(sight) if each.code is CODE]


def unknown(snapshot: Snapshot) -> list[Unseen]:
    """Return what this audit could not judge."""
    return [each for each in unseen(scene(snapshot, FARGATE)) if each.code is CODE]


@pytest.mark.parametrize("alone", [BARE, INBOUND])
@pytest.mark.parametrize(
    ("way_out", "require_private", "severity"),
    [
        (None, False, E),
        (RouteTarget.PEERING, False, E),
        (RouteTarget.NAT_GATEWAY, False, W),
        (RouteTarget.NAT_GATEWAY, True, E),
        (RouteTarget.TRANSIT_GATEWAY, False, W),
    ],
)
def test_the_way_out_decides_how_grave_it_is(
    alone: Endpoint, way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """Where public addresses can be reached it is a warning, unless nobody may."""
    (finding,) = found(vpc(alone, way_out=way_out), require_private=require_private)

    assert (finding.subject, finding.severity) == ("vpce-logs", severity)
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, "logs") for claim in PATH_CLAIMS for subnet in PRIVATE
    }


def test_one_line_names_the_cause() -> None:
    """The summary says whose private DNS is off, where its names lead, and who needs them."""
    (finding,) = found(vpc(BARE))

    assert finding.summary == (
        "private DNS of vpce-logs for logs is off, so its names lead to public addresses, and "
        "there is no other way out of private-a, private-b, private-c: the awslogs log driver "
        "writes to CloudWatch Logs"
    )
    assert finding.expected == "private DNS for logs in vpc-0abc"
    assert finding.observed == "vpce-logs: private DNS off"
    assert finding.launch_types == FARGATE
    assert finding.reference.endswith("/create-interface-endpoint.html")


def test_turning_it_on_mends_it() -> None:
    """One command, and one line of Terraform."""
    (finding,) = found(vpc(BARE))

    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-logs"
        " --private-dns-enabled",
    )
    assert finding.remedy.terraform == (
        'resource "aws_vpc_endpoint" "logs" {\n  private_dns_enabled = true\n}'
    )


def test_the_attributes_that_it_needs_come_first() -> None:
    """AWS refuses private DNS while enableDnsHostnames is off."""
    snapshot = vpc(BARE)
    snapshot = replace(snapshot, vpc=replace(snapshot.vpc, dns_hostnames=False))
    (finding,) = found(snapshot)

    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-attribute --region us-west-2 --vpc-id vpc-0abc --enable-dns-hostnames"
        " '{\"Value\":true}'",
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-logs"
        " --private-dns-enabled",
    )


def test_private_dns_for_inbound_resolvers_only_is_said() -> None:
    """It answers machines on premises, and not the VPC."""
    (finding,) = found(vpc(INBOUND))

    assert finding.observed == "vpce-logs: private DNS for inbound Resolver endpoints only"
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-logs"
        " --dns-options PrivateDnsOnlyForInboundResolverEndpoint=false",
    )


def test_two_without_are_one_finding() -> None:
    """One of them is to be mended, and both are told."""
    (finding,) = found(vpc(BARE, replace(OTHER, private_dns=False)))

    assert finding.subject == "vpce-logs"
    assert "private DNS of vpce-logs, vpce-other for logs is off" in finding.summary
    assert finding.observed == "vpce-logs: private DNS off; vpce-other: private DNS off"


@pytest.mark.parametrize(
    "logs",
    [
        (BARE, OTHER),
        (replace(BARE, state="pending"),),
        (replace(BARE, type=EndpointType.OTHER),),
    ],
    ids=["another one has it", "not available, which is said instead", "of another type"],
)
def test_silent_where_it_does_not_matter(logs: tuple[Endpoint, ...]) -> None:
    """One that answers is enough, and what does not serve is another audit's."""
    assert found(vpc(*logs)) == []


def test_one_that_is_not_there_yet_answers_nothing() -> None:
    """A pending endpoint with private DNS beside an available one without: names lead outside."""
    (finding,) = found(vpc(BARE, replace(OTHER, state="pending")))
    assert finding.observed == "vpce-logs: private DNS off"


def test_s3_is_left_to_its_own_audit() -> None:
    """An S3 interface endpoint without private DNS is s3-interface-only, or beside a gateway."""
    alone = endpoint("s3", type=EndpointType.INTERFACE, private_dns=False, route_tables=())
    assert found(world((*without("s3"), alone))) == []


def test_a_hosted_zone_that_answers_is_as_good() -> None:
    """A hub leaves private DNS off and shares zones: nothing is wrong, and nothing is unknown."""
    snapshot = vpc(BARE, hosted_zones=(ZONE,))
    assert (found(snapshot), unknown(snapshot)) == ([], [])


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"resolver_rules": (FORWARDED,)}, f"resolver rule rslvr-rr-1 ({LOGS})"),
        ({"route53_profiles": ("rp-1",)}, "Route 53 Profile rp-1"),
        (
            {"hosted_zones": (HostedZone(id="Z2", name=LOGS, records=None),)},
            f"hosted zone Z2 ({LOGS})",
        ),
    ],
)
def test_who_may_answer_is_left_to_probes(changes: dict[str, Any], who: str) -> None:
    """What rules forward, Profiles hold, or an unread zone has, only a probe can tell."""
    snapshot = vpc(BARE, **changes)

    assert found(snapshot) == []
    assert unknown(snapshot) == [
        Unseen(code=CODE, subject="logs", reason=f"{who} may answer for it: only probing can tell")
    ]


def test_unread_zones_leave_it_open() -> None:
    """Without permission to list them nobody can say that none answers."""
    snapshot = vpc(BARE, hosted_zones=None)
    action = "route53:ListHostedZonesByVPC"

    assert found(snapshot) == []
    assert unknown(snapshot) == [
        Unseen(
            code=CODE,
            subject="logs",
            reason=f"who else answers for it could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]


def test_unread_ways_out_leave_its_weight_open() -> None:
    """Off it is; whether that is an error or a warning depends on routes."""
    action = "ec2:DescribeRouteTables"
    snapshot = vpc(
        BARE,
        route_tables=None,
        unreadable=(Unreadable(part="route_tables", permission=action, error="denied"),),
    )

    assert found(snapshot) == []
    assert unknown(snapshot) == [
        Unseen(
            code=CODE,
            subject="logs",
            reason="private DNS of vpce-logs is off, and how grave that is depends on ways out "
            f"that could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]


def test_a_zone_without_the_record_is_the_better_thing_to_say() -> None:
    """NXDOMAIN comes from the zone: one break is one finding."""
    empty = HostedZone(id="Z2", name=LOGS)
    assert found(vpc(BARE, hosted_zones=(empty,))) == []

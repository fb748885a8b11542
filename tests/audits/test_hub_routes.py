"""The audit of routes to a hub's addresses: one finding for each table that lacks one."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import BOTH, PRIVATE, endpoint, scene, tables, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import (
    HostedZone,
    Peering,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.ENDPOINT_ROUTE_MISSING
LOGS = "logs.us-west-2.amazonaws.com"
HUB = "vpce-9-abcd.logs.us-west-2.vpce.amazonaws.com"
TRANSIT, PEERING, VPN = (
    RouteTarget.TRANSIT_GATEWAY,
    RouteTarget.PEERING,
    RouteTarget.VPN_GATEWAY,
)


def to(destination: str, target: RouteTarget = TRANSIT, **changes: Any) -> Route:  # noqa: ANN401 fields of Route
    """Return an active route, unless told otherwise."""
    return Route(**{"destination": destination, "target": target, "target_id": "x-1", **changes})


def zone(*values: str, **changes: Any) -> HostedZone:  # noqa: ANN401 fields of ZoneRecord
    """Return the hub's zone for logs with one record."""
    record = ZoneRecord(**{"name": LOGS, "type": "A", "values": values, **changes})
    return HostedZone(id="Z1", name=LOGS, records=(record,))


def spoke(*routes: Route, hosted: HostedZone | None = None, **changes: Any) -> Snapshot:  # noqa: ANN401 fields of Snapshot
    """Return the healthy VPC whose logs are a hub's, with these routes in the private table."""
    private = tuple(subnet.id for subnet in PRIVATE)
    table = RouteTable(id="rtb-private", routes=routes, subnets=private)
    made = world(
        without("logs"),
        hosted_zones=(hosted or zone("10.100.0.9"),),
        route_tables=(RouteTable(id="rtb-main", routes=(), main=True), table),
    )
    return replace(made, **changes)


def found(snapshot: Snapshot, **asked: Any) -> list[Finding]:  # noqa: ANN401 arguments of scene
    """Return the findings of this audit."""
    return [each for each in run_audits(scene(snapshot, **asked)) if each.code is CODE]


def unknown(snapshot: Snapshot) -> list[Unseen]:
    """Return what this audit could not judge."""
    return [each for each in unseen(scene(snapshot)) if each.code is CODE]


@pytest.mark.parametrize(
    "route",
    [
        to("10.100.0.0/16"),
        to("10.100.0.9/32", PEERING),
        to("10.0.0.0/8", VPN),
        to("0.0.0.0/0"),
        to("10.100.0.0/16", RouteTarget.INSTANCE_OR_INTERFACE),
        to("10.100.0.0/16", RouteTarget.APPLIANCE_ENDPOINT),
    ],
    ids=lambda route: f"{route.destination} {route.target}",
)
def test_any_private_way_is_a_way(route: Route) -> None:
    """What lies behind it is the hub's affair, and a probe's."""
    assert found(spoke(route)) == []


@pytest.mark.parametrize(
    ("routes", "observed"),
    [
        ((), "no route to 10.100.0.9"),
        ((to("10.99.0.0/16"),), "no route to 10.100.0.9"),
        (
            (to("10.100.0.0/16", active=False),),
            "10.100.0.9 is routed by 10.100.0.0/16 to x-1, a blackhole",
        ),
        (
            (to("10.0.0.0/8"), to("10.100.0.0/16", active=False)),
            "10.100.0.9 is routed by 10.100.0.0/16 to x-1, a blackhole",
        ),
        (
            (to("0.0.0.0/0", RouteTarget.NAT_GATEWAY),),
            "10.100.0.9 is routed by 0.0.0.0/0 to x-1",
        ),
        (
            (to("10.100.0.0/16", RouteTarget.OTHER),),
            "10.100.0.9 is routed by 10.100.0.0/16 to x-1",
        ),
    ],
)
def test_what_is_no_way(routes: tuple[Route, ...], observed: str) -> None:
    """The closest route decides, and private addresses do not leave by a public way."""
    (finding,) = found(spoke(*routes))

    assert (finding.severity, finding.subject, finding.observed) == (E, "rtb-private", observed)
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, "logs") for claim in PATH_CLAIMS for subnet in PRIVATE
    }


@pytest.mark.parametrize("state", ["pending-acceptance", "deleted", "rejected"])
def test_a_connection_that_is_not_accepted_carries_nothing(state: str) -> None:
    """The route is active, what it leads through is not."""
    attached = Peering(id="x-1", kind=PEERING, state=state, cidrs=("10.100.0.0/16",))
    route = to("10.100.0.0/16", PEERING)
    assert len(found(spoke(route, peerings=(attached,)))) == 1
    assert found(spoke(route, peerings=(replace(attached, state="active"),))) == []


def test_one_line_names_the_cause() -> None:
    """The summary names table, subnets, address, zone and service."""
    (finding,) = found(spoke())

    assert finding.summary == (
        "rtb-private of private-a, private-b, private-c has no active route to 10.100.0.9, which "
        "hosted zone Z1 gives for logs: no packet gets there"
    )
    assert finding.expected == (
        "an active route to 10.100.0.9 from private-a, private-b, private-c"
    )
    assert finding.launch_types == BOTH
    assert finding.reference.endswith("/centralized-access-to-vpc-private-endpoints.html")


def test_each_table_is_one_finding() -> None:
    """However many names and subnets: what is to be mended is a table."""
    own = RouteTable(id="rtb-own", routes=(to("10.100.0.0/16"),), subnets=("subnet-c",))
    other = HostedZone(
        id="Z2",
        name="kms.us-west-2.amazonaws.com",
        records=(
            ZoneRecord(
                name="ecs.us-west-2.amazonaws.com", type="A", values=("10.100.0.10", "10.100.0.11")
            ),
        ),
    )
    ecs = replace(other, name="ecs.us-west-2.amazonaws.com")
    snapshot = spoke()
    snapshot = replace(
        snapshot,
        endpoints=without("logs", "ecs"),
        hosted_zones=(*(snapshot.hosted_zones or ()), ecs),
        route_tables=(own, *(snapshot.route_tables or ())),
    )
    (finding,) = found(snapshot)

    assert finding.subject == "rtb-private"
    assert finding.summary == (
        "rtb-private of private-a, private-b has no active route to "
        "10.100.0.10, 10.100.0.11, 10.100.0.9, which hosted zones Z2, Z1 give for ecs, logs: no "
        "packet gets there"
    )
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, service)
        for claim in PATH_CLAIMS
        for subnet in PRIVATE[:2]
        for service in ("ecs", "logs")
    }


def test_the_hub_is_unknown_in_capitals() -> None:
    """Nothing in the VPC tells where the hub is: a person must."""
    (finding,) = found(spoke())

    assert finding.remedy.cli == (
        "aws ec2 create-route --region us-west-2 --route-table-id rtb-private"
        " --destination-cidr-block CIDR_OF_THE_HUB --transit-gateway-id TRANSIT_GATEWAY_ID",
    )
    assert finding.remedy.terraform == (
        'resource "aws_route" "rtb_private_hub" {\n'
        '  route_table_id         = "rtb-private"\n'
        '  destination_cidr_block = "CIDR_OF_THE_HUB"\n'
        '  transit_gateway_id     = "TRANSIT_GATEWAY_ID"\n'
        "}"
    )


@pytest.mark.parametrize(
    ("target", "option", "argument"),
    [
        (TRANSIT, "--transit-gateway-id x-1", "transit_gateway_id     = "),
        (PEERING, "--vpc-peering-connection-id x-1", "vpc_peering_connection_id = "),
        (VPN, "--gateway-id x-1", "gateway_id             = "),
    ],
)
@pytest.mark.parametrize("by", ["a table", "a connection"])
def test_what_leads_to_the_hub_elsewhere_is_offered(
    target: RouteTarget, option: str, argument: str, by: str
) -> None:
    """Another table's route, or a connection's range, is what this table lacks."""
    snapshot = spoke()
    route = to("10.100.0.0/16", target)
    attached = Peering(id="x-1", kind=target, state="active", cidrs=("10.100.0.0/16",))
    routed = RouteTable(id="rtb-other", routes=(route,))
    snapshot = (
        replace(snapshot, route_tables=(*(snapshot.route_tables or ()), routed))
        if by == "a table"
        else replace(snapshot, peerings=(attached,))
    )
    (finding,) = found(snapshot)

    assert finding.remedy.cli == (
        "aws ec2 create-route --region us-west-2 --route-table-id rtb-private"
        f" --destination-cidr-block 10.100.0.0/16 {option}",
    )
    assert f'{argument}"x-1"' in finding.remedy.terraform


def test_a_dead_route_is_replaced() -> None:
    """A second one for the same range would be refused."""
    attached = Peering(id="pcx-2", kind=PEERING, state="active", cidrs=("10.100.0.0/16",))
    (finding,) = found(spoke(to("10.100.0.0/16", active=False), peerings=(attached,)))
    assert finding.remedy.cli[0].startswith("aws ec2 replace-route ")


@pytest.mark.parametrize(
    ("way_out", "require_private", "severity"),
    [(None, False, E), (RouteTarget.NAT_GATEWAY, False, W), (RouteTarget.NAT_GATEWAY, True, E)],
)
def test_public_addresses_of_a_zone(
    way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """They are the hub's range, or the service's own: a public path makes them a warning."""
    snapshot = spoke(hosted=zone("20.10.0.9"), route_tables=tables(way_out))
    (finding,) = found(snapshot, require_private=require_private)
    assert finding.severity is severity
    assert found(spoke(to("20.10.0.0/16"), hosted=zone("20.10.0.9"))) == []


def test_addresses_in_the_vpc_are_on_no_route() -> None:
    """The local route leads to them, listed or not."""
    assert found(spoke(hosted=zone("10.0.1.9"))) == []


def test_s3_by_a_zone_in_its_own_ranges_is_the_gateways_affair() -> None:
    """Public addresses of S3 are what its gateway endpoint takes."""
    hosted = HostedZone(
        id="Z1",
        name="s3.us-west-2.amazonaws.com",
        records=(
            ZoneRecord(name="*.s3.us-west-2.amazonaws.com", type="A", values=("52.216.0.9",)),
        ),
    )
    ranges = PrefixList(id="pl-1", name="com.amazonaws.us-west-2.s3", cidrs=("52.216.0.0/15",))
    snapshot = world(without(), hosted_zones=(hosted,), prefix_lists=(ranges,))
    assert found(snapshot) == []


@pytest.mark.parametrize("record", [{"alias": HUB}, {"type": "CNAME", "values": (HUB,)}])
def test_an_alias_without_any_way_out_leads_nowhere(record: dict[str, Any]) -> None:
    """Wherever the hub is, a table with local routes only cannot lead there."""
    (finding,) = found(spoke(hosted=zone(**record)))

    assert f"has no active route to {HUB}, which hosted zone Z1 gives for logs" in finding.summary
    assert finding.observed == "no route to any other network"
    assert unknown(spoke(hosted=zone(**record))) == []


def test_where_an_alias_leads_only_a_probe_can_tell() -> None:
    """Some route leaves the VPC: whether to the hub is not in the snapshot."""
    snapshot = spoke(to("10.99.0.0/16"), hosted=zone(alias=HUB))

    assert found(snapshot) == []
    assert unknown(snapshot) == [
        Unseen(
            code=CODE,
            subject="logs",
            reason=f"where {HUB} lies is not in the snapshot: only probing can tell",
        )
    ]


def test_an_alias_for_an_endpoint_of_this_vpc_needs_no_route() -> None:
    """A hub's own zones lead to its own interfaces."""
    own = endpoint("logs", private_dns=False, dns_names=(HUB,))
    snapshot = spoke(hosted=zone(alias=f"{HUB.upper()}."), endpoints=(*without("logs"), own))
    assert (found(snapshot), unknown(snapshot)) == ([], [])


def test_unread_routes_are_unknown() -> None:
    """The permission is asked for where a zone leads outside, and nowhere else."""
    action = "ec2:DescribeRouteTables"
    assert unknown(spoke(route_tables=None)) == [
        Unseen(
            code=CODE,
            subject="logs",
            reason=f"route tables could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]
    assert unknown(world(without(), route_tables=None)) == []
    assert unknown(spoke(route_tables=None, emulated=True)) == []


def test_unread_zones_are_unknown_where_one_may_lead_to_a_hub() -> None:
    """Where an endpoint of this VPC answers for every name, no zone is asked where it leads."""
    action = "route53:ListHostedZonesByVPC"
    assert unknown(world(without("logs"), hosted_zones=None)) == [
        Unseen(
            code=CODE,
            subject="vpc-0abc",
            reason=f"hosted zones could not be read: missing permission {action}",
            permissions=(action,),
        )
    ]
    assert unknown(world(without(), hosted_zones=None)) == []
    assert unknown(world(without("logs"), hosted_zones=None, emulated=True)) == []

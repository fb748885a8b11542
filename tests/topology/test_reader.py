"""What is read from a VPC, against a real server with moto behind it."""

import dataclasses

import boto3
import pytest
from aws_front import Front, always, as_json, in_pages, xml
from aws_worlds import REGION, SERVICES, World

from pytest_ecs_privatelink.topology.egress import Egress, egress_of
from pytest_ecs_privatelink.topology.lookup import endpoints_for, s3_prefix_list, table_of
from pytest_ecs_privatelink.topology.model import (
    ONLY_OF_A_CLUSTER,
    DhcpOptions,
    DnsFirewall,
    EndpointServiceOffer,
    EndpointType,
    GroupRule,
    HostedZone,
    Peering,
    PrefixList,
    ResolverRule,
    RouteTarget,
    Snapshot,
    ZoneRecord,
)
from pytest_ecs_privatelink.topology.reader import read_snapshot
from pytest_ecs_privatelink.topology.routes import default_route
from pytest_ecs_privatelink.topology.snapshot import from_text, to_text


@pytest.fixture(scope="module")
def kept() -> dict[str, Snapshot]:
    """Return where this module keeps the snapshot that several tests look at."""
    return {}


@pytest.fixture
def snapshot(
    kept: dict[str, Snapshot], front: Front, session: boto3.Session, world: World
) -> Snapshot:
    """Return the small VPC as read, once."""
    assert front.url
    if "small" not in kept:
        kept["small"] = read_snapshot(session, world.small, region=REGION).snapshot
    return kept["small"]


def test_everything_was_readable(snapshot: Snapshot) -> None:
    """Where every call is answered, no part is None and nothing is called unreadable."""
    fields = {field.name for field in dataclasses.fields(snapshot)} - set(ONLY_OF_A_CLUSTER)

    assert snapshot.unreadable == ()
    assert {name for name in fields if getattr(snapshot, name) is None} == set()


def test_snapshot_survives_a_file(snapshot: Snapshot) -> None:
    """What was read comes back from text as it was."""
    assert from_text(to_text(snapshot), "FILE") == snapshot


def test_vpc_and_its_attributes(snapshot: Snapshot, world: World) -> None:
    """All ranges, both DNS attributes, Name and owner are read; the account is the owner."""
    vpc = snapshot.vpc

    assert (vpc.id, vpc.name, vpc.owner) == (world.small, "small", "123456789012")
    assert vpc.cidrs == ("10.0.0.0/16", "100.64.0.0/16")
    assert (vpc.dns_support, vpc.dns_hostnames) == (True, True)
    assert (snapshot.region, snapshot.partition, snapshot.account) == (
        "us-east-1",
        "aws",
        "123456789012",
    )


def test_subnets_with_their_names_and_no_other_tag(snapshot: Snapshot) -> None:
    """Subnets carry zone, free addresses and Name; other tags stay where they are."""
    assert {(s.name, s.cidr, s.az) for s in snapshot.subnets} == {
        ("private-a", "10.0.0.0/24", "us-east-1a"),
        ("private-b", "10.0.1.0/24", "us-east-1b"),
        ("public-a", "10.0.2.0/24", "us-east-1a"),
    }
    ids = [subnet.id for subnet in snapshot.subnets]
    assert ids == sorted(ids)
    assert all(subnet.free_addresses for subnet in snapshot.subnets)
    assert "private matter" not in to_text(snapshot)


def test_routes_lead_to_the_kinds_of_targets(snapshot: Snapshot, world: World) -> None:
    """Each route's target is known by kind and id, explicit association before the main table."""
    table = table_of(snapshot, world.ids["private-a"])

    assert table is not None
    assert {(route.target, route.target_id) for route in table.routes} == {
        (RouteTarget.LOCAL, "local"),
        (RouteTarget.NAT_GATEWAY, world.ids["nat"]),
        (RouteTarget.PEERING, world.ids["pcx"]),
        (RouteTarget.TRANSIT_GATEWAY, world.ids["tgw"]),
        (RouteTarget.GATEWAY_ENDPOINT, world.ids["s3"]),
    }
    assert default_route(snapshot, world.ids["private-b"]) is None
    assert snapshot.internet_gateways == (world.ids["igw"],)


def test_block_public_access_closes_what_is_routed(
    snapshot: Snapshot, session: boto3.Session, world: World, front: Front
) -> None:
    """The account's mode and the subnets' exclusions decide what egress the routes give."""
    arn = f"arn:aws:ec2:us-east-1:123456789012:subnet/{world.ids['public-a']}"
    front.answers["DescribeVpcBlockPublicAccessExclusions"] = always(
        xml(
            "DescribeVpcBlockPublicAccessExclusions",
            f"<vpcBlockPublicAccessExclusionSet><item><resourceArn>{arn}</resourceArn>"
            f"<internetGatewayExclusionMode>allow-egress</internetGatewayExclusionMode>"
            f"<state>create-complete</state></item></vpcBlockPublicAccessExclusionSet>",
        )
    )

    excluded = read_snapshot(session, world.small, region=REGION).snapshot

    assert snapshot.block_public_access == "block-bidirectional"
    assert egress_of(snapshot, world.ids["private-a"]) is Egress.NONE
    assert egress_of(excluded, world.ids["private-a"]) is Egress.NAT
    assert egress_of(excluded, world.ids["public-a"]) is Egress.NONE


def test_endpoints(snapshot: Snapshot, world: World) -> None:
    """Endpoints are read with groups, subnets and state; a deleted one is not there."""
    (logs,) = endpoints_for(snapshot, "logs")
    (s3,) = endpoints_for(snapshot, "s3")

    assert len(snapshot.endpoints) == len(SERVICES) + 1
    assert logs.subnets == tuple(sorted((world.ids["private-a"], world.ids["private-b"])))
    assert logs.groups == (world.ids["endpoints"],)
    assert (logs.type, logs.state, logs.private_dns) == (EndpointType.INTERFACE, "available", True)
    assert logs.created is not None
    assert logs.created.endswith("+00:00")
    assert set(logs.interfaces) <= {interface.id for interface in snapshot.interfaces or ()}
    assert (s3.type, s3.private_dns) == (EndpointType.GATEWAY, False)
    assert s3.route_tables == (world.ids["private-table"],)


def test_groups_name_ranges_groups_and_lists(snapshot: Snapshot, world: World) -> None:
    """Each source of a permission is one rule, and a peer VPC's group that is named is read."""
    groups = {group.id: group for group in snapshot.security_groups or ()}
    https = GroupRule(protocol="tcp", from_port=443, to_port=443)

    assert set(groups[world.ids["endpoints"]].ingress) == {
        dataclasses.replace(https, cidr="10.0.0.0/16"),
        dataclasses.replace(https, group=world.ids["peers"]),
        dataclasses.replace(https, prefix_list=world.ids["list"]),
    }
    assert groups[world.ids["peers"]].vpc == world.ids["peer-vpc"]


def test_prefix_lists_have_their_ranges(snapshot: Snapshot, world: World) -> None:
    """The S3 list and every list that a rule names come with CIDRs, others do not come."""
    s3 = s3_prefix_list(snapshot)

    assert s3 is not None
    assert len(s3.cidrs) == 3
    own = PrefixList(id=world.ids["list"], name=world.ids["list"], cidrs=("192.0.2.0/24",))
    assert set(snapshot.prefix_lists or ()) == {s3, own}


def test_network_acl_entries_in_rule_order(snapshot: Snapshot) -> None:
    """Entries stand by direction and number; the default ACL guards every subnet."""
    (acl,) = snapshot.network_acls or ()

    assert [(entry.egress, entry.number, entry.allow) for entry in acl.entries] == [
        (False, 100, True),
        (False, 32767, False),
        (True, 100, True),
        (True, 32767, False),
    ]
    assert len(acl.subnets) == 3


def test_what_lies_beyond(snapshot: Snapshot, world: World) -> None:
    """A peering is read once, with the other side's range, and transit by its gateway's id."""
    assert snapshot.peerings == (
        Peering(
            id=world.ids["pcx"],
            kind=RouteTarget.PEERING,
            state="active",
            cidrs=("10.1.0.0/16",),
        ),
        Peering(id=world.ids["tgw"], kind=RouteTarget.TRANSIT_GATEWAY, state="available"),
    )


def test_names(snapshot: Snapshot, world: World) -> None:
    """DHCP options, zones, rules, firewalls and Profiles are read, wildcards as DNS spells them."""
    zones = {zone.id: zone for zone in snapshot.hosted_zones or ()}
    ecr = f"ecr.api.{REGION}.amazonaws.com"
    records = zones[world.ids[ecr]].records or ()

    assert snapshot.dhcp_options == DhcpOptions(
        id=snapshot.vpc.dhcp_options or "", name_servers=("10.0.0.9",)
    )
    assert ZoneRecord(name=f"*.{ecr}", type="A", values=("10.0.0.7",)) in records
    assert snapshot.resolver_rules == (
        ResolverRule(id=world.ids["rule"], domain="amazonaws.com", type="SYSTEM"),
    )
    assert snapshot.dns_firewalls == (DnsFirewall(id="rslvr-frg-1", priority=101, name="block"),)
    assert snapshot.route53_profiles == ("rp-1",)


def test_zones_beside_aws_names_are_not_looked_into(snapshot: Snapshot, world: World) -> None:
    """A zone that can shadow no AWS name is listed, and its records are nobody's business."""
    assert HostedZone(
        id=world.ids["corp.example"], name="corp.example", owner="123456789012", records=None
    ) in (snapshot.hosted_zones or ())


def test_offers_of_the_catalogue_only(snapshot: Snapshot) -> None:
    """Of AWS's endpoint services those of the catalogue are kept, with all their names."""
    assert snapshot.endpoint_services == (
        EndpointServiceOffer(
            service_name="com.amazonaws.us-east-1.ecs-agent",
            types=("Interface",),
            private_dns_names=("ecs-a.us-east-1.amazonaws.com",),
            azs=("us-east-1a",),
            policy_supported=True,
            ip_address_types=("ipv4",),
        ),
    )


def test_calls_do_not_grow_with_subnets_or_endpoints(
    front: Front, session: boto3.Session, world: World
) -> None:
    """A VPC of 30 subnets and 30 endpoints takes the calls of one of 3 subnets."""
    assert front.url

    large = read_snapshot(session, world.large, region=REGION)
    empty = read_snapshot(session, world.ids["peer-vpc"], region=REGION)

    assert len(large.snapshot.subnets) == len(large.snapshot.endpoints) == 30
    assert len(empty.snapshot.subnets) == len(empty.snapshot.endpoints) == 0
    assert large.api_calls == empty.api_calls


def test_calls_are_counted_as_sent(front: Front, session: boto3.Session, world: World) -> None:
    """The count by IAM action is the server's own count."""
    reading = read_snapshot(session, world.small, region=REGION)

    assert reading.api_calls == {call: front.seen.count(call) for call in sorted(set(front.seen))}
    assert list(reading.api_calls) == sorted(reading.api_calls)


@pytest.mark.parametrize(
    ("operation", "list_tag"),
    [
        ("DescribeSubnets", "subnetSet"),
        ("DescribeVpcEndpoints", "vpcEndpointSet"),
        ("DescribeNetworkInterfaces", "networkInterfaceSet"),
    ],
)
def test_pages_are_followed_and_counted(
    front: Front, session: boto3.Session, world: World, operation: str, list_tag: str
) -> None:
    """Whatever comes in pages is read to the end, each page a request."""
    whole = read_snapshot(session, world.large, region=REGION)
    front.answers[operation] = in_pages(list_tag, 8)

    paged = read_snapshot(session, world.large, region=REGION)

    assert dataclasses.replace(paged.snapshot, taken="") == dataclasses.replace(
        whole.snapshot, taken=""
    )
    assert paged.api_calls == whole.api_calls | {f"ec2:{operation}": 4}


def test_pages_without_a_paginator_are_followed(
    front: Front, session: boto3.Session, world: World
) -> None:
    """Exclusions, which botocore has no paginator for, are read to the end."""
    operation = "DescribeVpcBlockPublicAccessExclusions"
    empty = "<vpcBlockPublicAccessExclusionSet/>"
    front.answers[operation] = lambda request: xml(
        operation, empty if "NextToken" in request.params else f"{empty}<nextToken>2</nextToken>"
    )

    reading = read_snapshot(session, world.small, region=REGION)

    assert reading.api_calls[f"ec2:{operation}"] == 2


def test_firewall_pages_of_a_json_service(
    front: Front, session: boto3.Session, world: World
) -> None:
    """JSON services page by NextToken too."""
    operation = "ListFirewallRuleGroupAssociations"
    item = {"FirewallRuleGroupId": "rslvr-frg-1", "Priority": 1}
    tokens = iter([{"NextToken": "2"}, {}])
    front.answers[operation] = lambda _: as_json(
        {"FirewallRuleGroupAssociations": [item]} | next(tokens)
    )

    reading = read_snapshot(session, world.small, region=REGION)

    assert len(reading.snapshot.dns_firewalls or ()) == 2
    assert reading.api_calls[f"route53resolver:{operation}"] == 2


def test_emulator_as_it_is(
    moto_url: str, session: boto3.Session, world: World, aws: pytest.MonkeyPatch
) -> None:
    """Against the emulator itself, what it cannot do is unreadable in a few words, once each."""
    aws.setenv("AWS_ENDPOINT_URL", moto_url)

    reading = read_snapshot(session, world.ids["peer-vpc"], region=REGION, emulated=True)

    assert reading.snapshot.emulated
    assert reading.snapshot.dhcp_options == DhcpOptions(
        id="default", name_servers=("AmazonProvidedDNS",)
    )
    errors = {entry.part: entry.error for entry in reading.snapshot.unreadable}
    # Whether moto offers endpoint services depends on what else is installed.
    errors.pop("endpoint_services", None)
    assert errors == {
        "block_public_access": "the answer is not in AWS's format",
        "dns_firewalls": "500: an HTML page",
        "route53_profiles": "500: an HTML page",
    }
    assert reading.api_calls["route53profiles:ListProfileAssociations"] == 1


def test_default_dhcp_options_of_aws_are_none_at_all(
    front: Front, session: boto3.Session, world: World
) -> None:
    """At AWS the id "default" means that the VPC has no DHCP options, hence no name servers."""
    assert front.url

    reading = read_snapshot(session, world.ids["peer-vpc"], region=REGION)

    assert reading.snapshot.dhcp_options == DhcpOptions(id="default", name_servers=())

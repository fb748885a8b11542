"""Answers that AWS gives and emulators do not, in AWS's own XML."""

import boto3
import pytest
from aws_front import Front, always, xml
from aws_worlds import REGION, World

from pytest_ecs_privatelink.topology.egress import Egress, egress_of
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    HostedZone,
    NatGateway,
    Route,
    RouteTarget,
    Snapshot,
    Subnet,
)
from pytest_ecs_privatelink.topology.reader import read_snapshot
from pytest_ecs_privatelink.topology.reader.names import is_of_interest


def reading(
    front: Front, session: boto3.Session, world: World, operation: str, answer: str
) -> Snapshot:
    """Return the small VPC with this answer to one of the operations."""
    front.answers[operation] = always(xml(operation, answer))
    return read_snapshot(session, world.small, region=REGION).snapshot


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        (
            "<gatewayId>vgw-1</gatewayId><origin>EnableVgwRoutePropagation</origin>",
            (RouteTarget.VPN_GATEWAY, "vgw-1"),
        ),
        ("<gatewayId>vpce-1</gatewayId>", (RouteTarget.APPLIANCE_ENDPOINT, "vpce-1")),
        ("<gatewayId>lgw-edge</gatewayId>", (RouteTarget.OTHER, "lgw-edge")),
        (
            "<instanceId>i-1</instanceId><networkInterfaceId>eni-1</networkInterfaceId>",
            (RouteTarget.INSTANCE_OR_INTERFACE, "i-1"),
        ),
        (
            "<networkInterfaceId>eni-1</networkInterfaceId>",
            (RouteTarget.INSTANCE_OR_INTERFACE, "eni-1"),
        ),
        (
            "<egressOnlyInternetGatewayId>eigw-1</egressOnlyInternetGatewayId>",
            (RouteTarget.EGRESS_ONLY_GATEWAY, "eigw-1"),
        ),
        ("<coreNetworkArn>arn:c</coreNetworkArn>", (RouteTarget.TRANSIT_GATEWAY, "arn:c")),
        ("<carrierGatewayId>cagw-1</carrierGatewayId>", (RouteTarget.OTHER, "cagw-1")),
        ("", (RouteTarget.OTHER, None)),
    ],
)
def test_kinds_of_route_targets(
    front: Front,
    session: boto3.Session,
    world: World,
    route: str,
    expected: tuple[RouteTarget, str | None],
) -> None:
    """Every kind of target that AWS names is told apart, a blackhole with it."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeRouteTables",
        f"<routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet><item>"
        f"<destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><state>blackhole</state>{route}"
        f"</item></routeSet></item></routeTableSet>",
    )

    target, target_id = expected
    (table,) = snapshot.route_tables or ()
    assert table.routes == (
        Route(destination="0.0.0.0/0", target=target, target_id=target_id, active=False),
    )


def test_static_routes_come_before_propagated_ones(
    front: Front, session: boto3.Session, world: World
) -> None:
    """Of two routes to the same CIDR AWS prefers the static one: it is put first."""
    item = (
        "<item><destinationCidrBlock>172.16.0.0/12</destinationCidrBlock><gatewayId>{}</gatewayId>"
        "<origin>{}</origin><state>active</state></item>"
    )
    routes = item.format("vgw-1", "EnableVgwRoutePropagation") + item.format("vgw-2", "CreateRoute")

    snapshot = reading(
        front,
        session,
        world,
        "DescribeRouteTables",
        f"<routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet>{routes}</routeSet>"
        f"</item></routeTableSet>",
    )

    (table,) = snapshot.route_tables or ()
    assert [route.target_id for route in table.routes] == ["vgw-2", "vgw-1"]


def test_a_routes_host_bits_are_dropped(front: Front, session: boto3.Session, world: World) -> None:
    """AWS keeps the network of what was given; an emulator that keeps the rest is corrected."""
    route = "<item><destinationCidrBlock>172.16.5.4/12</destinationCidrBlock></item>"

    snapshot = reading(
        front,
        session,
        world,
        "DescribeRouteTables",
        f"<routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet>{route}</routeSet>"
        f"</item></routeTableSet>",
    )

    (table,) = snapshot.route_tables or ()
    assert [route.destination for route in table.routes] == ["172.16.0.0/12"]


def test_association_that_ended_does_not_count(
    front: Front, session: boto3.Session, world: World
) -> None:
    """An association that is being taken away, or is a gateway's, is no subnet's."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeRouteTables",
        "<routeTableSet><item><routeTableId>rtb-1</routeTableId><associationSet>"
        "<item><subnetId>subnet-1</subnetId><associationState><state>disassociating</state>"
        "</associationState></item><item><gatewayId>igw-1</gatewayId></item>"
        "<item><subnetId>subnet-2</subnetId><associationState><state>associated</state>"
        "</associationState></item></associationSet></item></routeTableSet>",
    )

    (table,) = snapshot.route_tables or ()
    assert (table.subnets, table.main) == (("subnet-2",), False)


def test_subnet_without_ipv4(front: Front, session: boto3.Session, world: World) -> None:
    """An IPv6-only subnet has its IPv6 range for a range, and a shared one its owner."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeSubnets",
        "<subnetSet><item><subnetId>subnet-6</subnetId><availabilityZone>us-east-1a"
        "</availabilityZone><availabilityZoneId>use1-az1</availabilityZoneId>"
        "<ownerId>999999999999</ownerId><ipv6CidrBlockAssociationSet>"
        "<item><ipv6CidrBlock>2001:db8:0:1::/64</ipv6CidrBlock><ipv6CidrBlockState>"
        "<state>disassociated</state></ipv6CidrBlockState></item>"
        "<item><ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock><ipv6CidrBlockState>"
        "<state>associated</state></ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet>"
        "</item></subnetSet>",
    )

    assert snapshot.subnets == (
        Subnet(
            id="subnet-6",
            cidr="2001:db8::/64",
            ipv6_cidr="2001:db8::/64",
            az="us-east-1a",
            az_id="use1-az1",
            owner="999999999999",
        ),
    )


def test_subnet_whose_only_range_is_on_its_way(
    front: Front, session: boto3.Session, world: World
) -> None:
    """An IPv6-only subnet has a range from the start, and an IPv6 address range once that is so."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeSubnets",
        "<subnetSet><item><subnetId>subnet-6</subnetId><ipv6CidrBlockAssociationSet>"
        "<item><ipv6CidrBlock>2001:db8::/64</ipv6CidrBlock><ipv6CidrBlockState>"
        "<state>associating</state></ipv6CidrBlockState></item></ipv6CidrBlockAssociationSet>"
        "</item></subnetSet>",
    )

    (subnet,) = snapshot.subnets
    assert (subnet.cidr, subnet.ipv6_cidr) == ("2001:db8::/64", None)


def test_private_and_regional_nat_gateways(
    front: Front, session: boto3.Session, world: World
) -> None:
    """A gateway is public unless AWS says private, and a regional one stands in no subnet."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeNatGateways",
        f"<natGatewaySet><item><natGatewayId>nat-1</natGatewayId><vpcId>{world.small}</vpcId>"
        f"<state>Available</state><connectivityType>private</connectivityType>"
        f"<subnetId>subnet-1</subnetId></item>"
        f"<item><natGatewayId>nat-2</natGatewayId><state>pending</state></item>"
        f"<item><natGatewayId>nat-3</natGatewayId><vpcId>vpc-another</vpcId></item>"
        f"</natGatewaySet>",
    )

    assert snapshot.nat_gateways == (
        NatGateway(id="nat-1", subnet="subnet-1", state="available", public=False),
        NatGateway(id="nat-2", subnet="", state="pending", public=True),
    )


def test_endpoints_in_all_their_forms(front: Front, session: boto3.Session, world: World) -> None:
    """State case, missing type, other types, errors and DNS options are as the model says."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeVpcEndpoints",
        "<vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId>"
        "<vpcEndpointType>Interface</vpcEndpointType><state>Pending</state>"
        "<serviceName>com.amazonaws.us-west-2.ecs</serviceName>"
        "<serviceRegion>us-west-2</serviceRegion><privateDnsEnabled>true</privateDnsEnabled>"
        "<dnsOptions><privateDnsOnlyForInboundResolverEndpoint>true"
        "</privateDnsOnlyForInboundResolverEndpoint></dnsOptions>"
        "<ipAddressType>dualstack</ipAddressType><policyDocument>{ }</policyDocument>"
        "<lastError><code>c</code><message>m</message></lastError></item>"
        "<item><vpcEndpointId>vpce-2</vpcEndpointId><state>available</state>"
        "<serviceName>com.amazonaws.us-east-1.s3</serviceName>"
        "<privateDnsEnabled>true</privateDnsEnabled></item>"
        "<item><vpcEndpointId>vpce-3</vpcEndpointId><state>failed</state>"
        "<vpcEndpointType>GatewayLoadBalancer</vpcEndpointType>"
        "<failureReason>why</failureReason></item></vpcEndpointSet>",
    )

    assert snapshot.endpoints == (
        Endpoint(
            id="vpce-1",
            service_name="com.amazonaws.us-west-2.ecs",
            type=EndpointType.INTERFACE,
            state="pending",
            private_dns=True,
            policy="{ }",
            service_region="us-west-2",
            private_dns_inbound_resolver_only=True,
            ip_address_type="dualstack",
            last_error="c: m",
        ),
        Endpoint(
            id="vpce-2",
            service_name="com.amazonaws.us-east-1.s3",
            type=EndpointType.GATEWAY,
            state="available",
            private_dns=False,
        ),
        Endpoint(
            id="vpce-3",
            service_name="",
            type=EndpointType.OTHER,
            state="failed",
            private_dns=False,
            last_error="why",
        ),
    )


@pytest.mark.parametrize(
    ("resource", "mode", "state", "expected"),
    [
        ("subnet/{public-a}", "allow-bidirectional", "create-complete", (Egress.IGW, Egress.NAT)),
        ("subnet/{public-a}", "allow-egress", "update-complete", (Egress.NONE, Egress.NAT)),
        ("subnet/{public-a}", "allow-egress", "delete-complete", (Egress.NONE, Egress.NONE)),
        ("subnet/{public-a}", "allow-egress", "create-in-progress", (Egress.NONE, Egress.NONE)),
        ("vpc/{vpc}", "allow-bidirectional", "create-complete", (Egress.IGW, Egress.NAT)),
        ("vpc/{peer-vpc}", "allow-bidirectional", "create-complete", (Egress.NONE, Egress.NONE)),
    ],
)
def test_exclusions_from_block_public_access(
    front: Front,
    session: boto3.Session,
    world: World,
    resource: str,
    mode: str,
    state: str,
    expected: tuple[Egress, Egress],
) -> None:
    """An exclusion in force, of the VPC or of the subnet with the gateway, opens what it says."""
    arn = f"arn:aws:ec2:us-east-1:123456789012:{resource.format(**world.ids)}"

    snapshot = reading(
        front,
        session,
        world,
        "DescribeVpcBlockPublicAccessExclusions",
        f"<vpcBlockPublicAccessExclusionSet><item><resourceArn>{arn}</resourceArn>"
        f"<internetGatewayExclusionMode>{mode}</internetGatewayExclusionMode>"
        f"<state>{state}</state></item></vpcBlockPublicAccessExclusionSet>",
    )

    subnets = (world.ids["public-a"], world.ids["private-a"])
    assert tuple(egress_of(snapshot, id_) for id_ in subnets) == expected


def test_block_public_access_that_is_off_takes_no_further_call(
    front: Front, session: boto3.Session, world: World
) -> None:
    """Where DescribeVpcs says that it is off, nobody needs the permission to ask."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribeVpcs",
        f"<vpcSet><item><vpcId>{world.small}</vpcId><ownerId>123456789012</ownerId>"
        f"<cidrBlock>10.0.0.0/16</cidrBlock><blockPublicAccessStates><internetGatewayBlockMode>"
        f"off</internetGatewayBlockMode></blockPublicAccessStates></item></vpcSet>",
    )

    assert snapshot.block_public_access == "off"
    assert not [call for call in front.seen if "BlockPublicAccess" in call]


def test_lists_with_ranges_take_no_further_call(
    front: Front, session: boto3.Session, world: World
) -> None:
    """AWS gives the service lists' ranges at once: only a customer's list is asked for."""
    snapshot = reading(
        front,
        session,
        world,
        "DescribePrefixLists",
        "<prefixListSet><item><prefixListId>pl-63a5400a</prefixListId><prefixListName>"
        "com.amazonaws.us-east-1.s3</prefixListName><cidrSet><item>52.216.0.0/15</item></cidrSet>"
        "</item><item><prefixListId>pl-02cd2c6b</prefixListId><prefixListName>"
        "com.amazonaws.us-east-1.dynamodb</prefixListName></item></prefixListSet>",
    )

    assert {entry.name: entry.cidrs for entry in snapshot.prefix_lists or ()}[
        "com.amazonaws.us-east-1.s3"
    ] == ("52.216.0.0/15",)
    assert "com.amazonaws.us-east-1.dynamodb" not in {
        entry.name for entry in snapshot.prefix_lists or ()
    }


@pytest.mark.parametrize(
    ("name", "interesting"),
    [
        ("ecr.api.us-east-1.amazonaws.com", True),
        ("api.ecr.us-east-1.amazonaws.com", True),
        ("us-east-1.amazonaws.com", True),
        ("amazonaws.com", True),
        ("com", True),
        (".", True),
        ("us-east-1.api.aws", True),
        ("aws", True),
        ("dkr-ecr.us-east-1.on.aws", True),
        ("us-west-2.amazonaws.com", False),
        ("notamazonaws.com", False),
        ("xus-east-1.amazonaws.com", False),
        ("corp.example", False),
        ("us-east-1.amazonaws.com.corp.example", False),
    ],
)
def test_zones_that_can_shadow_aws_names(name: str, interesting: bool) -> None:
    """A zone above or below the Region's AWS names matters, by whole labels; others do not."""
    assert is_of_interest(HostedZone(id="Z1", name=name), "us-east-1") is interesting


def test_zones_of_china() -> None:
    """Each partition has its own AWS names."""
    zone = HostedZone(id="Z1", name="cn-north-1.amazonaws.com.cn")

    assert is_of_interest(zone, "cn-north-1")
    assert not is_of_interest(zone, "us-east-1")

"""The VPC's own parts: subnets, routes, gateways, what lies beyond."""

from pytest_ecs_privatelink.topology.model import (
    NatGateway,
    Peering,
    Route,
    RouteTable,
    RouteTarget,
    Subnet,
    Vpc,
)
from pytest_ecs_privatelink.topology.reader.scope import Scope, name_of, optional
from pytest_ecs_privatelink.topology.reader.wire import Raw, Wire
from pytest_ecs_privatelink.topology.wellformed import without_host_bits

# Field of the EC2 API's Route that names the target, in the order in which they decide: an
# instance's route names its interface too.
_TARGETS = (
    ("NatGatewayId", RouteTarget.NAT_GATEWAY),
    ("TransitGatewayId", RouteTarget.TRANSIT_GATEWAY),
    ("CoreNetworkArn", RouteTarget.TRANSIT_GATEWAY),
    ("VpcPeeringConnectionId", RouteTarget.PEERING),
    ("EgressOnlyInternetGatewayId", RouteTarget.EGRESS_ONLY_GATEWAY),
    ("InstanceId", RouteTarget.INSTANCE_OR_INTERFACE),
    ("NetworkInterfaceId", RouteTarget.INSTANCE_OR_INTERFACE),
    ("LocalGatewayId", RouteTarget.OTHER),
    ("CarrierGatewayId", RouteTarget.OTHER),
    ("OdbNetworkArn", RouteTarget.OTHER),
)
_GATEWAYS = (
    ("local", RouteTarget.LOCAL),
    ("igw-", RouteTarget.INTERNET_GATEWAY),
    ("vgw-", RouteTarget.VPN_GATEWAY),
)


def read_vpc(wire: Wire, vpc_id: str) -> tuple[Vpc, str | None] | None:
    """Return the VPC without its DNS attributes, and its Block Public Access mode if given.

    None where the answer holds no VPC.
    """
    found = wire.records("ec2", "DescribeVpcs", "Vpcs", _vpc_and_mode, VpcIds=[vpc_id])
    return next(iter(found), None)


def read_dns_support(scope: Scope) -> bool:
    """Return the attribute enableDnsSupport."""
    return _attribute(scope, "enableDnsSupport", "EnableDnsSupport")


def read_dns_hostnames(scope: Scope) -> bool:
    """Return the attribute enableDnsHostnames."""
    return _attribute(scope, "enableDnsHostnames", "EnableDnsHostnames")


def read_subnets(scope: Scope) -> tuple[Subnet, ...]:
    """Return the VPC's subnets that this account sees, RAM-shared ones included."""
    return scope.of_vpc("DescribeSubnets", "Subnets", _subnet)


def read_route_tables(scope: Scope) -> tuple[RouteTable, ...]:
    """Return the VPC's route tables."""
    return scope.of_vpc("DescribeRouteTables", "RouteTables", _route_table)


def read_internet_gateways(scope: Scope) -> tuple[str, ...]:
    """Return the ids of the internet gateways attached to the VPC."""
    return scope.of_vpc(
        "DescribeInternetGateways",
        "InternetGateways",
        lambda raw: str(raw["InternetGatewayId"]),
        by="attachment.vpc-id",
    )


def read_nat_gateways(scope: Scope) -> tuple[NatGateway, ...]:
    """Return the VPC's NAT gateways, gone and failed ones included while AWS lists them."""
    # The only Describe call of EC2 whose parameter is called Filter.
    return scope.of_vpc("DescribeNatGateways", "NatGateways", _nat_gateway, parameter="Filter")


def read_peerings(scope: Scope) -> tuple[Peering, ...]:
    """Return peering connections, from either side, and transit gateway attachments."""
    requested = _peerings(scope, "requester-vpc-info.vpc-id", "RequesterVpcInfo", "AccepterVpcInfo")
    accepted = _peerings(scope, "accepter-vpc-info.vpc-id", "AccepterVpcInfo", "RequesterVpcInfo")
    transit = scope.of_vpc(
        "DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments", _attachment
    )
    return requested + accepted + transit


def _vpc_and_mode(raw: Raw) -> tuple[Vpc, str | None]:
    states = raw.get("BlockPublicAccessStates") or {}
    return _vpc(raw), optional(states, "InternetGatewayBlockMode")


def _vpc(raw: Raw) -> Vpc:
    primary = optional(raw, "CidrBlock")
    secondary = _associated(raw, "CidrBlockAssociationSet", "CidrBlock", "CidrBlockState")
    return Vpc(
        id=raw["VpcId"],
        owner=optional(raw, "OwnerId") or "",
        cidrs=tuple(dict.fromkeys(((primary,) if primary else ()) + secondary)),
        ipv6_cidrs=_associated(
            raw, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState"
        ),
        dhcp_options=optional(raw, "DhcpOptionsId"),
        name=name_of(raw),
    )


def _peerings(scope: Scope, by: str, near: str, far: str) -> tuple[Peering, ...]:
    return scope.of_vpc(
        "DescribeVpcPeeringConnections",
        "VpcPeeringConnections",
        lambda raw: _peering(raw, far),
        by=by,
        owner=lambda raw: raw.get(near, {}).get("VpcId"),
    )


def _attribute(scope: Scope, name: str, key: str) -> bool:
    return scope.wire.answer(
        "ec2",
        "DescribeVpcAttribute",
        lambda answer: bool(answer[key]["Value"]),
        VpcId=scope.vpc.id,
        Attribute=name,
    )


def _subnet(raw: Raw) -> Subnet:
    ipv6 = _associated(raw, "Ipv6CidrBlockAssociationSet", "Ipv6CidrBlock", "Ipv6CidrBlockState")
    ipv6_cidr = ipv6[0] if ipv6 else None
    coming = [str(each["Ipv6CidrBlock"]) for each in raw.get("Ipv6CidrBlockAssociationSet", ())]
    return Subnet(
        id=raw["SubnetId"],
        # An IPv6-only subnet has no other range than this, associated yet or not.
        cidr=optional(raw, "CidrBlock") or next(iter((*ipv6, *coming)), ""),
        az=optional(raw, "AvailabilityZone") or "",
        az_id=optional(raw, "AvailabilityZoneId"),
        ipv6_cidr=ipv6_cidr,
        name=name_of(raw),
        owner=optional(raw, "OwnerId"),
        free_addresses=raw.get("AvailableIpAddressCount"),
        public_ip_on_launch=bool(raw.get("MapPublicIpOnLaunch")),
    )


def _route_table(raw: Raw) -> RouteTable:
    associations = [
        entry
        for entry in raw.get("Associations", ())
        if entry.get("AssociationState", {}).get("State", "associated") == "associated"
    ]
    # AWS prefers a static route to a propagated one for the same CIDR: the first is preferred here.
    routes = sorted(raw.get("Routes", ()), key=_is_propagated)
    return RouteTable(
        id=raw["RouteTableId"],
        routes=tuple(_route(route) for route in routes),
        subnets=tuple(sorted(entry["SubnetId"] for entry in associations if "SubnetId" in entry)),
        main=any(entry.get("Main") for entry in associations),
        name=name_of(raw),
    )


def _is_propagated(raw: Raw) -> bool:
    return raw.get("Origin") == "EnableVgwRoutePropagation"


def _route(raw: Raw) -> Route:
    destination = (
        optional(raw, "DestinationCidrBlock")
        or optional(raw, "DestinationIpv6CidrBlock")
        or str(raw["DestinationPrefixListId"])
    )
    target, target_id = _target(raw, to_list=destination.startswith("pl-"))
    active = str(raw.get("State", "active")).lower() == "active"
    return Route(
        # AWS keeps 10.1.0.0/16 where 10.1.2.3/16 was given; emulators keep what was given.
        destination=without_host_bits(destination),
        target=target,
        target_id=target_id,
        active=active,
    )


def _target(raw: Raw, *, to_list: bool) -> tuple[RouteTarget, str | None]:
    for field, target in _TARGETS:
        if id_ := optional(raw, field):
            return target, id_
    gateway = optional(raw, "GatewayId")
    if gateway is None:
        return RouteTarget.OTHER, None
    for start, target in _GATEWAYS:
        if gateway.startswith(start):
            return target, gateway
    if gateway.startswith("vpce-"):
        # Routes to gateway endpoints are AWS's own and always to a prefix list.
        kind = RouteTarget.GATEWAY_ENDPOINT if to_list else RouteTarget.APPLIANCE_ENDPOINT
        return kind, gateway
    return RouteTarget.OTHER, gateway


def _nat_gateway(raw: Raw) -> NatGateway:
    return NatGateway(
        id=raw["NatGatewayId"],
        subnet=optional(raw, "SubnetId") or "",
        state=str(raw.get("State", "")).lower(),
        public=raw.get("ConnectivityType", "public") == "public",
    )


def _peering(raw: Raw, far: str) -> Peering:
    side = raw.get(far, {})
    blocks = [entry["CidrBlock"] for entry in side.get("CidrBlockSet", ())]
    blocks += [entry["Ipv6CidrBlock"] for entry in side.get("Ipv6CidrBlockSet", ())]
    return Peering(
        id=raw["VpcPeeringConnectionId"],
        kind=RouteTarget.PEERING,
        state=str(raw.get("Status", {}).get("Code", "")).lower(),
        cidrs=tuple(blocks or [block for block in [optional(side, "CidrBlock")] if block]),
    )


def _attachment(raw: Raw) -> Peering:
    # Routes name the transit gateway, not the attachment.
    state = str(raw.get("State", "")).lower()
    return Peering(id=raw["TransitGatewayId"], kind=RouteTarget.TRANSIT_GATEWAY, state=state)


def _associated(raw: Raw, key: str, block: str, state: str) -> tuple[str, ...]:
    return tuple(
        str(entry[block])
        for entry in raw.get(key, ())
        if entry.get(state, {}).get("State", "associated") == "associated"
    )

"""Breaks of the healthy world by ways out of it: NAT gateways, internet gateways, their routes."""

from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.cloud import Client
from pytest_ecs_privatelink.lab.cloud_faults import ANYWHERE, drop_endpoint
from pytest_ecs_privatelink.lab.world import (
    World,
    create_route_table,
    create_subnet,
    https,
    named,
)

if TYPE_CHECKING:
    import boto3

PUBLIC_CIDRS = tuple(f"10.0.{number}.0/24" for number in range(101, 110))


def drop_endpoint_beside_nat(world: World, session: "boto3.Session", service: str) -> None:
    """Delete the endpoint of ``service`` where a NAT gateway gives a working public path.

    The path works only with groups that let 443 out to it, so they are opened as well.
    """
    drop_endpoint(world, session, service)
    lead_out_by_nat(world, session)


def lead_out_by_nat(world: World, session: "boto3.Session") -> None:
    """Give the private subnets a NAT gateway as a way out, and groups that let 443 through."""
    ec2 = session.client("ec2")
    gateway = _create_nat_gateway(ec2, world.vpc_id)
    _lead_out(ec2, world.route_table, NatGatewayId=gateway)
    for group in (*world.task_groups, *world.instance_groups):
        _let_out_anywhere(ec2, group)


def drop_endpoints_beside_private_nat(
    world: World, session: "boto3.Session", services: tuple[str, ...]
) -> None:
    """Delete endpoints where the default route leads to a NAT gateway without public address."""
    ec2 = session.client("ec2")
    for service in services:
        drop_endpoint(world, session, service)
    gateway = _create_nat_gateway(ec2, world.vpc_id, connectivity="private")
    _lead_out(ec2, world.route_table, NatGatewayId=gateway)


def drop_endpoints_beside_internet_gateway(
    world: World, session: "boto3.Session", services: tuple[str, ...]
) -> None:
    """Delete endpoints where the default route leads to an internet gateway."""
    ec2 = session.client("ec2")
    for service in services:
        drop_endpoint(world, session, service)
    _route_to_internet(ec2, world.vpc_id, world.route_table)


def shadow_s3_by_nat(world: World, session: "boto3.Session", cidr: str) -> None:
    """Route ``cidr``, a part of S3's ranges, to a NAT gateway, before the gateway endpoint."""
    ec2 = session.client("ec2")
    gateway = _create_nat_gateway(ec2, world.vpc_id)
    ec2.create_route(
        RouteTableId=world.route_table, DestinationCidrBlock=cidr, NatGatewayId=gateway
    )


def _route_to_internet(ec2: Client, vpc_id: str, table: str) -> None:
    """Give ``table`` a default route to a new internet gateway."""
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=internet, VpcId=vpc_id)
    _lead_out(ec2, table, GatewayId=internet)


def _lead_out(ec2: Client, table: str, **target: str) -> None:
    """Make ``target`` the default route of ``table``, in the place of another fault's."""
    (found,) = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"]
    there = {each.get("DestinationCidrBlock") for each in found["Routes"]}
    make = ec2.replace_route if ANYWHERE in there else ec2.create_route
    make(RouteTableId=table, DestinationCidrBlock=ANYWHERE, **target)


def _let_out_anywhere(ec2: Client, group: str) -> None:
    """Let 443 out of ``group`` to anywhere, unless another fault has."""
    (found,) = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    ranges = (each for rule in found["IpPermissionsEgress"] for each in rule["IpRanges"])
    if ANYWHERE not in {each["CidrIp"] for each in ranges}:
        ec2.authorize_security_group_egress(
            GroupId=group, IpPermissions=https(IpRanges=[{"CidrIp": ANYWHERE}])
        )


def _free_public_cidr(ec2: Client, vpc_id: str) -> str:
    """Return a range that no public subnet of another fault has."""
    wanted = [{"Name": "vpc-id", "Values": [vpc_id]}]
    taken = {each["CidrBlock"] for each in ec2.describe_subnets(Filters=wanted)["Subnets"]}
    return next(cidr for cidr in PUBLIC_CIDRS if cidr not in taken)


def _create_nat_gateway(ec2: Client, vpc_id: str, connectivity: str = "public") -> str:
    """Create a public subnet with an internet gateway and a NAT gateway; return the latter's id."""
    subnet = create_subnet(ec2, vpc_id, "public-a", _free_public_cidr(ec2, vpc_id))
    table = create_route_table(ec2, vpc_id, "public", (subnet,))
    _route_to_internet(ec2, vpc_id, table)
    address = {}
    if connectivity == "public":
        address["AllocationId"] = ec2.allocate_address(Domain="vpc")["AllocationId"]
    made = ec2.create_nat_gateway(
        SubnetId=subnet,
        ConnectivityType=connectivity,
        TagSpecifications=named("natgateway", "nat-a"),
        **address,
    )
    return str(made["NatGateway"]["NatGatewayId"])

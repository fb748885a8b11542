"""Single breaks of the healthy world, made through the API as a person or a template would."""

from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.cloud import Client
from pytest_ecs_privatelink.lab.world import (
    IN_ORDER,
    SUBNET_CIDRS,
    World,
    create_interface_endpoint,
    create_route_table,
    https,
    named,
)

if TYPE_CHECKING:
    import boto3

ANYWHERE = "0.0.0.0/0"
FOREIGN_REGION = "us-west-2"
HALF_OF_A = "10.0.1.0/25"

_AclRow = tuple[int, str, str, str, tuple[int, int] | None]
"""Rule number, direction, action, protocol (``6`` is TCP, ``-1`` any), destination ports."""

_ALL_OUT: _AclRow = (100, "egress", "allow", "-1", None)
_ALL_IN: _AclRow = (100, "ingress", "allow", "-1", None)


def drop_endpoint(world: World, session: "boto3.Session", service: str) -> None:
    """Delete the endpoint of ``service``."""
    _drop_endpoint(session.client("ec2"), world, service)


def copy_ecs_endpoints_of_another_region(world: World, session: "boto3.Session") -> None:
    """Replace the three ECS endpoints by another Region's, as a copied template does (R2)."""
    ec2 = session.client("ec2")
    for service in IN_ORDER:
        _drop_endpoint(ec2, world, service)
    for service in IN_ORDER:
        _create_endpoint(ec2, world, service, region=FOREIGN_REGION)


def turn_private_dns_off(world: World, session: "boto3.Session", service: str) -> None:
    """Give ``service`` an endpoint without private DNS: a new one, for moto ignores the change."""
    ec2 = session.client("ec2")
    _drop_endpoint(ec2, world, service)
    _create_endpoint(ec2, world, service, private_dns=False)


def make_s3_an_interface(world: World, session: "boto3.Session") -> None:
    """Replace the S3 gateway endpoint by an interface endpoint without private DNS."""
    turn_private_dns_off(world, session, "s3")


def turn_vpc_attribute_off(world: World, session: "boto3.Session", attribute: str) -> None:
    """Set the VPC's ``attribute`` (EnableDnsSupport, EnableDnsHostnames) to false."""
    session.client("ec2").modify_vpc_attribute(VpcId=world.vpc_id, **{attribute: {"Value": False}})


def close_endpoint_group(world: World, session: "boto3.Session") -> None:
    """Take from the endpoints' group all that it admits."""
    ec2 = session.client("ec2")
    found = ec2.describe_security_groups(GroupIds=[world.endpoint_group])["SecurityGroups"][0]
    if admitted := found["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=world.endpoint_group, IpPermissions=admitted)


def admit_half_of_a_subnet(world: World, session: "boto3.Session") -> None:
    """Have the endpoints' group admit the lower half of private-a's range, and the others'."""
    close_endpoint_group(world, session)
    cidrs = {**SUBNET_CIDRS, "private-a": HALF_OF_A}.values()
    session.client("ec2").authorize_security_group_ingress(
        GroupId=world.endpoint_group,
        IpPermissions=https(IpRanges=[{"CidrIp": cidr} for cidr in cidrs]),
    )


def leave_subnet(world: World, session: "boto3.Session", service: str, subnet: str) -> None:
    """Take the endpoint of ``service`` out of ``subnet``."""
    session.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=world.endpoints[service], RemoveSubnetIds=[world.subnets[subnet]]
    )


def close_task_groups_to_endpoints(world: World, session: "boto3.Session") -> None:
    """Take from the tasks' groups 443 to the endpoints' group."""
    to_endpoints = [{"GroupId": world.endpoint_group}]
    _revoke_egress(session, world.task_groups, UserIdGroupPairs=to_endpoints)


def close_instance_groups_to_endpoints(world: World, session: "boto3.Session") -> None:
    """Take from the container instances' groups 443 to the endpoints' group."""
    to_endpoints = [{"GroupId": world.endpoint_group}]
    _revoke_egress(session, world.instance_groups, UserIdGroupPairs=to_endpoints)


def close_task_groups_to_s3(world: World, session: "boto3.Session") -> None:
    """Take from the tasks' groups 443 to the S3 prefix list."""
    to_s3 = [{"PrefixListId": world.s3_prefix_list}]
    _revoke_egress(session, world.task_groups, PrefixListIds=to_s3)


def give_subnet_a_table_without_s3(world: World, session: "boto3.Session", subnet: str) -> None:
    """Move ``subnet`` to a route table of its own, which nobody gave to the S3 gateway."""
    ec2 = session.client("ec2")
    table = create_route_table(ec2, world.vpc_id, f"{subnet}-own", ())
    found = ec2.describe_route_tables(RouteTableIds=[world.route_table])["RouteTables"][0]
    association = next(
        each["RouteTableAssociationId"]
        for each in found["Associations"]
        if each.get("SubnetId") == world.subnets[subnet]
    )
    ec2.replace_route_table_association(AssociationId=association, RouteTableId=table)


def block_return_ports(world: World, session: "boto3.Session", subnet: str) -> None:
    """Guard ``subnet`` by a network ACL that admits 443 and forgets that ACLs have no memory."""
    rows = [_ALL_OUT, (100, "ingress", "allow", "6", (443, 443))]
    _guard(world, session, subnet, rows)


def block_outbound_443(world: World, session: "boto3.Session", subnet: str) -> None:
    """Guard ``subnet`` by a network ACL that denies 443 out."""
    rows = [_ALL_IN, (90, "egress", "deny", "6", (443, 443)), _ALL_OUT]
    _guard(world, session, subnet, rows)


def block_inbound_443(world: World, session: "boto3.Session", subnet: str) -> None:
    """Guard ``subnet`` by a network ACL that denies 443 in: its endpoint interfaces starve."""
    rows = [_ALL_OUT, (90, "ingress", "deny", "6", (443, 443)), _ALL_IN]
    _guard(world, session, subnet, rows)


def _drop_endpoint(ec2: Client, world: World, service: str) -> None:
    name = f"com.amazonaws.{world.region}.{service}"
    ids = [
        each["VpcEndpointId"]
        for each in ec2.describe_vpc_endpoints()["VpcEndpoints"]
        if each["VpcId"] == world.vpc_id
        and each["ServiceName"] == name
        and each["State"] != "deleted"
    ]
    if ids:
        ec2.delete_vpc_endpoints(VpcEndpointIds=ids)


def _create_endpoint(
    ec2: Client,
    world: World,
    service: str,
    *,
    private_dns: bool = True,
    region: str | None = None,
) -> None:
    create_interface_endpoint(
        ec2,
        world.vpc_id,
        service,
        world.subnets.values(),
        (world.endpoint_group,),
        private_dns=private_dns,
        region=region or world.region,
    )


def _revoke_egress(
    session: "boto3.Session", groups: tuple[str, ...], **destination: list[dict[str, str]]
) -> None:
    ec2 = session.client("ec2")
    for group in groups:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=https(**destination))


def _guard(world: World, session: "boto3.Session", subnet: str, rows: list[_AclRow]) -> None:
    ec2 = session.client("ec2")
    made = ec2.create_network_acl(
        VpcId=world.vpc_id, TagSpecifications=named("network-acl", f"{subnet}-own")
    )
    acl = made["NetworkAcl"]["NetworkAclId"]
    for number, direction, action, protocol, ports in rows:
        entry = {
            "RuleNumber": number,
            "Egress": direction == "egress",
            "RuleAction": action,
            "Protocol": protocol,
            "CidrBlock": ANYWHERE,
        }
        if ports is not None:
            entry["PortRange"] = {"From": ports[0], "To": ports[1]}
        ec2.create_network_acl_entry(NetworkAclId=acl, **entry)
    association = next(
        each["NetworkAclAssociationId"]
        for found in ec2.describe_network_acls()["NetworkAcls"]
        for each in found["Associations"]
        if each["SubnetId"] == world.subnets[subnet]
    )
    ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)

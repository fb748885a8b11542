"""What remedies may name is picked from the snapshot, never made up."""

from dataclasses import replace

from pytest_ecs_privatelink.diagnosis.ground import (
    Ground,
    ServiceGround,
    SubnetGround,
    ground_of,
)
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    Endpoint,
    EndpointType,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    Snapshot,
    Subnet,
    Vpc,
)

SNAPSHOT = Snapshot(
    taken="2026-11-01T00:00:00Z",
    region="eu-west-1",
    partition="aws",
    account="111111111111",
    vpc=Vpc(id="vpc-1", owner="111111111111", cidrs=("10.7.0.0/16",), dhcp_options="dopt-1"),
    subnets=(
        Subnet(id="subnet-a", cidr="10.7.0.0/24", az="eu-west-1a"),
        Subnet(id="subnet-b", cidr="10.7.1.0/24", az="eu-west-1b"),
    ),
    endpoints=(
        Endpoint(
            id="vpce-logs",
            service_name="com.amazonaws.eu-west-1.logs",
            type=EndpointType.INTERFACE,
            state="available",
            private_dns=True,
        ),
        Endpoint(
            id="vpce-s3",
            service_name="com.amazonaws.eu-west-1.s3",
            type=EndpointType.GATEWAY,
            state="available",
            private_dns=False,
        ),
    ),
    route_tables=(
        RouteTable(id="rtb-main", routes=(), main=True),
        RouteTable(id="rtb-a", routes=(), subnets=("subnet-a",)),
    ),
    security_groups=(
        SecurityGroup(id="sg-default", vpc="vpc-1", name="default", ingress=(), egress=()),
    ),
    network_acls=(NetworkAcl(id="acl-b", entries=(), subnets=("subnet-b",)),),
)
ENDPOINTS = {"logs": "vpce-logs", "s3": "vpce-s3", "kms": None}


def test_the_ground_holds_what_each_cell_stands_on() -> None:
    """Groups fall back to the VPC's default, tables to the main one, the resolver to base + 2."""
    assert ground_of(SNAPSHOT, ENDPOINTS, {"subnet-a": "private-a"}) == Ground(
        vpc="vpc-1",
        region="eu-west-1",
        account="111111111111",
        cidr="10.7.0.0/16",
        resolvers=("10.7.0.2",),
        dhcp_options="dopt-1",
        services=(
            ServiceGround(service="logs", endpoint="vpce-logs", groups=("sg-default",)),
            ServiceGround(service="s3", endpoint="vpce-s3", gateway=True),
            ServiceGround(service="kms"),
        ),
        subnets=(
            SubnetGround(id="subnet-a", name="private-a", cidr="10.7.0.0/24", table="rtb-a"),
            SubnetGround(
                id="subnet-b", name="subnet-b", cidr="10.7.1.0/24", acl="acl-b", table="rtb-main"
            ),
        ),
    )


def test_own_name_servers_replace_the_vpc_resolver() -> None:
    """DHCP options say whom hosts ask; AmazonProvidedDNS there is the address it stands for."""
    options = DhcpOptions(id="dopt-1", name_servers=("10.9.0.5", "AmazonProvidedDNS"))
    ground = ground_of(replace(SNAPSHOT, dhcp_options=options), ENDPOINTS, {})
    assert ground.resolvers == ("10.9.0.5", "10.7.0.2")


def test_unreadable_parts_stay_unknown() -> None:
    """What could not be read is no id, rather than a wrong one."""
    blind = replace(SNAPSHOT, route_tables=None, network_acls=None, security_groups=None)
    ground = ground_of(blind, ENDPOINTS, {})
    assert ground.subnet("subnet-a") == SubnetGround(
        id="subnet-a", name="subnet-a", cidr="10.7.0.0/24"
    )
    assert ground.service("logs").groups == ()

"""VPCs of any size, as the snapshots that a reader would have brought."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from pytest_ecs_privatelink.catalogue.services import private_dns_names, service_name
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    DhcpOptions,
    Endpoint,
    EndpointType,
    GroupRule,
    Interface,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
    Subnet,
    Vpc,
)

REGION, ACCOUNT, VPC_ID = "us-east-1", "123456789012", "vpc-0123456789abcdef0"
DEFAULT, TASKS, OPEN, CLOSED = "sg-0d000000", "sg-0a000000", "sg-0b000000", "sg-0c000000"
INTERFACE_SERVICES = (
    *("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "kms"),
    *("ecs", "ecs-agent", "ecs-telemetry", "sts", "xray", "monitoring", "events"),
)
S3_LIST, S3_RANGES = "pl-63a5400a", ("3.5.0.0/19", "52.216.0.0/15", "54.231.0.0/16")

_ANYWHERE = "0.0.0.0/0"
_ZONES = tuple(f"{REGION}{letter}" for letter in "abc")
_NETWORK = IPv4Network("10.0.0.0/16")
_TABLE, _S3 = "rtb-01234567", "vpce-0000000000000053"


def make_snapshot(subnets: int, services: int, closed: int = 0) -> Snapshot:
    """Return a VPC where ``closed`` interface endpoints wear a group that admits nothing.

    ``services`` counts the S3 gateway; the others have an interface in each of three zones. With
    fewer than four, something is missing that Fargate tasks need.
    """
    standing = tuple(_subnets(subnets))
    names = INTERFACE_SERVICES[: services - 1]
    homes = standing[: len(_ZONES)]
    return Snapshot(
        taken="2026-01-01T00:00:00+00:00",
        region=REGION,
        partition="aws",
        account=ACCOUNT,
        vpc=Vpc(
            id=VPC_ID,
            owner=ACCOUNT,
            cidrs=(str(_NETWORK),),
            dns_support=True,
            dns_hostnames=True,
        ),
        subnets=standing,
        endpoints=(
            *(_endpoint(i, name, homes, i < closed) for i, name in enumerate(names)),
            _gateway(),
        ),
        dhcp_options=DhcpOptions(id="dopt-01234567", name_servers=("AmazonProvidedDNS",)),
        route_tables=(_table(),),
        internet_gateways=(),
        nat_gateways=(),
        interfaces=tuple(
            _interface(i, home, i < closed) for i in range(len(names)) for home in homes
        ),
        security_groups=tuple(_groups()),
        network_acls=(_open_acl(standing),),
        prefix_lists=(
            PrefixList(id=S3_LIST, name=service_name("s3", REGION), cidrs=S3_RANGES),
        ),
        hosted_zones=(),
        resolver_rules=(),
        dns_firewalls=(),
        route53_profiles=(),
        peerings=(),
        block_public_access="off",
        endpoint_services=(),
    )  # fmt: skip


def _subnets(count: int) -> Iterator[Subnet]:
    for i, network in zip(range(count), _NETWORK.subnets(new_prefix=24), strict=False):
        zone = _ZONES[i % len(_ZONES)]
        yield Subnet(
            id=f"subnet-{i:08x}",
            cidr=str(network),
            az=zone,
            name=f"private-{i}",
            owner=ACCOUNT,
            free_addresses=200,
        )


def _endpoint(i: int, service: str, homes: tuple[Subnet, ...], closed: bool) -> Endpoint:
    return Endpoint(
        id=f"vpce-{i:017x}",
        service_name=service_name(service, REGION),
        type=EndpointType.INTERFACE,
        state="available",
        private_dns=True,
        subnets=tuple(home.id for home in homes),
        groups=(CLOSED if closed else OPEN,),
        interfaces=tuple(_interface_id(i, home) for home in homes),
        dns_names=(
            f"vpce-{i:017x}-abcdefgh.{service}.{REGION}.vpce.amazonaws.com",
            *private_dns_names(service, REGION),
        ),
        created="2025-12-31T00:00:00+00:00",
    )


def _interface(i: int, home: Subnet, closed: bool) -> Interface:
    return Interface(
        id=_interface_id(i, home),
        subnet=home.id,
        type="vpc_endpoint",
        addresses=(str(IPv4Network(home.cidr)[10 + i]),),
        groups=(CLOSED if closed else OPEN,),
    )


def _interface_id(i: int, home: Subnet) -> str:
    return f"eni-{home.id.removeprefix('subnet-')}{i:09x}"


def _gateway() -> Endpoint:
    return Endpoint(
        id=_S3,
        service_name=service_name("s3", REGION),
        type=EndpointType.GATEWAY,
        state="available",
        private_dns=False,
        route_tables=(_TABLE,),
    )


def _table() -> RouteTable:
    local = Route(destination=str(_NETWORK), target=RouteTarget.LOCAL, target_id="local")
    to_s3 = Route(destination=S3_LIST, target=RouteTarget.GATEWAY_ENDPOINT, target_id=_S3)
    return RouteTable(id=_TABLE, routes=(local, to_s3), main=True)


def _groups() -> Iterator[SecurityGroup]:
    from_vpc = GroupRule(protocol="tcp", from_port=443, to_port=443, cidr=str(_NETWORK))
    everything = GroupRule(protocol="-1", cidr=_ANYWHERE)
    for id_, name, ingress in (
        (DEFAULT, "default", ()),
        (TASKS, "tasks", ()),
        (OPEN, "endpoints", (from_vpc,)),
        (CLOSED, "black-holes", ()),
    ):
        yield SecurityGroup(id=id_, vpc=VPC_ID, name=name, ingress=ingress, egress=(everything,))


def _open_acl(guarded: tuple[Subnet, ...]) -> NetworkAcl:
    entries = tuple(
        AclEntry(number=100, egress=egress, allow=True, protocol="-1", cidr=_ANYWHERE)
        for egress in (False, True)
    )
    return NetworkAcl(
        id="acl-01234567",
        entries=entries,
        subnets=tuple(subnet.id for subnet in guarded),
        default=True,
    )

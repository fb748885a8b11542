"""A large, lived-in VPC in which every audit has work to do, and something to find."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from filtered import acls, security_groups, worn
from inhabited import cluster_in, mount_targets, roles
from named import hosted_zones, offers, rules_of_resolver
from routed import nat_gateways, peerings, route_tables
from worlds import ACCOUNT, INTERFACE_SERVICES, REGION, S3_LIST, VPC_ID, make_snapshot

from pytest_ecs_privatelink.catalogue.services import private_dns_names, service_name
from pytest_ecs_privatelink.topology.model import (
    DhcpOptions,
    DnsFirewall,
    Endpoint,
    EndpointType,
    Interface,
    PrefixList,
    RouteTable,
    Snapshot,
    Subnet,
)

_NETWORK = IPv4Network("10.0.0.0/8")
_S3_RANGES = (
    *("3.5.0.0/19", "16.15.176.0/20", "16.182.0.0/16", "18.34.0.0/19", "18.34.232.0/21"),
    *("44.192.134.240/28", "52.216.0.0/15", "54.231.0.0/16", "140.179.144.0/20"),
    "3.2.0.0/24",
)
_FEW = 10
_PENDING, _ELSEWHERE = 9, 11
_WITHOUT_NAMES = ("ssm", "kms", "events")
_OPEN = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}'
_POLICIES = (
    *(None, _OPEN, _OPEN, "not JSON"),
    '{"Statement":[{"Effect":"Allow","Principal":"*","Resource":"*",'
    '"Action":["ecs:CreateCluster","ecs:ListClusters"]}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":'
    '["ecr:*","logs:Put*","secretsmanager:Get*","ssm:*","ecs:*"],"Resource":"*",'
    f'"Condition":{{"StringEquals":{{"aws:SourceVpc":"{VPC_ID}"}}}}}}]}}',
)
_LAYERS_ONLY = (
    '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":'
    '["arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*","arn:aws:s3:::env-*/*"],'
    f'"Condition":{{"StringEquals":{{"aws:PrincipalAccount":"{ACCOUNT}"}}}}}}]}}'
)


def make_crowd(
    *, subnets: int, endpoints: int, groups: int, rules: int, apart: bool = False
) -> Snapshot:
    """Return it; ``rules`` are those of each group.

    Every ninth endpoint is still pending, and some services have only such ones; most endpoints
    share their service with others, as where teams made their own. ``apart``: every subnet has its
    route table and its network ACL to itself, instead of ten for all.
    """
    base = make_snapshot(3, 4)
    standing = tuple(_subnets(subnets))
    few = subnets if apart else _FEW
    gateway = next(each for each in base.endpoints if each.route_tables)
    tables = tuple(route_tables(base, standing, gateway.id, few))
    return replace(
        _with_names(base, standing),
        vpc=replace(base.vpc, cidrs=(str(_NETWORK),)),
        subnets=standing,
        endpoints=tuple(_endpoints(standing[:3], endpoints, groups, _with_tables(gateway, tables))),
        route_tables=tables,
        internet_gateways=("igw-1",),
        nat_gateways=nat_gateways(standing),
        peerings=peerings(),
        network_acls=tuple(acls(base, standing, few)),
        interfaces=tuple(_interfaces(standing, endpoints - 1, groups)),
        security_groups=(*(base.security_groups or ()), *security_groups(groups, rules)),
        prefix_lists=(PrefixList(id=S3_LIST, name=service_name("s3", REGION), cidrs=_S3_RANGES),),
        cluster=cluster_in(standing, groups),
        roles=roles(subnets),
        mount_targets=mount_targets(standing[:2]),
    )


def _with_names(base: Snapshot, standing: tuple[Subnet, ...]) -> Snapshot:
    servers = (str(IPv4Network(standing[0].cidr)[53]), "AmazonProvidedDNS")
    return replace(
        base,
        dhcp_options=DhcpOptions(id="dopt-01234567", name_servers=servers),
        hosted_zones=hosted_zones(),
        resolver_rules=rules_of_resolver(),
        dns_firewalls=(DnsFirewall(id="rslvr-frg-1", priority=101),),
        endpoint_services=offers(),
    )


def _subnets(count: int) -> Iterator[Subnet]:
    for i, network in zip(range(count), _NETWORK.subnets(new_prefix=24), strict=False):
        yield Subnet(
            id=f"subnet-{i:08x}",
            cidr=str(network),
            az=f"{REGION}{'abcd'[i % 4]}",
            name=f"private-{i}",
            owner=ACCOUNT,
            free_addresses=i % 50,
        )


def _with_tables(gateway: Endpoint, tables: tuple[RouteTable, ...]) -> Endpoint:
    return replace(gateway, route_tables=tuple(each.id for each in tables), policy=_LAYERS_ONLY)


def _endpoints(
    homes: tuple[Subnet, ...], count: int, groups: int, gateway: Endpoint
) -> Iterator[Endpoint]:
    for i in range(count - 1):
        yield _endpoint(i, homes, groups)
    yield gateway


def _endpoint(i: int, homes: tuple[Subnet, ...], groups: int) -> Endpoint:
    service = INTERFACE_SERVICES[i % len(INTERFACE_SERVICES)]
    region = "us-west-2" if i % _ELSEWHERE == _ELSEWHERE - 1 else REGION
    return Endpoint(
        id=f"vpce-{i:017x}",
        service_name=service_name(service, region),
        type=EndpointType.INTERFACE,
        state="pending" if i % len(INTERFACE_SERVICES) % _PENDING == 0 else "available",
        private_dns=i < len(INTERFACE_SERVICES) and service not in _WITHOUT_NAMES,
        subnets=tuple(home.id for home in homes),
        groups=worn(i, groups),
        interfaces=tuple(_interface_id(i, home) for home in homes),
        dns_names=(
            f"vpce-{i:017x}-abcdefgh.{service}.{region}.vpce.amazonaws.com",
            *private_dns_names(service, region),
        ),
        policy=_POLICIES[i % len(_POLICIES)],
        created=f"2025-12-31T00:{59 - i % 60:02}:00+00:00",
    )


def _interfaces(standing: tuple[Subnet, ...], endpoints: int, groups: int) -> Iterator[Interface]:
    """Yield those of endpoints, then two of tasks and one of an instance in every subnet."""
    for i in range(endpoints):
        for home in standing[:3]:
            yield Interface(
                id=_interface_id(i, home),
                subnet=home.id,
                type="vpc_endpoint",
                addresses=(str(IPv4Network(home.cidr)[10 + i]),),
                groups=worn(i, groups),
            )
    for i, home in enumerate(standing):
        for n in range(3):
            yield Interface(
                id=f"eni-f{i:08x}{n}",
                subnet=home.id,
                type="interface",
                addresses=(str(IPv4Network(home.cidr)[200 + n]),),
                groups=worn(i, groups),
                description=None
                if n == 0
                else f"arn:aws:ecs:{REGION}:{ACCOUNT}:attachment/{i}-{n}",
                instance=f"i-{i:017x}" if n == 0 else None,
                primary=n == 0,
            )


def _interface_id(i: int, home: Subnet) -> str:
    return f"eni-{i:08x}{home.id.removeprefix('subnet-')}"

"""A large, lived-in VPC: many tables, ACLs and groups, and endpoints of which some are broken."""

from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

from worlds import ACCOUNT, REGION, TASKS, VPC_ID, make_snapshot

from pytest_ecs_privatelink.catalogue.services import private_dns_names, service_name
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    Endpoint,
    EndpointType,
    GroupRule,
    Interface,
    NetworkAcl,
    RouteTable,
    SecurityGroup,
    Snapshot,
    Subnet,
)

_NETWORK = IPv4Network("10.0.0.0/8")
_SERVICES = (
    *("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm", "ssmmessages", "kms", "ecs"),
    *("ecs-agent", "ecs-telemetry", "sts", "xray", "monitoring", "events"),
)
_TABLES, _ACLS, _GROUPS_WORN, _PENDING = 10, 10, 3, 9


def make_crowd(*, subnets: int, endpoints: int, groups: int, rules: int) -> Snapshot:
    """Return it; ``rules`` are those of each group.

    Every ninth endpoint is still pending, and some services have only such ones; most endpoints
    share their service with others, as where teams made their own.
    """
    base = make_snapshot(3, 4)
    standing = tuple(_subnets(subnets))
    homes = standing[:3]
    worn = tuple(_endpoint(i, homes, groups) for i in range(endpoints - 1))
    gateway = next(each for each in base.endpoints if each.route_tables)
    tables = tuple(_tables(base, standing))
    return replace(
        base,
        vpc=replace(base.vpc, cidrs=(str(_NETWORK),)),
        subnets=standing,
        endpoints=(*worn, replace(gateway, route_tables=tuple(each.id for each in tables))),
        route_tables=tables,
        network_acls=tuple(_acls(base, standing)),
        interfaces=tuple(
            Interface(
                id=f"eni-{i:08x}{home.id.removeprefix('subnet-')}",
                subnet=home.id,
                type="vpc_endpoint",
                addresses=(str(IPv4Network(home.cidr)[10 + i]),),
                groups=each.groups,
            )
            for i, each in enumerate(worn)
            for home in homes
        ),
        security_groups=(*(base.security_groups or ()), *_groups(groups, rules)),
    )


def _subnets(count: int) -> Iterator[Subnet]:
    for i, network in zip(range(count), _NETWORK.subnets(new_prefix=24), strict=False):
        yield Subnet(
            id=f"subnet-{i:08x}",
            cidr=str(network),
            az=f"{REGION}{'abc'[i % 3]}",
            name=f"private-{i}",
            owner=ACCOUNT,
            free_addresses=200,
        )


def _endpoint(i: int, homes: tuple[Subnet, ...], groups: int) -> Endpoint:
    service = _SERVICES[i % len(_SERVICES)]
    worn = sorted({(i * _GROUPS_WORN + k) % groups for k in range(_GROUPS_WORN)})
    return Endpoint(
        id=f"vpce-{i:017x}",
        service_name=service_name(service, REGION),
        type=EndpointType.INTERFACE,
        state="pending" if i % len(_SERVICES) % _PENDING == 0 else "available",
        private_dns=i < len(_SERVICES),
        subnets=tuple(home.id for home in homes),
        groups=tuple(_group_id(number) for number in worn),
        interfaces=tuple(f"eni-{i:08x}{home.id.removeprefix('subnet-')}" for home in homes),
        dns_names=private_dns_names(service, REGION),
        created="2025-12-31T00:00:00+00:00",
    )


def _tables(base: Snapshot, standing: tuple[Subnet, ...]) -> Iterator[RouteTable]:
    (main,) = base.route_tables or ()
    yield main
    for i in range(_TABLES):
        homes = tuple(each.id for each in standing[i::_TABLES])
        yield replace(main, id=f"rtb-{i:08x}", subnets=homes, main=False)


def _acls(base: Snapshot, standing: tuple[Subnet, ...]) -> Iterator[NetworkAcl]:
    (default,) = base.network_acls or ()
    yield replace(default, subnets=())
    for i in range(_ACLS):
        homes = tuple(each.id for each in standing[i::_ACLS])
        denied = tuple(
            AclEntry(number=10 + n, egress=n % 2 == 0, allow=False, protocol="6",
                     from_port=22 + n, to_port=22 + n, cidr="0.0.0.0/0")
            for n in range(18)
        )  # fmt: skip
        entries = (*denied, *default.entries)
        yield replace(default, id=f"acl-{i:08x}", entries=entries, subnets=homes, default=False)


def _groups(groups: int, rules: int) -> Iterator[SecurityGroup]:
    everything = GroupRule(protocol="-1", cidr="0.0.0.0/0")
    for i in range(groups):
        ingress = tuple(_rule(i, n) for n in range(rules - 1))
        yield SecurityGroup(
            id=_group_id(i), vpc=VPC_ID, name=f"team-{i}", ingress=ingress, egress=(everything,)
        )


def _rule(i: int, n: int) -> GroupRule:
    """Return one of many shapes: ranges, single hosts and other groups; few of them are 443."""
    port = 443 if n % 4 == 0 else 1024 + n
    if n % 5 == 0:
        source = TASKS if n % 10 == 0 else _group_id(n)
        return GroupRule(protocol="tcp", from_port=port, to_port=port, group=source)
    cidr = f"10.{(i * 7 + n) % 8}.{n * 4}.0/{'22' if n % 3 else '24'}"
    return GroupRule(protocol="tcp", from_port=port, to_port=port, cidr=cidr)


def _group_id(number: int) -> str:
    return f"sg-{0xE0000000 + number:08x}"

"""Packet filters of a large VPC: ACLs with denials and holes, and groups of many rules."""

from collections.abc import Iterator
from dataclasses import replace

from worlds import S3_LIST, TASKS, VPC_ID

from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    GroupRule,
    NetworkAcl,
    SecurityGroup,
    Snapshot,
    Subnet,
)

_STEP, _AT_ONCE = 3, 5


def acls(base: Snapshot, standing: tuple[Subnet, ...], count: int) -> Iterator[NetworkAcl]:
    """Yield ``count`` ACLs that share the subnets: all deny something, some of it is 443."""
    (default,) = base.network_acls or ()
    yield replace(default, subnets=())
    for i in range(count):
        homes = tuple(each.id for each in standing[i::count])
        entries = (*_denied(i), *default.entries)
        yield replace(default, id=f"acl-{i:08x}", entries=entries, subnets=homes, default=False)


def _denied(i: int) -> Iterator[AclEntry]:
    for n in range(16):
        yield _entry(10 + n, n % 2 == 0, 22 + n, 22 + n, "0.0.0.0/0")
    if i % 3 == 0:
        yield _entry(40, True, 443, 443, f"10.{i % 8}.0.0/17")
    if i % 3 == 1:
        yield _entry(41, False, 32768, 40000, "52.216.0.0/15")
    if i % 5 == 1:
        yield _entry(42, False, 49152, 65535, "10.0.0.0/22")


def _entry(number: int, egress: bool, first: int, last: int, cidr: str) -> AclEntry:
    return AclEntry(
        number=number,
        egress=egress,
        allow=False,
        protocol="6",
        from_port=first,
        to_port=last,
        cidr=cidr,
    )


def security_groups(count: int, rules: int) -> Iterator[SecurityGroup]:
    """Yield them, each with ``rules`` rules; every other one, and the first few, let little out."""
    for i in range(count):
        strict = i % 2 == 1 or i < _AT_ONCE
        half = rules // 2 if strict else rules - 1
        narrow = tuple(_rule(i, n) for n in range(rules - half))
        everything = (GroupRule(protocol="-1", cidr="0.0.0.0/0"),)
        yield SecurityGroup(
            id=_group_id(i),
            vpc=VPC_ID,
            name=f"team-{i}",
            ingress=tuple(_rule(i, n) for n in range(half)),
            egress=narrow if strict else everything,
        )


def worn(i: int, groups: int) -> tuple[str, ...]:
    """Return the groups that the wearer of number ``i`` wears."""
    return tuple(_group_id(n) for n in sorted({(i * _STEP + k) % groups for k in range(_AT_ONCE)}))


def _rule(i: int, n: int) -> GroupRule:
    """Return one of many shapes: ranges, single hosts and other groups; few of them are 443."""
    port = 443 if n % 4 == 0 else 1024 + n
    if n % 5 == 0:
        source = TASKS if n % 10 == 0 else _group_id(n)
        return GroupRule(protocol="tcp", from_port=port, to_port=port, group=source)
    if n % 13 == 12:
        return GroupRule(protocol="tcp", from_port=443, to_port=443, prefix_list=S3_LIST)
    cidr = f"10.{(i * 7 + n) % 8}.{n * 4 % 256}.0/{'22' if n % 3 else '24'}"
    return GroupRule(protocol="tcp", from_port=port, to_port=port, cidr=cidr)


def _group_id(number: int) -> str:
    return f"sg-{0xE0000000 + number:08x}"

"""Where S3 stands in the twin: in every part of its ranges that routes or rules tell apart.

Deliberately without `topology.fates`, as `lab.plan.routes` is without `topology.routes`: the twin
has to be able to contradict the audits.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import chain, pairwise

from pytest_ecs_privatelink.topology.model import RouteTable, Snapshot

_Fate = tuple[str | bool | None, ...]
_Rows = tuple[tuple[IPv4Network, str], ...]


def s3_addresses(snapshot: Snapshot, ranges: Sequence[str]) -> tuple[str, ...]:
    """Return addresses of ``ranges``: first one for each distinct fate, then one for each range.

    A fate is what every route table does, and which of the rules that are about a part of S3 match:
    two addresses differ where a more specific route than the prefix list's, an ACL's entry or a
    group's outbound rule holds the one and not the other.
    """
    networks = [IPv4Network(cidr, strict=False) for cidr in ranges]
    tables = [_rows(table) for table in snapshot.route_tables or ()]
    rules = tuple(sorted(set(_rules(snapshot))))
    by_fate: dict[_Fate, str] = {}
    firsts = []
    for network in networks:
        parts = [each for each in rules if each.subnet_of(network) and each != network]
        candidates = [_second(*span) for span in _spans(network, tables, parts)]
        firsts.append(candidates[0])
        for address in candidates:
            fate = (*_fate(address, network, tables), *(address in each for each in parts))
            by_fate.setdefault(fate, str(address))
    return tuple(dict.fromkeys((*by_fate.values(), *map(str, firsts))))


def _rows(table: RouteTable) -> _Rows:
    """Return the table's IPv4 routes to CIDRs, the longest prefix first, and where each leads."""
    plain = (each for each in table.routes if "pl-" not in each.destination)
    rows = (
        (IPv4Network(each.destination, strict=False), f"{each.target} {each.target_id}")
        for each in plain
        if ":" not in each.destination
    )
    return tuple(sorted(rows, key=lambda row: -row[0].prefixlen))


def _rules(snapshot: Snapshot) -> Iterator[IPv4Network]:
    """Yield the ranges that ACLs' entries and groups' outbound rules may be about."""
    entries = (entry.cidr for acl in snapshot.network_acls or () for entry in acl.entries)
    outbound = (rule for group in snapshot.security_groups or () for rule in group.egress)
    listed = (cidr for each in snapshot.prefix_lists or () for cidr in each.cidrs)
    for cidr in chain(entries, (rule.cidr for rule in outbound if rule.cidr), listed):
        if ":" not in cidr:
            yield IPv4Network(cidr, strict=False)


def _spans(
    network: IPv4Network, tables: Sequence[_Rows], parts: Sequence[IPv4Network]
) -> Iterator[tuple[int, int]]:
    """Yield first and last of the parts into which routes and rules within ``network`` cut it."""
    first, after = int(network[0]), int(network[-1]) + 1
    inner = {row for rows in tables for row, _ in rows if row.subnet_of(network)} | set(parts)
    cuts = {first, after}
    for each in inner:
        cuts |= {int(each[0]), int(each[-1]) + 1}
    ordered = sorted(cuts)
    yield from ((low, high - 1) for low, high in pairwise(ordered))


def _second(first: int, last: int) -> IPv4Address:
    """Return an address that a server can have: not a network's own, where there is another."""
    return IPv4Address(min(first + 1, last))


def _fate(address: IPv4Address, network: IPv4Network, tables: Sequence[_Rows]) -> _Fate:
    return tuple(
        next(
            (
                target
                for row, target in rows
                if row.prefixlen >= network.prefixlen and address in row
            ),
            None,
        )
        for rows in tables
    )

"""Where S3 stands in the twin: in every part of its ranges that some route tells from the rest.

Deliberately without `topology.fates`, as `lab.plan.routes` is without `topology.routes`: the twin
has to be able to contradict the audits.
"""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import pairwise

from pytest_ecs_privatelink.topology.model import RouteTable, Snapshot

_Fate = tuple[str | None, ...]
_Rows = tuple[tuple[IPv4Network, str], ...]


def s3_addresses(snapshot: Snapshot, ranges: Sequence[str]) -> tuple[str, ...]:
    """Return addresses of ``ranges``: first one for each distinct fate, then one for each range.

    A fate is what every route table does: two addresses differ where in one table a more specific
    route than the prefix list's holds the one and not the other.
    """
    networks = [IPv4Network(cidr, strict=False) for cidr in ranges]
    tables = [_rows(table) for table in snapshot.route_tables or ()]
    by_fate: dict[_Fate, str] = {}
    firsts = []
    for network in networks:
        candidates = [_second(*span) for span in _spans(network, tables)]
        firsts.append(candidates[0])
        for address in candidates:
            by_fate.setdefault(_fate(address, network, tables), str(address))
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


def _spans(network: IPv4Network, tables: Sequence[_Rows]) -> Iterator[tuple[int, int]]:
    """Yield first and last of the parts into which routes within ``network`` cut it."""
    first, after = int(network[0]), int(network[-1]) + 1
    inner = {row for rows in tables for row, _ in rows if row.subnet_of(network)}
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

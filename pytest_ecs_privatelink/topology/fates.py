"""What a route table does with a set of addresses: which route decides about which part of it.

Source: docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
"""

from dataclasses import dataclass
from ipaddress import IPv4Network

from pytest_ecs_privatelink.topology.model import Route, RouteTable, Snapshot
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.topology.routes import entries


@dataclass(frozen=True, slots=True)
class Fate:
    """Addresses about which one route decides; ``route`` is None where none leads there."""

    part: Ranges
    route: Route | None


def fates(snapshot: Snapshot, table: RouteTable, addresses: Ranges) -> tuple[Fate, ...]:
    """Return the parts of ``addresses`` by the route that decides, the longest prefix first.

    The parts are disjoint and make up ``addresses``. A blackhole decides, too.
    """
    left, found = addresses, []
    for network, route in _longest_first(snapshot, table):
        if part := left & _range_of(network):
            found.append(Fate(part, route))
            left -= part
    return (*found, Fate(left, None)) if left else tuple(found)


def _longest_first(snapshot: Snapshot, table: RouteTable) -> list[tuple[IPv4Network, Route]]:
    mine = [
        (network, route)
        for network, route in entries(snapshot, table)
        if isinstance(network, IPv4Network)
    ]
    # Sorting is stable, and the order of `entries` is AWS's preference among equals.
    return sorted(mine, key=lambda each: -each[0].prefixlen)


def _range_of(network: IPv4Network) -> Ranges:
    first = int(network.network_address)
    return Ranges(((first, first + network.num_addresses - 1),))

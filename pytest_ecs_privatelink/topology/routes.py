"""Where a subnet's packets go: longest prefix first, as VPC route tables decide.

Source: docs.aws.amazon.com/vpc/latest/userguide/route-tables-priority.html
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, ip_network

from pytest_ecs_privatelink.topology.lookup import table_of
from pytest_ecs_privatelink.topology.model import Route, RouteTable, RouteTarget, Snapshot

Network = IPv4Network | IPv6Network
_EVERYTHING = IPv4Network("0.0.0.0/0")


def best_match(snapshot: Snapshot, subnet_id: str, address: str) -> tuple[Network, Route] | None:
    """Return what decides about a packet from the subnet to ``address``: a network and its route.

    The network is the CIDR that matched: a route to a prefix list has many. A blackhole is
    returned (``active`` is False), for its traffic is dropped. None means that no route leads
    there, or that the route tables could not be read (`table_of` is None too). A prefix list that
    the snapshot does not hold matches nothing.
    """
    table = table_of(snapshot, subnet_id)
    if table is None:
        return None
    target = ip_address(address)
    return _best(entry for entry in entries(snapshot, table) if target in entry[0])


def best_matches(
    snapshot: Snapshot, subnet_id: str, addresses: Iterable[str]
) -> dict[str, tuple[Network, Route] | None]:
    """Return what `best_match` says of each of many addresses, reading the table once."""
    table = table_of(snapshot, subnet_id)
    known = () if table is None else tuple(entries(snapshot, table))
    targets = {address: ip_address(address) for address in addresses}
    return {
        address: _best(entry for entry in known if target in entry[0])
        for address, target in targets.items()
    }


def route_for(snapshot: Snapshot, subnet_id: str, address: str) -> Route | None:
    """Return the route that a packet from the subnet to ``address`` takes, as `best_match` says."""
    match = best_match(snapshot, subnet_id, address)
    return None if match is None else match[1]


def default_route(snapshot: Snapshot, subnet_id: str) -> Route | None:
    """Return the subnet's IPv4 default route, blackhole or not; None as in `best_match`.

    Routes that together lead everywhere (0.0.0.0/1 and 128.0.0.0/1) are one, before 0.0.0.0/0
    itself, which no packet takes then; its target is ``OTHER`` where theirs differ.
    """
    table = table_of(snapshot, subnet_id)
    if table is None:
        return None
    outward = [
        (network, route)
        for network, route in entries(snapshot, table)
        if isinstance(network, IPv4Network) and route.target is not RouteTarget.LOCAL
    ]
    parts = [entry for entry in outward if entry[0] != _EVERYTHING]
    if _lead_everywhere(parts):
        return _joined(parts)
    return next((route for network, route in outward if network == _EVERYTHING), None)


def _joined(parts: list[tuple[IPv4Network, Route]]) -> Route:
    for target in dict.fromkeys((route.target, route.target_id) for _, route in parts):
        own = [(net, route) for net, route in parts if (route.target, route.target_id) == target]
        if _lead_everywhere(own):
            active = all(route.active for _, route in own)
            return Route(
                destination=str(_EVERYTHING), target=target[0], target_id=target[1], active=active
            )
    return Route(destination=str(_EVERYTHING), target=RouteTarget.OTHER, target_id=None)


def _lead_everywhere(entries: list[tuple[IPv4Network, Route]]) -> bool:
    return list(collapse_addresses(network for network, _ in entries)) == [_EVERYTHING]


def _best(entries: Iterator[tuple[Network, Route]]) -> tuple[Network, Route] | None:
    # max() keeps the first of equals, and the order of `entries` is AWS's preference.
    return max(entries, key=lambda entry: entry[0].prefixlen, default=None)


def entries(snapshot: Snapshot, table: RouteTable) -> Iterator[tuple[Network, Route]]:
    """Yield every (network, route), of equal networks the preferred route first.

    A route to a CIDR beats one to a prefix list. Local routes that an emulator does not list are
    added last: a listed route for the same CIDR has replaced the local one.
    """
    lists = {entry.id: entry.cidrs for entry in snapshot.prefix_lists or ()}
    for route in table.routes:
        if not _names_list(route):
            yield ip_network(route.destination, strict=False), route
    for route in table.routes:
        if _names_list(route):
            for cidr in lists.get(route.destination, ()):
                yield ip_network(cidr, strict=False), route
    for cidr in (*snapshot.vpc.cidrs, *snapshot.vpc.ipv6_cidrs):
        local = Route(destination=cidr, target=RouteTarget.LOCAL, target_id="local")
        yield ip_network(cidr, strict=False), local


def _names_list(route: Route) -> bool:
    return route.destination.startswith("pl-")

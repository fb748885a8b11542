"""Route tables as the kernel's: every route of a subnet, and which way out its target is.

Deliberately without `topology.routes`: the kernel picks the longest prefix, so that the twin can
contradict the audits. Source of the rules that remain: VPC User Guide, "Route priority".
"""

from collections.abc import Iterator
from ipaddress import IPv4Network

from pytest_ecs_privatelink.lab.twin_plan import PlannedRoute, Way
from pytest_ecs_privatelink.topology.lookup import subnet_of, table_of
from pytest_ecs_privatelink.topology.model import (
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
)

_EVERYTHING = "0.0.0.0/0"
APPLIANCES = frozenset({RouteTarget.INSTANCE_OR_INTERFACE, RouteTarget.APPLIANCE_ENDPOINT})
BEYOND = APPLIANCES | {
    RouteTarget.TRANSIT_GATEWAY,
    RouteTarget.PEERING,
    RouteTarget.VPN_GATEWAY,
}
"""What may lead to other networks: behind it a twin has what hosted zones name, no more."""
_CARRYING_STATES = frozenset({"active", "available"})


def planned_routes(snapshot: Snapshot, subnet_id: str) -> tuple[PlannedRoute, ...]:
    """Return the kernel's routes for packets from a subnet, one for each network.

    What no route covers is dropped without a word, as AWS does; so are a blackhole, and an internet
    gateway for a host without public address.
    """
    table = table_of(snapshot, subnet_id)
    routes: dict[IPv4Network, PlannedRoute] = {}
    for route in _routes(snapshot, subnet_id, table):
        routes.setdefault(IPv4Network(route.destination), route)
    ordered = sorted(routes.items(), key=lambda item: (item[0].prefixlen, int(item[0][0])))
    return tuple(route for _, route in ordered)


def _routes(snapshot: Snapshot, subnet_id: str, table: RouteTable | None) -> Iterator[PlannedRoute]:
    """Yield routes; of those for one network the first one counts: CIDR before prefix list."""
    lists = {each.id: each.cidrs for each in snapshot.prefix_lists or ()}
    routes = () if table is None else table.routes
    for route in routes:
        if not route.destination.startswith("pl-"):
            yield from _each(snapshot, subnet_id, route, (route.destination,))
    for route in routes:
        yield from _each(snapshot, subnet_id, route, lists.get(route.destination, ()))
    for cidr in snapshot.vpc.cidrs:  # emulators do not list the local route of every CIDR
        yield PlannedRoute(str(IPv4Network(cidr)), Way.VPC)
    yield PlannedRoute(_EVERYTHING, None)


def _each(
    snapshot: Snapshot, subnet_id: str, route: Route, cidrs: tuple[str, ...]
) -> Iterator[PlannedRoute]:
    way = _way(snapshot, subnet_id, route)
    nat_subnet = _nat_subnet(snapshot, route) if way is Way.NAT else None
    for cidr in cidrs:
        if ":" not in cidr:
            yield PlannedRoute(str(IPv4Network(cidr, strict=False)), way, nat_subnet)


def _way(snapshot: Snapshot, subnet_id: str, route: Route) -> Way | None:
    if not route.active:
        return None
    if route.target is RouteTarget.LOCAL:
        return Way.VPC
    if route.target is RouteTarget.GATEWAY_ENDPOINT:
        return _gateway_way(snapshot, route)
    if route.target is RouteTarget.NAT_GATEWAY:
        return _nat_way(snapshot, route)
    if route.target is RouteTarget.INTERNET_GATEWAY:
        return _igw_way(snapshot, subnet_id)
    if route.target in BEYOND:
        return _transit_way(snapshot, route)
    return None


def _gateway_way(snapshot: Snapshot, route: Route) -> Way | None:
    # An endpoint that is not listed is outside this account's view, and its route is active.
    states = [each.state for each in snapshot.endpoints if each.id == route.target_id]
    return Way.GATEWAY if all(state == "available" for state in states) else None


def _nat_way(snapshot: Snapshot, route: Route) -> Way | None:
    """Follow a NAT gateway: available, public, and its subnet before the internet, or nowhere."""
    for nat in snapshot.nat_gateways or ():
        if nat.id == route.target_id:
            open_ = _blocking(snapshot, nat.subnet) in ("off", "block-ingress")
            stands = not nat.subnet or _reaches_internet(snapshot, nat.subnet)
            leads = nat.public and nat.state == "available" and open_ and stands
            return Way.NAT if leads else None
    return None


def _nat_subnet(snapshot: Snapshot, route: Route) -> str | None:
    subnets = (nat.subnet for nat in snapshot.nat_gateways or () if nat.id == route.target_id)
    return next(subnets, None) or None


def _igw_way(snapshot: Snapshot, subnet_id: str) -> Way | None:
    """Let interfaces with a public address out, where Block Public Access does not forbid it."""
    subnet = subnet_of(snapshot, subnet_id)
    public = subnet is not None and subnet.public_ip_on_launch
    return Way.IGW if public and _blocking(snapshot, subnet_id) == "off" else None


def _transit_way(snapshot: Snapshot, route: Route) -> Way | None:
    states = [each.state for each in snapshot.peerings or () if each.id == route.target_id]
    return Way.TRANSIT if all(state in _CARRYING_STATES for state in states) else None


def _reaches_internet(snapshot: Snapshot, subnet_id: str) -> bool:
    table = table_of(snapshot, subnet_id)
    return table is not None and any(
        route.active
        and route.destination == _EVERYTHING
        and route.target is RouteTarget.INTERNET_GATEWAY
        for route in table.routes
    )


def _blocking(snapshot: Snapshot, subnet_id: str) -> str:
    """Return the mode of Block Public Access there; what could not be read is taken as off."""
    subnet = subnet_of(snapshot, subnet_id)
    own = subnet.block_public_access if subnet is not None else None
    return own or snapshot.block_public_access or "off"

"""Remedies for the way to another VPC's endpoints: a route as the VPC has them elsewhere."""

from ipaddress import ip_address, ip_network

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.topology.model import Route, RouteTable, RouteTarget, Snapshot
from pytest_ecs_privatelink.topology.routes import Network
from pytest_ecs_privatelink.verdict import Remedy

_OPTIONS = {
    RouteTarget.TRANSIT_GATEWAY: ("--transit-gateway-id", "transit_gateway_id"),
    RouteTarget.PEERING: ("--vpc-peering-connection-id", "vpc_peering_connection_id"),
    RouteTarget.VPN_GATEWAY: ("--gateway-id", "gateway_id"),
}
_UNKNOWN = Route(
    destination="CIDR_OF_THE_HUB",
    target=RouteTarget.TRANSIT_GATEWAY,
    target_id="TRANSIT_GATEWAY_ID",
)


Ways = tuple[tuple[Network, Route], ...]
"""Networks, and the routes that lead there."""


def ways_beyond(snapshot: Snapshot) -> Ways:
    """Return, each once, the routes that any table has to other networks, and could have."""
    routes = (route for table in snapshot.route_tables or () for route in table.routes)
    could = (
        Route(destination=cidr, target=each.kind, target_id=each.id)
        for each in snapshot.peerings or ()
        for cidr in each.cidrs
    )
    found = dict.fromkeys(
        each
        for each in (*routes, *could)
        if each.active and each.target in _OPTIONS and "/" in each.destination
    )
    return tuple((ip_network(each.destination, strict=False), each) for each in found)


def route_to(snapshot: Snapshot, table: RouteTable, address: str | None, ways: Ways) -> Remedy:
    """Return what routes ``table`` to ``address``, or to a hub of unknown range.

    ``ways`` are `ways_beyond`; a dead route that the table has for the same range is replaced.
    """
    route = _UNKNOWN if address is None else _known(address, ways)
    present = {each.destination for each in table.routes}
    option, argument = _OPTIONS[route.target]
    verb = "replace-route" if route.destination in present else "create-route"
    command = aws(
        snapshot,
        *(verb, "--route-table-id", table.id, "--destination-cidr-block", route.destination),
        *(option, str(route.target_id)),
    )
    terraform = block(
        "aws_route",
        f"{table.id}_hub",
        route_table_id=text(table.id),
        destination_cidr_block=text(route.destination),
        **{argument: text(str(route.target_id))},
    )
    return Remedy((command,), terraform)


def _known(address: str, ways: Ways) -> Route:
    numeric = ip_address(address)
    return next((route for network, route in ways if numeric in network), _UNKNOWN)

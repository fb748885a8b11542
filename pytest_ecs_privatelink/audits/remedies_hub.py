"""Remedies for the way to another VPC's endpoints: a route as the VPC has them elsewhere."""

from ipaddress import ip_address, ip_network

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.topology.model import Route, RouteTarget, Snapshot
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


def route_to(
    snapshot: Snapshot, table: str, address: str | None, present: tuple[str, ...]
) -> Remedy:
    """Return what routes ``table`` to ``address``, or to a hub of unknown range.

    ``present`` are the destinations that the table has a (dead) route for: one is replaced.
    """
    route = _UNKNOWN if address is None else _known(snapshot, address)
    option, argument = _OPTIONS[route.target]
    verb = "replace-route" if route.destination in present else "create-route"
    command = aws(
        snapshot,
        *(verb, "--route-table-id", table, "--destination-cidr-block", route.destination),
        *(option, str(route.target_id)),
    )
    terraform = block(
        "aws_route",
        f"{table}_hub",
        route_table_id=text(table),
        destination_cidr_block=text(route.destination),
        **{argument: text(str(route.target_id))},
    )
    return Remedy((command,), terraform)


def _known(snapshot: Snapshot, address: str) -> Route:
    """Return the route that another table has, or the range that a connection leads to."""
    numeric = ip_address(address)
    routes = (
        *(route for table in snapshot.route_tables or () for route in table.routes if route.active),
        *(
            Route(destination=cidr, target=each.kind, target_id=each.id)
            for each in snapshot.peerings or ()
            for cidr in each.cidrs
        ),
    )
    fitting = (
        each
        for each in routes
        if each.target in _OPTIONS
        and "/" in each.destination
        and numeric in ip_network(each.destination, strict=False)
    )
    return next(fitting, _UNKNOWN)

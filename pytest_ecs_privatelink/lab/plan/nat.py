"""The ACL of a NAT gateway's own subnet: what goes through the gateway passes it twice.

Requests enter that subnet from the host and leave it for the internet, replies the other way round:
every packet meets both lists, as in NAT gateways of the VPC User Guide ("Troubleshoot NAT
gateways", "Instances cannot access the internet"). The gateway's own address is neither rewritten
nor needed: an ACL entry names the far end, which is the host on one side and the server on the
other.
"""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.lab.plan.acls import acl_name
from pytest_ecs_privatelink.lab.plan.matching import Direction
from pytest_ecs_privatelink.lab.twin_plan import (
    Action,
    FilterChain,
    FilterRule,
    PlannedHost,
    PlannedRoute,
)
from pytest_ecs_privatelink.topology.lookup import acl_of, subnet_of
from pytest_ecs_privatelink.topology.model import Snapshot


def nat_subnets(snapshot: Snapshot) -> set[str]:
    """Return the subnets of the VPC that NAT gateways stand in."""
    known = {subnet.id for subnet in snapshot.subnets}
    return {nat.subnet for nat in snapshot.nat_gateways or ()} & known


def nat_chains(
    snapshot: Snapshot, hosts: tuple[PlannedHost, ...], stages: tuple[int, int]
) -> tuple[FilterChain, ...]:
    """Return two stages for what passes NAT gateways; none where nothing does."""
    behind = [host for host in hosts if any(route.nat_subnet for route in host.routes)]
    if not behind:
        return ()
    return tuple(
        FilterChain(
            f"nat-{direction}",
            tuple(rule for host in behind for rule in _passages(snapshot, host, direction)),
            stage,
        )
        for direction, stage in zip((Direction.INGRESS, Direction.EGRESS), stages, strict=True)
    )


def _passages(snapshot: Snapshot, host: PlannedHost, direction: Direction) -> Iterator[FilterRule]:
    """Send both ways of each route to its gateway's ACL, the longest prefix first."""
    subnet = subnet_of(snapshot, host.subnet)
    assert subnet is not None  # or the host would have no address
    for route in reversed(host.routes):
        rule = _passage(snapshot, host, route, direction)
        yield replace(rule, source=subnet.cidr, destination=route.destination)
        yield replace(rule, source=route.destination, destination=subnet.cidr)


def _passage(
    snapshot: Snapshot, host: PlannedHost, route: PlannedRoute, direction: Direction
) -> FilterRule:
    acl = None if route.nat_subnet is None else acl_of(snapshot, route.nat_subnet)
    if acl is None or route.nat_subnet == host.subnet:  # whose ACL it has passed already
        comment = f"no NAT gateway's ACL between {host.subnet} and {route.destination}"
        return FilterRule(action=Action.ACCEPT, comment=comment)
    comment = f"{acl.id} guards the NAT gateway in {route.nat_subnet}"
    return FilterRule(action=Action.GOTO, target=acl_name(acl, direction), comment=comment)

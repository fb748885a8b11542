"""Where a default route that was meant to lead out ends, and what mends it."""

from dataclasses import dataclass

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.topology.lookup import subnet_of, table_of
from pytest_ecs_privatelink.topology.model import NatGateway, Route, RouteTarget, Snapshot
from pytest_ecs_privatelink.topology.routes import default_route
from pytest_ecs_privatelink.verdict import Remedy

_ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What ends a path: its AWS id, why in a clause, and what mends it."""

    subject: str
    why: str
    remedy: Remedy


def obstacle(snapshot: Snapshot, subnet_id: str) -> Obstacle | None:
    """Return what ends the way out of a subnet whose egress is ``none``; the first on the way.

    None where no default route was meant to lead out.
    """
    return _on_the_way(snapshot, subnet_id, frozenset())


def _on_the_way(snapshot: Snapshot, subnet_id: str, passed: frozenset[str]) -> Obstacle | None:
    route = default_route(snapshot, subnet_id)
    if route is None or subnet_id in passed:
        return None
    nat = snapshot.index.nat_gateways.get(route.target_id or "")
    if route.target is RouteTarget.NAT_GATEWAY and nat is not None:
        return _at_nat(snapshot, nat, passed | {subnet_id})
    if not route.active:
        return _blackhole(snapshot, subnet_id, route)
    if route.target is RouteTarget.INTERNET_GATEWAY:
        return _blocked(snapshot, subnet_id)
    return None


def _blackhole(snapshot: Snapshot, subnet_id: str, route: Route) -> Obstacle | None:
    table = table_of(snapshot, subnet_id)
    if table is None:
        return None
    target = route.target_id or str(route.target)
    replacing = aws(
        snapshot,
        *("replace-route", "--route-table-id", table.id),
        *("--destination-cidr-block", _ANYWHERE, "--nat-gateway-id", "NAT_GATEWAY_ID"),
    )
    resource = block(
        "aws_route",
        "default",
        route_table_id=text(table.id),
        destination_cidr_block=text(_ANYWHERE),
        nat_gateway_id="aws_nat_gateway.this.id",
    )
    return Obstacle(
        table.id,
        f"its default route to {target} is a blackhole",
        Remedy((replacing,), resource),
    )


def _at_nat(snapshot: Snapshot, nat: NatGateway, passed: frozenset[str]) -> Obstacle | None:
    if nat.state != "available":
        return _bad_nat(snapshot, nat, f"the NAT gateway is {nat.state}")
    if not nat.subnet:
        return _at_regional_nat(snapshot, nat)
    onward = default_route(snapshot, nat.subnet)
    if onward is not None and onward.active and onward.target is RouteTarget.INTERNET_GATEWAY:
        if nat.public:
            return _blocked(snapshot, nat.subnet)
        return _bad_nat(snapshot, nat, "the NAT gateway is private, without public address")
    further = _on_the_way(snapshot, nat.subnet, passed)
    return further or _bad_nat(
        snapshot, nat, f"its subnet {nat.subnet} does not lead to an internet gateway"
    )


def _at_regional_nat(snapshot: Snapshot, nat: NatGateway) -> Obstacle:
    if not nat.public:
        return _bad_nat(snapshot, nat, "the NAT gateway is private, without public address")
    if not snapshot.internet_gateways:
        return _bad_nat(snapshot, nat, f"{snapshot.vpc.id} has no internet gateway")
    return _blocked(snapshot, nat.subnet)


def _bad_nat(snapshot: Snapshot, nat: NatGateway, why: str) -> Obstacle:
    create = aws(
        snapshot,
        *("create-nat-gateway", "--subnet-id", "PUBLIC_SUBNET_ID"),
        *("--connectivity-type", "public", "--allocation-id", "ALLOCATION_ID"),
    )
    resource = block(
        "aws_nat_gateway",
        "this",
        subnet_id=text("PUBLIC_SUBNET_ID"),
        allocation_id=text("ALLOCATION_ID"),
    )
    return Obstacle(nat.id, why, Remedy((create,), resource))


def _blocked(snapshot: Snapshot, subnet_id: str) -> Obstacle:
    subnet = subnet_of(snapshot, subnet_id)
    own = subnet.block_public_access if subnet is not None else None
    mode = own or snapshot.block_public_access or "on"
    exclude = aws(
        snapshot,
        *("create-vpc-block-public-access-exclusion", "--vpc-id", snapshot.vpc.id),
        *("--internet-gateway-exclusion-mode", "allow-egress"),
    )
    resource = block(
        "aws_vpc_block_public_access_exclusion",
        "egress",
        vpc_id=text(snapshot.vpc.id),
        internet_gateway_exclusion_mode=text("allow-egress"),
    )
    return Obstacle(
        snapshot.vpc.id,
        f"Block Public Access ({mode}) closes its internet gateway",
        Remedy((exclude,), resource),
    )

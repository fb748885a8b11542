"""Routes of a large VPC: tables whose ways out, and whose ways to S3, differ and break."""

from collections.abc import Iterator
from dataclasses import replace

from worlds import S3_LIST

from pytest_ecs_privatelink.topology.model import (
    NatGateway,
    Peering,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
)

_NAT, _TRANSIT, _PEERING = "nat-1", "tgw-1", "pcx-1"


def route_tables(
    base: Snapshot, standing: tuple[Subnet, ...], gateway: str, count: int
) -> Iterator[RouteTable]:
    """Yield the main table, and ``count`` that share the subnets."""
    (main,) = base.route_tables or ()
    yield main
    for i in range(count):
        homes = tuple(each.id for each in standing[i::count])
        routes = (main.routes[0], *_beyond(), *_outward(i, gateway))
        yield replace(main, id=f"rtb-{i:08x}", routes=routes, subnets=homes, main=False)


def _beyond() -> Iterator[Route]:
    for n in range(16):
        yield _route(f"172.16.{n * 8}.0/21", RouteTarget.TRANSIT_GATEWAY, _TRANSIT)
    yield _route("192.168.0.0/16", RouteTarget.PEERING, _PEERING)


def _outward(i: int, gateway: str) -> Iterator[Route]:
    if i == 0:
        yield _route("0.0.0.0/0", RouteTarget.INTERNET_GATEWAY, "igw-1")
    if i % 5 != 4:
        yield _route(S3_LIST, RouteTarget.GATEWAY_ENDPOINT, gateway)
    if i % 5 == 1:
        yield _route("52.216.0.0/16", RouteTarget.NAT_GATEWAY, _NAT)
    if i % 5 == 2:
        yield _route("0.0.0.0/0", RouteTarget.NAT_GATEWAY, _NAT)
    if i % 5 == 3:
        yield _route("0.0.0.0/0", RouteTarget.NAT_GATEWAY, "nat-deleted", active=False)


def _route(destination: str, target: RouteTarget, id_: str, *, active: bool = True) -> Route:
    return Route(destination=destination, target=target, target_id=id_, active=active)


def nat_gateways(standing: tuple[Subnet, ...]) -> tuple[NatGateway, ...]:
    """Return the only one."""
    return (NatGateway(id=_NAT, subnet=standing[0].id, state="available", public=True),)


def peerings() -> tuple[Peering, ...]:
    """Return the ways to other networks."""
    return (
        Peering(id=_PEERING, kind=RouteTarget.PEERING, state="active", cidrs=("192.168.0.0/16",)),
        Peering(id=_TRANSIT, kind=RouteTarget.TRANSIT_GATEWAY, state="available"),
    )

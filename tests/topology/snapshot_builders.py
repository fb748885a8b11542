"""Small snapshots for the tests of this folder, and a strategy for arbitrary ones."""

import ipaddress
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st
from record_strategies import records

from pytest_ecs_privatelink.topology.model import (
    SCHEMA,
    NatGateway,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
    Vpc,
)

ACCOUNT = "123456789012"
REGION = "us-east-1"
S3_LIST = "pl-63a5400a"


def vpc_of(
    *subnets: Subnet,
    routes: Mapping[str, tuple[Route, ...]] | None = None,
    **parts: Any,  # noqa: ANN401  (any field of the Snapshot)
) -> Snapshot:
    """Return a VPC 10.0.0.0/16 whose subnets (by id) have a route table each with these routes.

    Subnets that are not in ``routes`` use the main table, which has none. Block Public Access is
    off unless told otherwise.
    """
    tables = [RouteTable(id="rtb-main", routes=(), main=True)]
    tables += [
        RouteTable(id=f"rtb-{id_}", routes=own, subnets=(id_,))
        for id_, own in (routes or {}).items()
    ]
    fields: dict[str, Any] = {
        "taken": "2026-11-23T00:00:00+00:00",
        "region": REGION,
        "partition": "aws",
        "account": ACCOUNT,
        "vpc": Vpc(id="vpc-1", owner=ACCOUNT, cidrs=("10.0.0.0/16",)),
        "subnets": subnets or (subnet("subnet-a"),),
        "endpoints": (),
        "route_tables": tuple(tables),
        "block_public_access": "off",
    }
    return Snapshot(**(fields | parts))


def subnet(id_: str, name: str | None = None) -> Subnet:
    """Return a subnet in the first Availability Zone."""
    return Subnet(id=id_, cidr="10.0.0.0/24", az="us-east-1a", name=name)


def default(target: RouteTarget, target_id: str = "x-1", *, active: bool = True) -> Route:
    """Return an IPv4 default route."""
    return Route(destination="0.0.0.0/0", target=target, target_id=target_id, active=active)


def to(destination: str, target_id: str, *, active: bool = True) -> Route:
    """Return a route to a destination, known by its target's id."""
    return Route(
        destination=destination,
        target=RouteTarget.INSTANCE_OR_INTERFACE,
        target_id=target_id,
        active=active,
    )


def nat(in_subnet: str, *, state: str = "available", public: bool = True) -> NatGateway:
    """Return the NAT gateway ``nat-1``."""
    return NatGateway(id="nat-1", subnet=in_subnet, state=state, public=public)


_ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
_NETWORKS = st.builds(
    lambda address, length: str(
        ipaddress.ip_network((address, length % (address.max_prefixlen + 1)), strict=False)
    ),
    _ADDRESSES,
    st.integers(0, 128),
)
_ACCOUNTS = st.integers(0, 10**12 - 1).map("{:012}".format)
_TEXTS = {
    **dict.fromkeys(("cidr", "cidrs", "ipv6_cidr", "ipv6_cidrs", "destination"), _NETWORKS),
    **dict.fromkeys(("address", "addresses", "ipv6_addresses"), _ADDRESSES.map(str)),
    "owner": _ACCOUNTS,
    "Snapshot.schema": st.just(SCHEMA),
    "protocol": st.sampled_from(["-1", "tcp", "udp", "icmp", "icmpv6", "6", "58"]),
}


def any_snapshots() -> st.SearchStrategy[Snapshot]:
    """Return a strategy for whatever the model can hold."""
    return records(Snapshot, _TEXTS)

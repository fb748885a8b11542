"""Random VPCs for the referee: healthy ones, tampered with in a few places or in many.

A world is drawn part by part (groups, ACLs, routes, endpoints, names), each of them healthy more
often than not: of worlds in which everything is random, all cells are red and nothing is compared.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from random_endpoints import endpoints
from random_filters import acls, groups
from random_names import hosted_zones
from random_routes import nat_gateways, s3_gateways, tables, transit
from referee_ids import (
    ACCOUNT,
    DEFAULT,
    INSTANCES,
    OTHER,
    OWN_LIST,
    PUBLIC,
    REGION,
    S3_LIST,
    S3_RANGES,
    TASKS,
    VPC,
)
from tampering import Draw, one_in

from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.topology.model import DhcpOptions, PrefixList, Snapshot, Subnet, Vpc
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import LaunchType

_OF_A_SEED = 50
_BASES = ("10.0", "10.0", "10.0", "20.10", "172.31", "192.168")
_NEEDS = ((), (), ("ecr.api", "logs", "s3"), ("ecr.dkr", "s3", "kms"))
_LAUNCH_TYPES = ((LaunchType.FARGATE,), (LaunchType.EC2,), tuple(LaunchType))
_BLOCKING = (*["off"] * 8, "block-ingress", "block-bidirectional")
_EACH_ITS_OWN = {LaunchType.FARGATE: (TASKS,), LaunchType.EC2: (INSTANCES,)}
_WEARERS: tuple[Wearers, ...] = (
    *[_EACH_ITS_OWN] * 5,
    {LaunchType.FARGATE: (TASKS,), LaunchType.EC2: (TASKS,)},
    {LaunchType.FARGATE: (TASKS, OTHER), LaunchType.EC2: (INSTANCES, OTHER)},
    {LaunchType.FARGATE: (DEFAULT,), LaunchType.EC2: (DEFAULT,)},
    {LaunchType.FARGATE: (TASKS,), LaunchType.EC2: None},
)


@dataclass(frozen=True, slots=True)
class World:
    """A VPC, and what is asked of it: launch types, what they wear, endpoint services needed."""

    snapshot: Snapshot
    wearers: Wearers
    launch_types: tuple[LaunchType, ...]
    need: tuple[str, ...] = ()
    require_private: bool = False

    @property
    def subnets(self) -> tuple[str, ...]:
        """The subnets under test: all but the one that NAT gateways stand in."""
        return tuple(each.id for each in self.snapshot.subnets if each.id != PUBLIC)


def drawn(count: int, chosen: int) -> list[World]:
    """Return ``count`` worlds at most; the same ones for the same seed."""
    found: list[World] = []

    @seed(chosen)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(worlds())
    def collect(world: World) -> None:
        found.append(world)

    collect()
    return found


def many(count: int, first: int) -> Iterator[World]:
    """Yield ``count`` worlds, of as many seeds as that takes."""
    while count > 0:
        yield from itertools.islice(drawn(_OF_A_SEED, first), count)
        count, first = count - _OF_A_SEED, first + 1


@st.composite
def worlds(draw: Draw) -> World:
    """Draw a world."""
    launch_types = draw(st.sampled_from(_LAUNCH_TYPES))
    need = draw(st.sampled_from(_NEEDS))
    return World(
        snapshot=draw(_snapshots(need, instances=LaunchType.EC2 in launch_types)),
        wearers=draw(st.sampled_from(_WEARERS)),
        launch_types=launch_types,
        need=need,
        require_private=draw(one_in(8)),
    )


@st.composite
def _snapshots(draw: Draw, need: tuple[str, ...], *, instances: bool) -> Snapshot:
    cidrs, subnets, public = draw(_places())
    ids, ranges = tuple(each.id for each in subnets), tuple(each.cidr for each in subnets)
    made = draw(endpoints(subnets, need, instances=instances))
    routed = draw(tables(ids, cidrs))
    own = draw(st.sampled_from([cidrs, ranges[:1]]))
    return Snapshot(
        taken="2026-01-01T00:00:00Z",
        region=REGION,
        partition="aws",
        account=ACCOUNT,
        vpc=draw(_vpcs(cidrs)),
        subnets=(*subnets, public),
        endpoints=(*(each for each, _ in made), *draw(s3_gateways(routed))),
        dhcp_options=draw(_dhcp_options()),
        route_tables=routed,
        internet_gateways=("igw-1",),
        nat_gateways=(draw(nat_gateways()),),
        interfaces=tuple(interface for _, interfaces in made for interface in interfaces),
        security_groups=draw(groups(ranges, cidrs)),
        network_acls=draw(acls(ranges, ids)),
        prefix_lists=(
            PrefixList(id=S3_LIST, name=service_name("s3", REGION), cidrs=S3_RANGES),
            PrefixList(id=OWN_LIST, name="own", cidrs=own),
        ),
        peerings=(draw(transit()),),
        block_public_access=draw(st.sampled_from(_BLOCKING)),
        hosted_zones=draw(hosted_zones(tuple(each for each, _ in made))),
        resolver_rules=(),
        dns_firewalls=(),
        route53_profiles=(),
        endpoint_services=(),
    )


@st.composite
def _places(draw: Draw) -> tuple[tuple[str, ...], tuple[Subnet, ...], Subnet]:
    """Draw the VPC's ranges, the subnets under test, and the one for NAT gateways."""
    base = draw(st.sampled_from(_BASES))
    subnets = tuple(
        Subnet(
            id=f"subnet-{letter}",
            cidr=f"{base}.{i}.0/24",
            az=f"us-east-1{letter}",
            name=f"private-{letter}",
            free_addresses=200,
            public_ip_on_launch=draw(one_in(5)),
        )
        for i, letter in enumerate("abc"[: draw(st.integers(2, 3))], 1)
    )
    public = Subnet(
        id=PUBLIC, cidr=f"{base}.100.0/24", az="us-east-1a", public_ip_on_launch=True, name="public"
    )
    if not draw(one_in(5)):
        return (f"{base}.0.0/16",), subnets, public
    moved = replace(subnets[-1], cidr="100.64.1.0/24")
    return (f"{base}.0.0/16", "100.64.0.0/16"), (*subnets[:-1], moved), public


@st.composite
def _vpcs(draw: Draw, cidrs: tuple[str, ...]) -> Vpc:
    return Vpc(
        id=VPC,
        owner=ACCOUNT,
        cidrs=cidrs,
        dns_support=not draw(one_in(30)),
        dns_hostnames=not draw(one_in(20)),
        dhcp_options="dopt-1",
    )


@st.composite
def _dhcp_options(draw: Draw) -> DhcpOptions:
    servers = ("10.9.9.9",) if draw(one_in(15)) else ("AmazonProvidedDNS",)
    return DhcpOptions(id="dopt-1", name_servers=servers)

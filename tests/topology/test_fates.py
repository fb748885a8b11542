"""What a route table does with a set of addresses."""

from ipaddress import IPv4Address, IPv4Network

from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.topology.fates import fates
from pytest_ecs_privatelink.topology.model import (
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
    Vpc,
)
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.topology.routes import route_for

S3 = ("52.216.0.0/28", "52.216.0.32/28")


def cidr(number: int, length: int) -> str:
    """Return a network around an address of 52.216.0.0/26."""
    return str(IPv4Network((int(IPv4Address("52.216.0.0")) + number, length), strict=False))


DESTINATIONS = st.one_of(
    st.just("pl-s3"), st.builds(cidr, st.integers(0, 63), st.integers(24, 32)), st.just("::/0")
)
ROUTES = st.builds(
    Route,
    destination=DESTINATIONS,
    target=st.sampled_from((RouteTarget.NAT_GATEWAY, RouteTarget.GATEWAY_ENDPOINT)),
    target_id=st.sampled_from(("one", "two")),
    active=st.booleans(),
)


@given(st.lists(ROUTES, max_size=8))
def test_each_address_has_the_fate_that_longest_prefix_match_gives_it(routes: list[Route]) -> None:
    """The parts are disjoint, leave nothing out, and agree with the lookup of one address."""
    table = RouteTable(id="rtb-1", routes=tuple(routes), main=True)
    snapshot = Snapshot(
        taken="2026-01-01T00:00:00Z",
        region="us-east-1",
        partition="aws",
        account="1",
        vpc=Vpc(id="vpc-1", owner="1", cidrs=("10.0.0.0/16",)),
        subnets=(Subnet(id="subnet-1", cidr="10.0.0.0/24", az="us-east-1a"),),
        endpoints=(),
        route_tables=(table,),
        prefix_lists=(PrefixList(id="pl-s3", name="com.amazonaws.us-east-1.s3", cidrs=S3),),
    )

    found = fates(snapshot, table, Ranges.of(S3))

    for network in map(IPv4Network, S3):
        for address in map(str, network):
            (fate,) = (each for each in found if address in each.part)
            assert fate.route == route_for(snapshot, "subnet-1", address)

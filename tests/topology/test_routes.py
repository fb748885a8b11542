"""Where a packet goes, judged by tables and against an oracle written another way."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snapshot_builders import S3_LIST, default, to, vpc_of

from pytest_ecs_privatelink.topology.model import PrefixList, Route, RouteTarget, Snapshot, Vpc
from pytest_ecs_privatelink.topology.routes import best_match, default_route, route_for

S3 = PrefixList(
    id=S3_LIST, name="com.amazonaws.us-east-1.s3", cidrs=("52.216.0.0/15", "3.5.0.0/19")
)


def from_a(*routes: Route, **parts: object) -> Snapshot:
    """Return a VPC whose subnet-a has these routes."""
    return vpc_of(routes={"subnet-a": routes}, **parts)


def leads_to(snapshot: Snapshot, address: str) -> str | None:
    """Return the id of the target that subnet-a's packets to ``address`` go to."""
    route = route_for(snapshot, "subnet-a", address)
    return None if route is None else route.target_id


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("10.0.5.5", "local"),
        ("10.0.7.7", "firewall"),
        ("10.1.0.1", "peer"),
        ("172.16.0.1", "transit"),
        ("8.8.8.8", "nat"),
    ],
)
def test_longest_prefix_wins(address: str, target: str) -> None:
    """The most specific route decides, even inside the VPC's own range."""
    snapshot = from_a(
        to("0.0.0.0/0", "nat"),
        to("172.16.0.0/12", "transit"),
        to("10.1.0.0/16", "peer"),
        to("10.0.7.0/24", "firewall"),
    )

    assert leads_to(snapshot, address) == target


def test_prefix_list_is_expanded() -> None:
    """A route to a prefix list is one route for each of its ranges."""
    snapshot = from_a(to("0.0.0.0/0", "nat"), to(S3_LIST, "vpce-s3"), prefix_lists=(S3,))

    assert leads_to(snapshot, "52.217.1.1") == "vpce-s3"
    assert leads_to(snapshot, "3.5.0.1") == "vpce-s3"
    assert leads_to(snapshot, "3.5.32.1") == "nat"


def test_best_match_names_the_range_of_the_prefix_list() -> None:
    """Of a route to a prefix list, the range that matched is told: the route alone names none."""
    snapshot = from_a(to("0.0.0.0/0", "nat"), to(S3_LIST, "vpce-s3"), prefix_lists=(S3,))

    inside = best_match(snapshot, "subnet-a", "52.217.1.1")
    outside = best_match(snapshot, "subnet-a", "3.5.32.1")

    assert inside == (ipaddress.ip_network("52.216.0.0/15"), to(S3_LIST, "vpce-s3"))
    assert outside == (ipaddress.ip_network("0.0.0.0/0"), to("0.0.0.0/0", "nat"))


def test_more_specific_route_beats_the_prefix_list() -> None:
    """A longer CIDR inside the list's range takes its traffic away from the endpoint."""
    snapshot = from_a(to(S3_LIST, "vpce-s3"), to("52.217.0.0/16", "proxy"), prefix_lists=(S3,))

    assert leads_to(snapshot, "52.217.1.1") == "proxy"
    assert leads_to(snapshot, "52.216.1.1") == "vpce-s3"


def test_cidr_beats_a_prefix_list_of_equal_length() -> None:
    """Of equal prefixes AWS prefers the static CIDR route, wherever it stands in the table."""
    snapshot = from_a(to(S3_LIST, "vpce-s3"), to("52.216.0.0/15", "proxy"), prefix_lists=(S3,))

    assert leads_to(snapshot, "52.216.1.1") == "proxy"


def test_first_of_two_equal_routes_wins() -> None:
    """The reader puts static routes before propagated ones, and the first is preferred."""
    snapshot = from_a(to("172.16.0.0/12", "static"), to("172.16.0.0/12", "propagated"))

    assert leads_to(snapshot, "172.16.0.1") == "static"


def test_unread_prefix_list_matches_nothing() -> None:
    """A list that the snapshot does not hold leads nowhere."""
    snapshot = from_a(to(S3_LIST, "vpce-s3"), prefix_lists=None)

    assert leads_to(snapshot, "52.217.1.1") is None


def test_blackhole_is_returned() -> None:
    """Traffic into a blackhole is dropped: no shorter route rescues it."""
    snapshot = from_a(to("0.0.0.0/0", "nat"), to("8.8.0.0/16", "gone", active=False))

    route = route_for(snapshot, "subnet-a", "8.8.8.8")

    assert route == to("8.8.0.0/16", "gone", active=False)


def test_every_cidr_of_the_vpc_is_local() -> None:
    """Secondary and IPv6 ranges are local though an emulator's table does not list them."""
    vpc = Vpc(
        id="vpc-1", owner="1", cidrs=("10.0.0.0/16", "100.64.0.0/16"), ipv6_cidrs=("fd00::/56",)
    )
    snapshot = from_a(to("0.0.0.0/0", "nat"), to("::/0", "eigw"), vpc=vpc)

    assert leads_to(snapshot, "100.64.3.3") == "local"
    assert leads_to(snapshot, "fd00::1") == "local"
    assert leads_to(snapshot, "2001:db8::1") == "eigw"


def test_replaced_local_route_is_not_local() -> None:
    """A listed route for the VPC's very range has replaced the local one (middlebox routing)."""
    snapshot = from_a(to("10.0.0.0/16", "middlebox"))

    assert leads_to(snapshot, "10.0.5.5") == "middlebox"


def test_families_do_not_mix() -> None:
    """An IPv4 default route carries no IPv6, nor the other way round."""
    assert leads_to(from_a(to("0.0.0.0/0", "nat")), "2001:db8::1") is None
    assert leads_to(from_a(to("::/0", "eigw")), "8.8.8.8") is None


def test_unread_route_tables_lead_nowhere() -> None:
    """Without route tables there is no answer, not even local."""
    snapshot = vpc_of(route_tables=None)

    assert route_for(snapshot, "subnet-a", "10.0.0.5") is None
    assert default_route(snapshot, "subnet-a") is None


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ((), None),
        ((to("::/0", "eigw"),), None),
        ((to("0.0.0.0/1", "half"),), None),
        ((default(RouteTarget.NAT_GATEWAY),), RouteTarget.NAT_GATEWAY),
        ((default(RouteTarget.NAT_GATEWAY, active=False),), RouteTarget.NAT_GATEWAY),
    ],
)
def test_default_route(routes: tuple[Route, ...], expected: RouteTarget | None) -> None:
    """The default route is IPv4's, blackhole or not."""
    route = default_route(from_a(*routes), "subnet-a")

    assert (route and route.target) == expected


LOW, HIGH = "0.0.0.0/1", "128.0.0.0/1"


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ((to(LOW, "fw"), to(HIGH, "fw")), "fw"),
        ((to(LOW, "fw"), to(HIGH, "fw"), to("0.0.0.0/0", "nat")), "fw"),
        ((to(LOW, "fw"), to("128.0.0.0/2", "fw"), to("192.0.0.0/2", "fw")), "fw"),
        ((to(LOW, "fw"), to(HIGH, "fw"), to("10.0.0.0/8", "peer")), "fw"),
        ((to(LOW, "fw"), to("0.0.0.0/0", "nat")), "nat"),
        ((to("pl-all", "fw"),), "fw"),
        ((to("pl-halves", "fw"),), "fw"),
        ((to("pl-unread", "fw"),), None),
    ],
)
def test_split_default_routes_are_one(routes: tuple[Route, ...], expected: str | None) -> None:
    """Two halves, quarters or a prefix list lead everywhere as 0.0.0.0/0 does."""
    lists = (
        PrefixList(id="pl-all", name="all", cidrs=("0.0.0.0/0",)),
        PrefixList(id="pl-halves", name="halves", cidrs=(LOW, HIGH)),
    )

    route = default_route(from_a(*routes, prefix_lists=lists), "subnet-a")

    assert (route and route.target_id) == expected


def test_halves_of_different_targets_are_a_default_route_of_no_kind() -> None:
    """Everything leads somewhere, and where depends on the address."""
    route = default_route(from_a(to(LOW, "fw"), to(HIGH, "nat")), "subnet-a")

    assert route == Route(destination="0.0.0.0/0", target=RouteTarget.OTHER, target_id=None)


def test_a_dropped_half_drops_the_default_route() -> None:
    """Where half of the world is a blackhole there is no way out to rely on."""
    route = default_route(from_a(to(LOW, "fw"), to(HIGH, "fw", active=False)), "subnet-a")

    assert route is not None
    assert not route.active


# Few bits, so that random routes overlap and tie.
_PREFIXES = st.builds(
    lambda bits, length: ipaddress.ip_network((bits << 24, length), strict=False),
    st.integers(0, 255),
    st.integers(0, 8),
).map(str)
_ADDRESSES = st.integers(0, 255).map(lambda bits: str(ipaddress.IPv4Address(bits << 24 | 7)))


@given(
    cidrs=st.lists(_PREFIXES, max_size=6),
    listed=st.lists(_PREFIXES, max_size=4),
    local=_PREFIXES,
    address=_ADDRESSES,
)
def test_route_for_agrees_with_a_bitwise_oracle(
    cidrs: list[str], listed: list[str], local: str, address: str
) -> None:
    """Walking from /32 to /0 and taking the first that is written there gives the same target."""
    snapshot = from_a(
        to("pl-1", "list"),
        *(to(cidr, f"cidr-{i}") for i, cidr in enumerate(cidrs)),
        prefix_lists=(PrefixList(id="pl-1", name="pl-1", cidrs=tuple(listed)),),
        vpc=Vpc(id="vpc-1", owner="1", cidrs=(local,)),
    )

    assert leads_to(snapshot, address) == oracle(cidrs, listed, local, address)


def oracle(cidrs: list[str], listed: list[str], local: str, address: str) -> str | None:
    """Return the target by rewriting the address's host bits to zero, longest prefix first."""
    number = int.from_bytes(bytes(int(part) for part in address.split(".")), "big")
    for length in range(32, -1, -1):
        network = number >> (32 - length) << (32 - length)
        dotted = ".".join(str(byte) for byte in network.to_bytes(4, "big"))
        written = f"{dotted}/{length}"
        if written in cidrs:
            return f"cidr-{cidrs.index(written)}"
        if written in listed:
            return "list"
        if written == local:
            return "local"
    return None

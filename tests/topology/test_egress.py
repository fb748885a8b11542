"""A subnet's way out: every kind of default route, and everything that closes it."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snapshot_builders import default, nat, subnet, vpc_of

from pytest_ecs_privatelink.topology.egress import Egress, egress_of
from pytest_ecs_privatelink.topology.model import NatGateway, Route, RouteTarget, Snapshot

PRIVATE, PUBLIC = subnet("subnet-private"), subnet("subnet-public")
TO_IGW = default(RouteTarget.INTERNET_GATEWAY, "igw-1")
TO_NAT = default(RouteTarget.NAT_GATEWAY, "nat-1")


def world(private: Route | None, public: Route | None = TO_IGW, **parts: object) -> Snapshot:
    """Return a private and a public subnet with these default routes, and ``nat-1`` in public."""
    routes: dict[str, tuple[Route, ...]] = {
        "subnet-private": () if private is None else (private,),
        "subnet-public": () if public is None else (public,),
    }
    fields: dict[str, object] = {"nat_gateways": (nat("subnet-public"),)}
    return vpc_of(PRIVATE, PUBLIC, routes=routes, **(fields | parts))


def private_egress(snapshot: Snapshot) -> Egress:
    """Return the private subnet's egress."""
    return egress_of(snapshot, "subnet-private")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (RouteTarget.INTERNET_GATEWAY, Egress.IGW),
        (RouteTarget.TRANSIT_GATEWAY, Egress.TRANSIT),
        (RouteTarget.PEERING, Egress.PEERING),
        (RouteTarget.VPN_GATEWAY, Egress.VPN),
        (RouteTarget.INSTANCE_OR_INTERFACE, Egress.APPLIANCE),
        (RouteTarget.APPLIANCE_ENDPOINT, Egress.APPLIANCE),
        (RouteTarget.EGRESS_ONLY_GATEWAY, Egress.UNKNOWN),
        (RouteTarget.OTHER, Egress.UNKNOWN),
    ],
)
def test_egress_by_kind_of_default_route(target: RouteTarget, expected: Egress) -> None:
    """Each kind of active default route is its egress; the same as a blackhole is none."""
    assert private_egress(world(default(target))) is expected
    assert private_egress(world(default(target, active=False))) is Egress.NONE


def test_no_default_route_is_no_egress() -> None:
    """A subnet without default route has no way out, whatever else cannot be read."""
    assert private_egress(world(None)) is Egress.NONE
    assert private_egress(world(None, nat_gateways=None, block_public_access=None)) is Egress.NONE


def test_a_split_default_route_is_a_way_out() -> None:
    """0.0.0.0/1 and 128.0.0.0/1 to the same NAT gateway are NAT; to two targets, unknown."""
    low, high = (
        dataclasses.replace(TO_NAT, destination=half) for half in ("0.0.0.0/1", "128.0.0.0/1")
    )
    elsewhere = dataclasses.replace(high, target=RouteTarget.TRANSIT_GATEWAY, target_id="tgw-1")

    def egress(*private: Route) -> Egress:
        routes = {"subnet-private": private, "subnet-public": (TO_IGW,)}
        parts = vpc_of(PRIVATE, PUBLIC, routes=routes, nat_gateways=(nat("subnet-public"),))
        return private_egress(parts)

    assert egress(low, high) is Egress.NAT
    assert egress(low) is Egress.NONE
    assert egress(low, elsewhere) is Egress.UNKNOWN


def test_subnet_without_table_of_its_own_uses_the_main_one() -> None:
    """The main route table decides for subnets without association."""
    assert egress_of(world(TO_NAT), "subnet-other") is Egress.NONE


@pytest.mark.parametrize(
    ("gateways", "public", "expected"),
    [
        ((nat("subnet-public"),), TO_IGW, Egress.NAT),
        ((nat("subnet-public", state="pending"),), TO_IGW, Egress.NONE),
        ((nat("subnet-public", state="failed"),), TO_IGW, Egress.NONE),
        ((nat("subnet-public", public=False),), TO_IGW, Egress.NONE),
        ((nat("subnet-public"),), None, Egress.NONE),
        ((nat("subnet-public"),), dataclasses.replace(TO_IGW, active=False), Egress.NONE),
        # The gateway stands in the subnet that it serves.
        ((nat("subnet-private"),), TO_IGW, Egress.NONE),
        # Two gateways that lead to each other.
        ((nat("subnet-public"),), TO_NAT, Egress.NONE),
        # What is behind a firewall or transit gateway nobody sees.
        (
            (nat("subnet-public"),),
            default(RouteTarget.APPLIANCE_ENDPOINT),
            Egress.APPLIANCE,
        ),
        (
            (nat("subnet-public", public=False),),
            default(RouteTarget.TRANSIT_GATEWAY),
            Egress.TRANSIT,
        ),
        # Another account's gateway in a shared VPC is not listed.
        ((), TO_IGW, Egress.UNKNOWN),
        (None, TO_IGW, Egress.UNKNOWN),
    ],
)
def test_nat_leads_out_only_if_all_of_its_way_does(
    gateways: tuple[NatGateway, ...] | None, public: Route | None, expected: Egress
) -> None:
    """NAT needs an available public gateway in a subnet that leads to an internet gateway."""
    assert private_egress(world(TO_NAT, public, nat_gateways=gateways)) is expected


def test_nat_behind_nat() -> None:
    """A private gateway may lead to a public one in another subnet."""
    inner = NatGateway(id="nat-1", subnet="subnet-middle", state="available", public=False)
    outer = NatGateway(id="nat-2", subnet="subnet-public", state="available", public=True)
    snapshot = vpc_of(
        PRIVATE,
        subnet("subnet-middle"),
        PUBLIC,
        routes={
            "subnet-private": (TO_NAT,),
            "subnet-middle": (default(RouteTarget.NAT_GATEWAY, "nat-2"),),
            "subnet-public": (TO_IGW,),
        },
        nat_gateways=(inner, outer),
    )

    assert private_egress(snapshot) is Egress.NAT


@pytest.mark.parametrize(
    ("public", "attached", "expected"),
    [
        (True, ("igw-1",), Egress.NAT),
        (True, (), Egress.NONE),
        (False, ("igw-1",), Egress.NONE),
        (True, None, Egress.UNKNOWN),
    ],
)
def test_regional_nat_gateway_stands_in_no_subnet(
    public: bool, attached: tuple[str, ...] | None, expected: Egress
) -> None:
    """A regional NAT gateway leads out if the VPC has an internet gateway."""
    snapshot = world(TO_NAT, nat_gateways=(nat("", public=public),), internet_gateways=attached)

    assert private_egress(snapshot) is expected


@pytest.mark.parametrize(
    ("mode", "emulated", "by_gateway", "by_nat"),
    [
        ("off", False, Egress.IGW, Egress.NAT),
        ("block-ingress", False, Egress.NONE, Egress.NAT),
        ("block-bidirectional", False, Egress.NONE, Egress.NONE),
        (None, False, Egress.UNKNOWN, Egress.UNKNOWN),
        (None, True, Egress.IGW, Egress.NAT),
    ],
)
def test_block_public_access(
    mode: str | None, emulated: bool, by_gateway: Egress, by_nat: Egress
) -> None:
    """Bidirectional blocking closes every gateway, ingress-only all but NAT; unread is unknown."""
    snapshot = world(TO_NAT, block_public_access=mode, emulated=emulated)

    assert egress_of(snapshot, "subnet-public") is by_gateway
    assert egress_of(snapshot, "subnet-private") is by_nat


@pytest.mark.parametrize(
    ("excluded", "by_gateway", "by_nat"),
    [
        ({"subnet-public": "off"}, Egress.IGW, Egress.NAT),
        ({"subnet-public": "block-ingress"}, Egress.NONE, Egress.NAT),
        ({"subnet-private": "off"}, Egress.NONE, Egress.NONE),
    ],
)
def test_exclusion_counts_where_the_internet_gateway_is_used(
    excluded: dict[str, str], by_gateway: Egress, by_nat: Egress
) -> None:
    """It is the NAT gateway's subnet whose exclusion opens the way, not the task's."""
    blocked = world(TO_NAT, block_public_access="block-bidirectional")
    subnets = tuple(
        dataclasses.replace(subnet, block_public_access=excluded.get(subnet.id))
        for subnet in blocked.subnets
    )
    snapshot = dataclasses.replace(blocked, subnets=subnets)

    assert egress_of(snapshot, "subnet-public") is by_gateway
    assert egress_of(snapshot, "subnet-private") is by_nat


def test_unread_route_tables_are_unknown() -> None:
    """Where nobody could look, nothing is called private."""
    assert private_egress(world(None, route_tables=None)) is Egress.UNKNOWN


_ROUTES = st.one_of(
    st.none(),
    st.builds(
        default,
        st.sampled_from(RouteTarget),
        st.sampled_from(["nat-1", "x-1"]),
        active=st.booleans(),
    ),
)
_GATEWAYS = st.one_of(
    st.none(),
    st.builds(
        nat,
        st.sampled_from(["subnet-private", "subnet-public", ""]),
        state=st.sampled_from(["available", "deleted"]),
        public=st.booleans(),
    ).map(lambda gateway: (gateway,)),
)


@given(
    private=_ROUTES,
    public=_ROUTES,
    gateways=_GATEWAYS,
    mode=st.sampled_from([None, "off", "block-ingress", "block-bidirectional"]),
)
def test_a_public_path_is_never_invented(
    private: Route | None,
    public: Route | None,
    gateways: tuple[NatGateway, ...] | None,
    mode: str | None,
) -> None:
    """Whatever the VPC: NAT and IGW are said only where each link of the chain is there."""
    snapshot = world(
        private,
        public,
        nat_gateways=gateways,
        block_public_access=mode,
        internet_gateways=("igw-1",),
    )

    egress = private_egress(snapshot)

    if egress is Egress.IGW:
        assert private is not None
        assert (private.target, private.active) == (RouteTarget.INTERNET_GATEWAY, True)
        assert mode == "off"
    if egress is Egress.NAT:
        assert private is not None
        assert gateways is not None
        assert (private.target, private.active) == (RouteTarget.NAT_GATEWAY, True)
        assert (gateways[0].state, gateways[0].public) == ("available", True)
        assert mode in {"off", "block-ingress"}

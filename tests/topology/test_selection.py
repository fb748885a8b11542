"""Which subnets are under test, why, and what they are called."""

import re
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snapshot_builders import default, subnet, vpc_of

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.topology.model import Interface, RouteTarget, Snapshot, Subnet
from pytest_ecs_privatelink.topology.selection import slugs, subnets_under_test

TO_IGW = default(RouteTarget.INTERNET_GATEWAY, "igw-1")
TO_NAT = default(RouteTarget.NAT_GATEWAY, "nat-1")


def interface(in_subnet: str, type_: str, description: str = "") -> Interface:
    """Return an interface of this type."""
    return Interface(
        id=f"eni-{in_subnet}", subnet=in_subnet, type=type_, addresses=(), description=description
    )


def ids(snapshot: Snapshot, only: tuple[str, ...] = ()) -> list[str]:
    """Return the ids of the subnets under test."""
    return [subnet.id for subnet in subnets_under_test(snapshot, only).subnets]


def test_public_subnets_are_left_out() -> None:
    """Without a cluster, subnets whose default route is an internet gateway hold no tasks."""
    snapshot = vpc_of(
        subnet("subnet-3", "public-a"),
        subnet("subnet-2", "private-b"),
        subnet("subnet-1", "private-c"),
        subnet("subnet-0", "isolated-a"),
        routes={"subnet-3": (TO_IGW,), "subnet-2": (TO_NAT,), "subnet-1": (TO_NAT,)},
    )

    selection = subnets_under_test(snapshot)

    assert [subnet.name for subnet in selection.subnets] == ["isolated-a", "private-b", "private-c"]
    assert selection.because == (
        "no default route to an internet gateway; left out: public-a (internet gateway)"
    )


def test_halves_of_a_default_route_make_a_public_subnet() -> None:
    """0.0.0.0/1 and 128.0.0.0/1 to an internet gateway lead there as 0.0.0.0/0 would."""
    halves = tuple(replace(TO_IGW, destination=half) for half in ("0.0.0.0/1", "128.0.0.0/1"))
    subnets = (subnet("subnet-1", "private-a"), subnet("subnet-2", "public-a"))

    assert ids(vpc_of(*subnets, routes={"subnet-2": halves})) == ["subnet-1"]


def test_blackholed_internet_route_does_not_make_a_public_subnet() -> None:
    """A subnet whose gateway is gone is not public, and under test."""
    gone = default(RouteTarget.INTERNET_GATEWAY, "igw-1", active=False)

    assert ids(vpc_of(routes={"subnet-a": (gone,)})) == ["subnet-a"]


@pytest.mark.parametrize(
    ("type_", "description", "reason"),
    [
        ("transit_gateway", "", "transit gateway"),
        (
            "interface",
            "Network Interface for Transit Gateway Attachment tgw-attach-1",
            "transit gateway",
        ),
        ("gateway_load_balancer", "", "gateway load balancer"),
        (
            "gateway_load_balancer_endpoint",
            "VPC Endpoint Interface vpce-1",
            "firewall or gateway-load-balancer endpoint",
        ),
    ],
)
def test_plumbing_subnets_are_left_out(type_: str, description: str, reason: str) -> None:
    """Subnets that hold transit, firewall or load balancer interfaces serve the network."""
    snapshot = vpc_of(
        subnet("subnet-a", "private-a"),
        subnet("subnet-b", "tgw-b"),
        interfaces=(interface("subnet-b", type_, description),),
    )

    selection = subnets_under_test(snapshot)

    assert ids(snapshot) == ["subnet-a"]
    assert selection.because.endswith(f"left out: tgw-b ({reason})")


@pytest.mark.parametrize("type_", ["vpc_endpoint", "interface", "nat_gateway", "branch"])
def test_ordinary_interfaces_leave_a_subnet_under_test(type_: str) -> None:
    """Endpoints, instances and tasks share subnets."""
    assert ids(vpc_of(interfaces=(interface("subnet-a", type_),))) == ["subnet-a"]


def test_plain_reason_when_nothing_is_left_out() -> None:
    """The header's sentence lists nothing where nothing was left out."""
    assert subnets_under_test(vpc_of()).because == "no default route to an internet gateway"


def test_unread_route_tables_leave_every_subnet_under_test() -> None:
    """Where routes could not be read no subnet is called public, and the reason says so."""
    selection = subnets_under_test(vpc_of(route_tables=None))

    assert len(selection.subnets) == 1
    assert selection.because == "every subnet, for route tables could not be read"


def test_named_subnets_are_taken_as_they_are() -> None:
    """--ecs-subnet takes any subnet of the VPC, once, public ones too, in slug order."""
    snapshot = vpc_of(
        subnet("subnet-1", "public"), subnet("subnet-2", "a"), routes={"subnet-1": (TO_IGW,)}
    )

    selection = subnets_under_test(snapshot, ("subnet-1", "subnet-2", "subnet-1"))

    assert [subnet.id for subnet in selection.subnets] == ["subnet-2", "subnet-1"]
    assert selection.because == "named by --ecs-subnet"


def test_unknown_subnet_lists_the_legal_ones() -> None:
    """An id that the VPC does not have is an error with those that it has."""
    snapshot = vpc_of(subnet("subnet-b"), subnet("subnet-a", "private-a"))

    with pytest.raises(SettingsError) as raised:
        subnets_under_test(snapshot, ("subnet-a", "subnet-z"))

    assert str(raised.value) == (
        "--ecs-subnet subnet-z: vpc-1 has no such subnet; it has subnet-a (private-a), subnet-b"
    )


def test_nothing_left_says_why_and_what_to_do() -> None:
    """Where every subnet is left out the error gives each reason and the option."""
    snapshot = vpc_of(
        subnet("subnet-a", "public-a"),
        subnet("subnet-b", "tgw-b"),
        routes={"subnet-a": (TO_IGW,)},
        interfaces=(interface("subnet-b", "transit_gateway"),),
    )

    with pytest.raises(SettingsError) as raised:
        subnets_under_test(snapshot)

    assert str(raised.value) == (
        "no subnet of vpc-1 looks like one for tasks: every one is left out as "
        "public-a (internet gateway), tgw-b (transit gateway); "
        "name those to test with --ecs-subnet"
    )


def test_vpc_without_subnets() -> None:
    """An empty VPC cannot be tested, and no option mends that."""
    snapshot = vpc_of()

    with pytest.raises(SettingsError, match=r"^vpc-1 has no subnets: nothing can be tested$"):
        subnets_under_test(vpc_of(subnets=(), vpc=snapshot.vpc))


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("private-a", "private-a"),
        ("Private Subnet (AZ 1)", "private-subnet-az-1"),
        ("prod/private_a", "prod-private-a"),
        ("--x--", "x"),
        ("Teilnetz-ä1", "teilnetz-1"),
        (None, "subnet-1"),
        ("", "subnet-1"),
        ("サブネット", "subnet-1"),
        ("10.0.1.0/24", "subnet-1"),
        ("private 10.0.1.0", "subnet-1"),
        ("private-10-0-1-0", "subnet-1"),
        ("private-10.0.1.0-a", "subnet-1"),
        ("2001:db8::/64", "subnet-1"),
        ("private-2001:db8::1", "subnet-1"),
        ("v1.2.3", "v1-2-3"),
        ("2026-11-23-a", "2026-11-23-a"),
        ("subnet-2", "subnet-1"),
    ],
)
def test_slug_of_a_name(name: str | None, slug: str) -> None:
    """A Name becomes lower-case words; one that is missing or holds an address gives the id."""
    assert slugs([subnet("subnet-1", name), subnet("subnet-2")])["subnet-1"] == slug


def test_doubled_names_give_ids() -> None:
    """Two subnets whose Names are the same as slugs are both called by id."""
    named = slugs([subnet("subnet-1", "a b"), subnet("subnet-2", "A-B"), subnet("subnet-3", "c")])

    assert named == {"subnet-3": "c", "subnet-1": "subnet-1", "subnet-2": "subnet-2"}
    assert list(named) == ["subnet-3", "subnet-1", "subnet-2"]


_SUBNETS = st.lists(
    st.builds(
        subnet,
        st.from_regex(r"subnet-[0-9a-f]{3}", fullmatch=True),
        st.one_of(
            st.none(),
            st.text(max_size=12),
            st.ip_addresses().map(str),
            st.from_regex(r"subnet-[0-9a-f]{3}", fullmatch=True),
        ),
    ),
    unique_by=lambda subnet: subnet.id,
    max_size=8,
)


@given(subnets=_SUBNETS, random=st.randoms())
def test_slugs_are_unique_plain_and_independent_of_order(
    subnets: list[Subnet], random: Random
) -> None:
    """Whatever the Names: every subnet has one slug of its own, without any address in it."""
    named = slugs(subnets)
    shuffled = list(subnets)
    random.shuffle(shuffled)

    assert list(slugs(shuffled).items()) == list(named.items())
    assert sorted(named) == sorted(subnet.id for subnet in subnets)
    assert len(set(named.values())) == len(named)
    assert list(named.values()) == sorted(named.values())
    for slug in named.values():
        assert re.fullmatch(r"[a-z0-9-]+", slug)
        assert not re.search(r"(?<!\d)\d{1,3}-\d{1,3}-\d{1,3}-\d{1,3}(?!\d)", slug)

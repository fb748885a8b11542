"""From which addresses and ports a host dials: one for each way in which rules treat a subnet."""

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twin_rehearsal import plan_of
from twin_snapshots import (
    ENDPOINTS,
    OPEN_ACL,
    S3_LIST,
    TASKS,
    acl_entry,
    healthy,
    https,
    interface_address,
    with_group,
)

from pytest_ecs_privatelink.lab.twin_plan import PlannedSource
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    GroupRule,
    NetworkAcl,
    PrefixList,
    Snapshot,
)

HOME, ABROAD = "subnet-0", "subnet-1"
EPHEMERAL = (32768, 60999)


def sources(snapshot: Snapshot, subnet: str = ABROAD) -> tuple[PlannedSource, ...]:
    """Return what the host of a subnet dials from."""
    return next(host.guises[0].sources for host in plan_of(snapshot).hosts if host.subnet == subnet)


def admitting(*cidrs: str) -> Snapshot:
    """Return a VPC whose endpoints admit 443 from these ranges alone."""
    return with_group(healthy(), ENDPOINTS, ingress=tuple(https(cidr=cidr) for cidr in cidrs))


def guarded(subnet: str, *entries: AclEntry) -> Snapshot:
    """Return a VPC in which one subnet has an ACL of its own."""
    acl = NetworkAcl(id="acl-own", entries=entries, subnets=(subnet,))
    return replace(healthy(), network_acls=(OPEN_ACL, acl))


@pytest.mark.parametrize(
    "snapshot",
    [
        healthy(),
        admitting("10.0.1.0/24"),
        admitting("10.0.1.0/25", "10.0.1.128/25"),
        admitting("10.0.0.0/16", "10.0.1.7/32"),
        with_group(healthy(), ENDPOINTS, ingress=(https(group=TASKS), https(cidr="10.0.1.128/25"))),
        with_group(
            healthy(),
            ENDPOINTS,
            ingress=(
                https(cidr="10.0.0.0/16"),
                GroupRule(protocol="udp", from_port=53, to_port=53, cidr="10.0.1.128/25"),
                GroupRule(protocol="tcp", from_port=22, to_port=22, cidr="10.0.1.128/25"),
            ),
        ),
        with_group(healthy(), TASKS, egress=(https(cidr="10.0.0.0/25"),)),
        guarded(
            ABROAD,
            acl_entry(100, egress=True),
            acl_entry(100, egress=False, ports=(1024, 65535)),
            replace(acl_entry(110, egress=False, ports=(443, 443)), cidr="10.0.1.128/25"),
        ),
    ],
    ids=["open", "whole", "halves", "overlap", "group", "others", "far end", "own ACL"],
)
def test_subnet_that_is_treated_alike(snapshot: Snapshot) -> None:
    """Where no rule tells sources apart the host's own address does, and costs nothing more."""
    assert sources(snapshot) == ()


def test_group_that_covers_half() -> None:
    """A rule that cuts the subnet takes an address of either part."""
    assert sources(admitting("10.0.1.128/25")) == (
        PlannedSource("10.0.1.254"),
        PlannedSource("10.0.1.127"),
    )


def test_prefix_list_that_covers_half() -> None:
    """A rule that names a prefix list cuts by the list's ranges."""
    own = PrefixList(id="pl-own", name="own", cidrs=("10.0.1.0/26",))
    snapshot = with_group(healthy(), ENDPOINTS, ingress=(https(prefix_list="pl-own"),))
    lists = (*(snapshot.prefix_lists or ()), own)
    assert [each.address for each in sources(replace(snapshot, prefix_lists=lists))] == [
        "10.0.1.254",
        "10.0.1.63",
    ]
    assert S3_LIST in {each.id for each in lists}


def test_acl_of_the_endpoints_that_covers_half() -> None:
    """The ACL at the endpoints cuts by request and by reply, which makes four parts."""
    snapshot = guarded(
        HOME,
        replace(acl_entry(100, egress=False, ports=(443, 443)), cidr="10.0.1.128/25"),
        replace(acl_entry(100, egress=True), cidr="10.0.1.64/26"),
        replace(acl_entry(110, egress=True), cidr="10.0.1.128/26"),
    )
    assert [each.address for each in sources(snapshot)] == [
        "10.0.1.127",  # replies alone
        "10.0.1.191",  # both
        "10.0.1.254",  # requests alone
        "10.0.1.63",  # neither
    ]
    assert sources(snapshot, HOME) == ()


def test_taken_addresses_are_not_dialled_from() -> None:
    """A part without a free address starts no task, and is not probed."""
    assert sources(admitting("10.0.1.0/30")) == ()  # all four are AWS's own
    snapshot = admitting("10.0.1.0/24")
    eni = replace((snapshot.interfaces or ())[0], id="eni-x", addresses=("10.0.1.127",))
    cut = replace(admitting("10.0.1.128/25"), interfaces=(*(snapshot.interfaces or ()), eni))
    assert [each.address for each in sources(cut)] == ["10.0.1.254", "10.0.1.126"]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1024, 65535, []),
        (32768, 60999, []),
        (49152, 50000, [(50001, 60999), (49152, 50000)]),
        (34000, 60999, [(34000, 60999), (32768, 33999)]),
        (32768, 60998, [(32768, 60998), (60999, 60999)]),
        (1024, 32767, []),
    ],
)
def test_return_ports(low: int, high: int, expected: list[tuple[int, int]]) -> None:
    """An ACL whose return ports have a hole takes a source port of each kind, the widest first."""
    snapshot = guarded(
        ABROAD, acl_entry(100, egress=True), acl_entry(100, egress=False, ports=(low, high))
    )
    assert [each.ports for each in sources(snapshot)] == expected
    assert sources(snapshot, HOME) == ()


def test_return_ports_at_the_endpoints() -> None:
    """A hole in what the endpoints' subnet may send is found from the other subnets."""
    snapshot = guarded(
        HOME, acl_entry(100, egress=False), acl_entry(100, egress=True, ports=(34000, 65535))
    )
    assert [each.ports for each in sources(snapshot)] == [(34000, 60999), (32768, 33999)]


def test_more_ways_than_are_dialled() -> None:
    """A host dials from eight places at most, and the plan says so."""
    entries = [
        acl_entry(10 * i, egress=False, allow=bool(i % 2), ports=(33000 + 100 * i, 33090 + 100 * i))
        for i in range(1, 13)
    ]
    # Each is about other peers, so that none of them is like another.
    entries = [replace(entry, cidr=f"10.9.{i}.0/24") for i, entry in enumerate(entries)]
    plan = plan_of(guarded(ABROAD, acl_entry(100, egress=True), *entries))
    assert len(plan.hosts[1].guises[0].sources) == 8
    assert plan.caveats == (
        "rules treat the sources in subnet-1 in 13 ways: the twin dials from the 8 widest",
    )


def cut_cidrs() -> st.SearchStrategy[str]:
    """Draw a network inside the subnet abroad, or one that holds it."""
    return st.integers(20, 32).flatmap(
        lambda length: st.integers(0, 255).map(
            lambda last: str(IPv4Network(f"10.0.1.{last}/{length}", strict=False))
        )
    )


@given(cidrs=st.lists(cut_cidrs(), min_size=1, max_size=6))
def test_every_kind_of_address_is_dialled_from(cidrs: list[str]) -> None:
    """Whatever ranges a group admits, admitted and refused addresses that are free both dial."""
    host = plan_of(admitting(*cidrs)).hosts[1]
    networks = [IPv4Network(cidr) for cidr in cidrs]

    def admitted(address: str) -> bool:
        return any(IPv4Address(address) in network for network in networks)

    everywhere = {admitted(f"10.0.1.{last}") for last in range(4, 255)}
    dialled = [admitted(each.address) for each in host.guises[0].sources] or [
        admitted(host.address)
    ]
    assert sorted(dialled) == sorted(everywhere)


def test_interfaces_do_not_matter_twice() -> None:
    """Addresses that hosts dial from are none that an endpoint has."""
    snapshot = with_group(
        healthy(), ENDPOINTS, ingress=(https(cidr=f"{interface_address(0, 0)}/32"),)
    )
    assert sources(snapshot, HOME) == ()

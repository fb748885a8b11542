"""Which security group rule admits a packet, against an oracle that knows nothing of our code."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.topology.model import (
    GroupRule,
    PrefixList,
    SecurityGroup,
    Snapshot,
    Vpc,
)
from pytest_ecs_privatelink.topology.packets import Peer, admitting_egress, admitting_ingress

PREFIX_LIST = PrefixList(id="pl-1", name="com.amazonaws.us-east-1.s3", cidrs=("52.216.0.0/15",))
VPC = Snapshot(
    taken="2026-01-01T00:00:00Z",
    region="us-east-1",
    partition="aws",
    account="111111111111",
    vpc=Vpc(id="vpc-1", owner="111111111111", cidrs=("10.0.0.0/16",)),
    subnets=(),
    endpoints=(),
    prefix_lists=(PREFIX_LIST,),
)
TASK = Peer(address="10.0.1.9", groups=("sg-tasks",))


def rule(protocol: str = "tcp", **changes: Any) -> GroupRule:  # noqa: ANN401 - fields of GroupRule
    """Return a rule for 443 from everywhere, with ``changes``."""
    ports = {} if protocol == "-1" else {"from_port": 443, "to_port": 443}
    source = {} if {"group", "prefix_list", "cidr"} & set(changes) else {"cidr": "0.0.0.0/0"}
    return GroupRule(**{"protocol": protocol, **ports, **source, **changes})


def group(*rules: GroupRule) -> SecurityGroup:
    """Return a group with these rules in both directions."""
    return SecurityGroup(id="sg-x", vpc="vpc-1", name="x", ingress=rules, egress=rules)


@pytest.mark.parametrize(
    "admitting",
    [
        rule(),
        rule("6"),
        rule("-1"),
        rule(from_port=0, to_port=65535),
        rule(from_port=None, to_port=None),
        rule(cidr="10.0.1.0/24"),
        rule(cidr="10.0.1.9/32"),
        rule(group="sg-tasks"),
    ],
)
def test_a_rule_that_covers_the_packet_admits_it(admitting: GroupRule) -> None:
    """Protocol, port and source decide, each in all its spellings; the rule itself is returned."""
    assert admitting_ingress(VPC, [group(rule("udp"), admitting)], TASK) == admitting
    assert admitting_egress(VPC, [group(admitting)], TASK) == admitting


@pytest.mark.parametrize(
    "other",
    [
        rule("udp"),
        rule("17"),
        rule("icmp", from_port=-1, to_port=-1),
        rule(from_port=80, to_port=442),
        rule(from_port=444, to_port=65535),
        rule(cidr="10.0.2.0/24"),
        rule(cidr="::/0"),
        rule(group="sg-others"),
        rule(prefix_list="pl-1"),
        rule(prefix_list="pl-unknown"),
    ],
)
def test_a_rule_that_misses_the_packet_does_not_admit_it(other: GroupRule) -> None:
    """One wrong side is enough to miss, an IPv6 rule for an IPv4 packet included."""
    assert admitting_ingress(VPC, [group(other)], TASK) is None


def test_a_prefix_list_covers_its_ranges() -> None:
    """Egress to S3 is admitted by the prefix list's ranges (FACTS 6.3)."""
    layers = Peer(address="52.217.3.4", groups=())
    to_s3 = rule(prefix_list="pl-1")
    assert admitting_egress(VPC, [group(to_s3)], layers) == to_s3


def test_unknown_groups_match_no_group_rule() -> None:
    """Where nobody knows what a peer wears, a group reference proves nothing."""
    stranger = Peer(address="10.0.1.9", groups=None)
    assert admitting_ingress(VPC, [group(rule(group="sg-tasks"))], stranger) is None


networks = st.builds(
    lambda value, length: ipaddress.ip_network((value, length), strict=False),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
)


@given(st.lists(networks, max_size=5), st.integers(0, 2**32 - 1), st.integers(0, 65535))
def test_any_covering_range_admits_and_only_those(
    ranges: list[ipaddress.IPv4Network], source: int, port: int
) -> None:
    """For random ranges the answer equals integer arithmetic on addresses and masks."""
    rules = [rule(cidr=str(each), from_port=100, to_port=50_000) for each in ranges]
    found = admitting_ingress(
        VPC, [group(*rules)], Peer(address=str(ipaddress.ip_address(source)), groups=()), port
    )
    covering = [
        each
        for each in ranges
        if source >> (32 - each.prefixlen) == int(each.network_address) >> (32 - each.prefixlen)
    ]
    assert (found is not None) == (bool(covering) and 100 <= port <= 50_000)

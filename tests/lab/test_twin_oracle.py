"""Random groups and ACLs: what the kernel does with them, and what AWS's rules say, agree.

The oracle is written from the VPC User Guide and shares no code with the plan or the audits.
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twin_rehearsal import LONG, SHORT, Rehearsal, plan_of, rehearse
from twin_snapshots import ENDPOINTS, S3_LIST, S3_RANGES, TASKS, healthy, interface_address

from pytest_ecs_privatelink.probes.records import ConnectAnswer, ConnectQuestion, ConnectStatus
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    GroupRule,
    NetworkAcl,
    SecurityGroup,
    Snapshot,
)

SUBNETS = {"subnet-0": "10.0.0.0/24", "subnet-1": "10.0.1.0/24"}
HOSTS = {"subnet-0": "10.0.0.254", "subnet-1": "10.0.1.254"}
ENDPOINT, S3 = interface_address(0, 0), "52.216.0.1"
GROUPS = (TASKS, ENDPOINTS)
EPHEMERAL = (32768, 60999)  # Linux's own range: replies go to one of these

CIDRS = st.sampled_from(
    ["0.0.0.0/0", "10.0.0.0/16", *SUBNETS.values(), "10.0.1.254/32", f"{ENDPOINT}/32", S3_RANGES[0]]
)
# No range holds some ephemeral ports and not others: the oracle could not know which one is used.
PORTS = st.sampled_from(
    [(443, 443), (0, 65535), (0, 1023), (1024, 65535), (444, 32767), (80, 80), (32768, 60999)]
)


@st.composite
def group_rules(draw: st.DrawFn) -> GroupRule:
    """Draw one rule of a security group."""
    protocol = draw(st.sampled_from(["tcp", "-1", "udp", "6"]))
    first, last = (None, None) if protocol == "-1" else draw(PORTS)
    peer = draw(
        st.one_of(
            CIDRS.map(lambda cidr: {"cidr": cidr}),
            st.sampled_from(GROUPS).map(lambda group: {"group": group}),
            st.just({"prefix_list": S3_LIST}),
        )
    )
    return GroupRule(protocol=protocol, from_port=first, to_port=last, **peer)


@st.composite
def acl_entries(draw: st.DrawFn) -> AclEntry:
    """Draw one entry of a network ACL; its number is given later, so that none is used twice."""
    protocol = draw(st.sampled_from(["-1", "6", "17"]))
    first, last = (None, None) if protocol == "-1" else draw(PORTS)
    return AclEntry(
        number=0,
        egress=draw(st.booleans()),
        allow=draw(st.sampled_from([True, True, False])),
        protocol=protocol,
        cidr=draw(CIDRS),
        from_port=first,
        to_port=last,
    )


def acls() -> st.SearchStrategy[tuple[AclEntry, ...]]:
    """Draw an ACL: the default's, or some entries with numbers in any order."""
    everything = tuple(
        AclEntry(number=100, egress=egress, allow=True, protocol="-1", cidr="0.0.0.0/0")
        for egress in (True, False)
    )
    drawn = st.lists(acl_entries(), max_size=5).flatmap(
        lambda entries: st.permutations(range(1, len(entries) + 1)).map(
            lambda numbers: tuple(
                replace(entry, number=number)
                for entry, number in zip(entries, numbers, strict=True)
            )
        )
    )
    both = drawn.map(lambda entries: (*entries, *(replace(each, number=50) for each in everything)))
    return st.one_of(st.just(everything), both, drawn)


OPEN = (GroupRule(protocol="-1", cidr="0.0.0.0/0"),)
RULES = st.one_of(st.just(OPEN), st.lists(group_rules(), min_size=1, max_size=4).map(tuple))


@st.composite
def worlds(draw: st.DrawFn) -> Snapshot:
    """Draw a healthy VPC with other rules in its two groups and an ACL for each subnet."""
    groups = tuple(
        SecurityGroup(id=group, vpc="vpc-1", name=group, ingress=draw(RULES), egress=draw(RULES))
        for group in GROUPS
    )
    network_acls = tuple(
        NetworkAcl(id=f"acl-{subnet}", entries=draw(acls()), subnets=(subnet,))
        for subnet in SUBNETS
    )
    return replace(healthy(), security_groups=groups, network_acls=network_acls)


def connects(
    snapshot: Snapshot, subnet: str, destination: str, worn: tuple[str, ...] | None
) -> bool:
    """Whether a TCP connection to 443 comes about, by AWS's rules."""
    source = HOSTS[subnet]
    to_endpoint = destination == ENDPOINT
    groups = {group.id: group for group in snapshot.security_groups or ()}
    out = worn is None or any(
        admits(rule, destination, (ENDPOINTS,) if to_endpoint else ())
        for group in worn
        for rule in groups[group].egress
    )
    into = not to_endpoint or any(
        admits(rule, source, worn or ()) for rule in groups[ENDPOINTS].ingress
    )
    return out and into and passes_acls(snapshot, source, destination)


def admits(rule: GroupRule, peer: str, worn: tuple[str, ...]) -> bool:
    """Whether a group's rule admits TCP 443 with a peer that wears some groups."""
    if rule.protocol == "udp":
        return False
    if rule.protocol != "-1" and not (rule.from_port or 0) <= 443 <= (rule.to_port or 0):
        return False
    if rule.group is not None:
        return rule.group in worn
    cidrs = S3_RANGES if rule.prefix_list else (rule.cidr or "",)
    return any(inside(peer, cidr) for cidr in cidrs)


def passes_acls(snapshot: Snapshot, source: str, destination: str) -> bool:
    """Whether the ACLs of both subnets let a request and its reply pass."""
    here, there = home_of(source), home_of(destination)
    if here == there:
        return True
    request, reply = (443, 443), EPHEMERAL
    return all(
        subnet is None or decides(entries_of(snapshot, subnet), egress, peer, ports)
        for subnet, egress, peer, ports in (
            (here, True, destination, request),
            (there, False, source, request),
            (there, True, source, reply),
            (here, False, destination, reply),
        )
    )


def decides(entries: tuple[AclEntry, ...], egress: bool, peer: str, ports: tuple[int, int]) -> bool:
    """Whether the first entry that matches allows; none that matches denies."""
    for entry in sorted(entries, key=lambda each: each.number):
        covers = entry.protocol == "-1" or (
            entry.protocol == "6"
            and (entry.from_port or 0) <= ports[0]
            and ports[1] <= (entry.to_port or 0)
        )
        if entry.egress is egress and covers and inside(peer, entry.cidr):
            return entry.allow
    return False


def entries_of(snapshot: Snapshot, subnet: str) -> tuple[AclEntry, ...]:
    """Return the entries of a subnet's ACL."""
    return next(acl.entries for acl in snapshot.network_acls or () if subnet in acl.subnets)


def home_of(address: str) -> str | None:
    """Return the subnet that an address lies in."""
    return next((subnet for subnet, cidr in SUBNETS.items() if inside(address, cidr)), None)


def inside(address: str, cidr: str) -> bool:
    """Whether an address lies in a network."""
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr)


@pytest.fixture(scope="module")
def lab() -> Iterator[Rehearsal]:
    """One twin for all examples: an example is a new set of packet filters."""
    with rehearse(healthy()) as rehearsal:
        yield rehearsal


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(snapshot=worlds(), worn=st.sampled_from([(TASKS,), (TASKS, ENDPOINTS), None]))
def test_kernel_and_oracle_agree(
    lab: Rehearsal, snapshot: Snapshot, worn: tuple[str, ...] | None
) -> None:
    """For any rules, connections come about exactly where AWS's own rules let them."""
    lab.twin.refilter(plan_of(snapshot, groups=worn))
    pairs = [(subnet, address) for subnet in SUBNETS for address in (ENDPOINT, S3)]
    expected = [connects(snapshot, subnet, address, worn) for subnet, address in pairs]
    questions = (
        (subnet, ConnectQuestion(address=address, timeout=LONG if open_ else SHORT))
        for (subnet, address), open_ in zip(pairs, expected, strict=True)
    )
    answers = [each for each in lab.ask(*questions) if isinstance(each, ConnectAnswer)]
    observed = [answer.status is ConnectStatus.OPEN for answer in answers]
    assert dict(zip(pairs, observed, strict=True)) == dict(zip(pairs, expected, strict=True))

"""Security groups and network ACLs in the twin: what the kernel lets through, and what not."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from twin_rehearsal import Rehearsal, plan_of, rehearse
from twin_snapshots import (
    ENDPOINTS,
    OPEN_ACL,
    S3_LIST,
    S3_RANGES,
    TASKS,
    acl_entry,
    everything,
    healthy,
    https,
    interface_address,
    with_group,
)

from pytest_ecs_privatelink.probes.records import DnsStatus
from pytest_ecs_privatelink.topology.model import AclEntry, GroupRule, NetworkAcl, Snapshot

HOME, ABROAD = "subnet-0", "subnet-1"
"""The endpoints' interfaces stand in the first subnet; both have a host."""
ENDPOINT = interface_address(0, 0)
S3 = "52.216.0.1"
NAME = "api.ecr.us-east-1.amazonaws.com"


@pytest.fixture(scope="module")
def healthy_twin() -> Iterator[Rehearsal]:
    """One twin for the module: only its packet filters differ from test to test."""
    with rehearse(healthy()) as lab:
        yield lab


@pytest.fixture
def lab(healthy_twin: Rehearsal) -> Rehearsal:
    """Put the filters of the healthy VPC in force."""
    healthy_twin.twin.refilter(plan_of(healthy()))
    return healthy_twin


def guarded(*entries: AclEntry, subnet: str) -> Snapshot:
    """Return a healthy VPC in which one subnet has an ACL of its own."""
    acl = NetworkAcl(id="acl-own", entries=entries, subnets=(subnet,))
    return replace(healthy(), network_acls=(OPEN_ACL, acl))


def test_healthy(lab: Rehearsal) -> None:
    """In a healthy VPC endpoints and S3 open from every subnet."""
    assert lab.opens((HOME, ENDPOINT), (ABROAD, ENDPOINT), (HOME, S3), (ABROAD, S3))


def test_only_listening_addresses_answer(lab: Rehearsal) -> None:
    """An address of the VPC that nobody has swallows packets, as on AWS."""
    assert lab.drops((HOME, "10.0.0.77"), (ABROAD, "10.0.9.9"))


def test_endpoint_group_without_ingress(lab: Rehearsal) -> None:
    """Endpoints whose group admits nothing are silent, to every subnet; S3 is not theirs."""
    lab.twin.refilter(plan_of(with_group(healthy(), ENDPOINTS, ingress=())))
    assert lab.drops((HOME, ENDPOINT), (ABROAD, ENDPOINT))
    assert lab.opens((HOME, S3))


@pytest.mark.parametrize(
    "rule",
    [
        https(cidr="10.0.1.0/24"),
        https(cidr="10.0.1.254/32"),
        GroupRule(protocol="6", from_port=400, to_port=443, cidr="10.0.1.0/24"),
        GroupRule(protocol="tcp", cidr="10.0.1.0/24"),
        everything("10.0.1.0/24"),
    ],
)
def test_ingress_by_address(lab: Rehearsal, rule: GroupRule) -> None:
    """A rule admits the sources in its CIDR, on its ports, and no others."""
    lab.twin.refilter(plan_of(with_group(healthy(), ENDPOINTS, ingress=(rule,))))
    assert lab.opens((ABROAD, ENDPOINT))
    assert lab.drops((HOME, ENDPOINT))


@pytest.mark.parametrize(
    "rule",
    [
        GroupRule(protocol="udp", from_port=443, to_port=443, cidr="10.0.0.0/16"),
        GroupRule(protocol="tcp", from_port=444, to_port=65535, cidr="10.0.0.0/16"),
        GroupRule(protocol="tcp", from_port=0, to_port=442, cidr="10.0.0.0/16"),
        GroupRule(protocol="icmp", from_port=-1, to_port=-1, cidr="0.0.0.0/0"),
        GroupRule(protocol="50", cidr="0.0.0.0/0"),
        https(cidr="::/0"),
        https(group="sg-of-nobody"),
        https(prefix_list=S3_LIST),
    ],
)
def test_ingress_that_does_not_match(lab: Rehearsal, rule: GroupRule) -> None:
    """Another protocol, port, address family or peer admits nothing."""
    lab.twin.refilter(plan_of(with_group(healthy(), ENDPOINTS, ingress=(rule,))))
    assert lab.drops((HOME, ENDPOINT))


def test_group_reference(lab: Rehearsal) -> None:
    """A rule that names a group admits those who wear it; unknown groups match no reference."""
    snapshot = with_group(healthy(), ENDPOINTS, ingress=(https(group=TASKS),))
    lab.twin.refilter(plan_of(snapshot))
    assert lab.opens((HOME, ENDPOINT), (ABROAD, ENDPOINT))
    lab.twin.refilter(plan_of(snapshot, groups=("sg-other",)))
    assert lab.drops((HOME, ENDPOINT))
    lab.twin.refilter(plan_of(snapshot, groups=None))
    assert lab.drops((HOME, ENDPOINT))


def test_self_reference(lab: Rehearsal) -> None:
    """The default group admits its own members: hosts that wear what the endpoint wears."""
    snapshot = with_group(
        healthy(),
        ENDPOINTS,
        ingress=(https(group=ENDPOINTS),),
        egress=(https(group=ENDPOINTS),),
    )
    lab.twin.refilter(plan_of(snapshot, groups=(ENDPOINTS,)))
    assert lab.opens((ABROAD, ENDPOINT))
    assert lab.drops((ABROAD, S3))


def test_any_group_may_allow(lab: Rehearsal) -> None:
    """Of several groups that a host wears, one that allows is enough."""
    snapshot = with_group(healthy(), ENDPOINTS, egress=(https(cidr="10.0.0.0/16"),))
    closed = with_group(snapshot, TASKS, egress=())
    lab.twin.refilter(plan_of(closed, groups=(TASKS,)))
    assert lab.drops((HOME, ENDPOINT))
    lab.twin.refilter(plan_of(closed, groups=(TASKS, ENDPOINTS)))
    assert lab.opens((HOME, ENDPOINT))


def test_task_egress(lab: Rehearsal) -> None:
    """Tasks reach what their own rules name: endpoints by group, S3 by prefix list, each alone."""
    to_endpoints = with_group(healthy(), TASKS, egress=(https(group=ENDPOINTS),))
    lab.twin.refilter(plan_of(to_endpoints))
    assert lab.opens((ABROAD, ENDPOINT))
    assert lab.drops((ABROAD, S3))
    to_s3 = with_group(healthy(), TASKS, egress=(https(prefix_list=S3_LIST),))
    lab.twin.refilter(plan_of(to_s3))
    assert lab.opens((ABROAD, S3))
    assert lab.drops((ABROAD, ENDPOINT))


def test_one_range_of_s3_forgotten(lab: Rehearsal) -> None:
    """S3 answers in every range of its prefix list, so a rule for one range is not enough."""
    lab.twin.refilter(plan_of(with_group(healthy(), TASKS, egress=(https(cidr=S3_RANGES[0]),))))
    assert lab.opens((HOME, S3))
    assert lab.drops((HOME, "3.5.0.1"))


def test_unknown_groups_are_not_held_back(lab: Rehearsal) -> None:
    """A host of which nobody knows the groups is judged by the endpoint's side alone."""
    lab.twin.refilter(plan_of(with_group(healthy(), TASKS, egress=()), groups=None))
    assert lab.opens((HOME, ENDPOINT), (HOME, S3))


def test_resolver_is_never_filtered(lab: Rehearsal) -> None:
    """Without any rule in groups and ACLs the VPC's resolver still answers, on both addresses."""
    snapshot = with_group(healthy(), TASKS, egress=())
    closed = replace(OPEN_ACL, entries=())
    lab.twin.refilter(plan_of(replace(snapshot, network_acls=(closed,))))
    assert lab.resolve(ABROAD, NAME).status is DnsStatus.ANSWERED
    assert lab.resolve(ABROAD, NAME, "169.254.169.253").status is DnsStatus.ANSWERED
    assert lab.resolve(ABROAD, NAME, None).addresses == (ENDPOINT,)


def test_acl_without_return_ports(lab: Rehearsal) -> None:
    """ACLs keep no state: without return ports replies from other subnets and S3 are lost."""
    only_https = acl_entry(100, egress=False, ports=(443, 443))
    entries = (only_https, acl_entry(100, egress=True))
    lab.twin.refilter(plan_of(guarded(*entries, subnet=ABROAD)))
    assert lab.drops((ABROAD, ENDPOINT), (ABROAD, S3))
    assert lab.opens((HOME, ENDPOINT), (HOME, S3))


def test_acl_of_the_endpoints_subnet(lab: Rehearsal) -> None:
    """The endpoint's subnet must send to return ports; within that subnet no ACL acts."""
    entries = (
        acl_entry(100, egress=False, ports=(443, 443)),
        acl_entry(100, egress=True, ports=(443, 443)),
    )
    lab.twin.refilter(plan_of(guarded(*entries, subnet=HOME)))
    assert lab.drops((ABROAD, ENDPOINT), (HOME, S3))
    assert lab.opens((HOME, ENDPOINT))


def test_acl_with_return_ports(lab: Rehearsal) -> None:
    """443 out and ephemeral ports in are all that a task's subnet needs."""
    entries = (
        acl_entry(100, egress=True, ports=(443, 443)),
        acl_entry(100, egress=False, ports=(1024, 65535)),
    )
    lab.twin.refilter(plan_of(guarded(*entries, subnet=ABROAD)))
    assert lab.opens((ABROAD, ENDPOINT), (ABROAD, S3))


@pytest.mark.parametrize(("deny", "open_"), [(50, False), (150, True)])
def test_acl_rule_order(lab: Rehearsal, deny: int, open_: bool) -> None:
    """The entry with the lowest number that matches decides, whatever the order of the list."""
    entries = (
        acl_entry(100, egress=True),
        acl_entry(deny, egress=True, allow=False, ports=(443, 443)),
        acl_entry(100, egress=False),
    )
    lab.twin.refilter(plan_of(guarded(*entries, subnet=ABROAD)))
    assert lab.opens((ABROAD, ENDPOINT)) if open_ else lab.drops((ABROAD, ENDPOINT))


def test_acl_by_address(lab: Rehearsal) -> None:
    """An entry for the VPC's range alone leaves S3 outside."""
    entries = (
        replace(acl_entry(100, egress=True), cidr="10.0.0.0/16"),
        acl_entry(100, egress=False),
    )
    lab.twin.refilter(plan_of(guarded(*entries, subnet=ABROAD)))
    assert lab.opens((ABROAD, ENDPOINT))
    assert lab.drops((ABROAD, S3))


def test_filters_are_replaced_whole(lab: Rehearsal) -> None:
    """Many rule sets one after another leave no trace of those before."""
    closed = plan_of(with_group(healthy(), ENDPOINTS, ingress=()))
    for _ in range(5):
        lab.twin.refilter(closed)
        lab.twin.refilter(plan_of(healthy()))
    assert lab.opens((HOME, ENDPOINT), (ABROAD, ENDPOINT), (HOME, S3))


def test_many_rules() -> None:
    """A rule set that exceeds what the kernel takes at once is loaded in parts, and acts whole."""
    noise = tuple(https(cidr=f"192.168.{i // 256}.{i % 256}/32") for i in range(1500))
    snapshot = with_group(healthy(), ENDPOINTS, ingress=(*noise, https(cidr="10.0.1.0/24")))
    with rehearse(snapshot) as lab:
        assert lab.opens((ABROAD, ENDPOINT))
        assert lab.drops((HOME, ENDPOINT))

"""The audit of network ACLs: both sides, both directions, and the rule that decides."""

from dataclasses import replace

import pytest
from audit_worlds import OPEN_ACL, PRIVATE, heads, scene
from filter_worlds import (
    INTERFACES,
    A,
    B,
    C,
    acl,
    blocked,
    changed,
    deny,
    found,
    guarded,
    unjudged,
)

from pytest_ecs_privatelink.audits.register import run_audits
from pytest_ecs_privatelink.topology.cluster import Cluster, TaskDefinition
from pytest_ecs_privatelink.topology.model import AclEntry, NetworkAcl, Subnet, Unreadable
from pytest_ecs_privatelink.verdict import Code, Severity

E = Severity.ERROR
CODE = Code.NACL_BLOCKS
ALL = (*INTERFACES, "s3")


def own(*entries: AclEntry, subnet: str = A.id) -> NetworkAcl:
    """Return an ACL that guards one subnet, open but for ``entries``."""
    return acl("acl-own", *entries, subnets=(subnet,))


@pytest.mark.parametrize(
    ("entry", "services", "subnets"),
    [
        pytest.param(deny(90, 443, 443, egress=True), ALL, (A.id,), id="443 out, near"),
        pytest.param(deny(90, 32768, 60999, egress=False), ALL, (A.id,), id="replies in, near"),
        pytest.param(deny(90, 443, 443, egress=False), INTERFACES, (B.id, C.id), id="443 in, far"),
        pytest.param(
            deny(90, 0, 65535, egress=False, cidr="10.0.1.0/24"),
            INTERFACES,
            (A.id, B.id),
            id="both: 443 from private-b, and replies from its interfaces",
        ),
        pytest.param(
            deny(90, 40000, 40000, egress=True), INTERFACES, (B.id, C.id), id="replies out, far"
        ),
        pytest.param(
            deny(90, 443, 443, egress=True, cidr="10.0.1.10/32"),
            ["ecr.api"],
            (A.id,),
            id="one interface",
        ),
        pytest.param(
            deny(90, 443, 443, egress=False, cidr="10.0.2.200/32"),
            INTERFACES,
            (C.id,),
            id="one source",
        ),
        pytest.param(
            deny(90, 443, 443, egress=True, cidr="52.218.200.0/24"),
            ["s3"],
            (A.id,),
            id="a part of S3",
        ),
    ],
)
def test_a_deny_before_the_allow_blocks_what_it_matches(
    entry: AclEntry, services: tuple[str, ...], subnets: tuple[str, ...]
) -> None:
    """One finding per direction of the ACL, with exactly the cells that it turns red."""
    (finding,) = found(guarded(own(entry)))
    assert heads((finding,)) == [(CODE, E, "acl-own")]
    assert set(finding.blocks) == blocked(services, *subnets)


@pytest.mark.parametrize(
    "entry",
    [
        deny(110, 443, 443, egress=True),
        deny(90, 1024, 32767, egress=False),
        deny(90, 61000, 65535, egress=False),
        deny(90, 443, 443, egress=True, cidr="10.0.0.0/24"),
        deny(90, 443, 443, egress=True, cidr="10.9.0.0/16"),
        replace(deny(90, 443, 443, egress=True), protocol="17"),
        replace(deny(90, 443, 443, egress=True), cidr="::/0"),
        deny(90, 0, 65535, egress=True, cidr="10.0.0.0/24"),
    ],
)
def test_what_touches_no_packet_of_ecs_is_no_finding(entry: AclEntry) -> None:
    """After the allow, ports that Linux does not use, within the subnet, other peers, UDP, IPv6."""
    assert found(guarded(own(entry))) == ()


def test_one_line_names_acl_rule_and_direction() -> None:
    """The words and the remedy of 443 that is dropped on its way in."""
    (finding,) = found(guarded(own(deny(90, 443, 443, egress=False))))
    assert finding.summary == (
        "acl-own drops inbound 443 by rule 90: private-b, private-c cannot reach "
        "7 endpoint services"
    )
    assert finding.expected == "inbound 443 allowed by acl-own"
    assert finding.observed == "rule 90 drops inbound TCP 443 from 10.0.1.0/24, 10.0.2.0/24"
    create = (
        "aws ec2 create-network-acl-entry --region us-west-2 --network-acl-id acl-own --ingress"
        " --rule-number {} --protocol tcp --port-range From=443,To=443 --cidr-block {}"
        " --rule-action allow"
    )
    assert finding.remedy.cli == (
        create.format(88, "10.0.1.0/24"),
        create.format(89, "10.0.2.0/24"),
    )
    assert finding.remedy.terraform.startswith(
        'resource "aws_network_acl_rule" "https_88" {\n'
        '  network_acl_id = "acl-own"\n'
        "  rule_number    = 88\n"
        "  egress         = false\n"
        '  protocol       = "tcp"\n'
        '  rule_action    = "allow"\n'
        '  cidr_block     = "10.0.1.0/24"\n'
        "  from_port      = 443\n"
        "  to_port        = 443\n"
        "}"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-network-acls.html"
    )


def test_no_replies_at_all_are_told_by_the_last_rule() -> None:
    """An ACL that admits 443 only forgets that ACLs have no memory."""
    only = AclEntry(
        number=100,
        egress=False,
        allow=True,
        protocol="6",
        cidr="0.0.0.0/0",
        from_port=443,
        to_port=443,
    )
    forgetful = NetworkAcl(id="acl-own", entries=(only, OPEN_ACL.entries[0]), subnets=(B.id,))
    (finding,) = found(guarded(forgetful))
    assert finding.summary == (
        "acl-own drops inbound replies (ports 32768-60999) by rule *: no answers reach private-b "
        "from 8 endpoint services"
    )
    assert " --rule-number 101 " in finding.remedy.cli[0]
    assert set(finding.blocks) == blocked(ALL, B.id)


def test_a_hole_among_reply_ports_is_intermittent() -> None:
    """Some connections work: those whose port is not in it."""
    (finding,) = found(guarded(own(deny(90, 40000, 40999, egress=False))))
    assert finding.severity is E
    assert finding.summary == (
        "acl-own drops inbound replies to ports 40000-40999 by rule 90: from private-a to "
        "8 endpoint services connections are intermittent"
    )
    assert finding.expected == "inbound replies (32768-60999) allowed by acl-own"
    assert finding.observed == (
        "rule 90 drops inbound TCP 40000-40999 from "
        "3.5.76.0/22, 10.0.1.0/24, 10.0.2.0/24, 52.218.128.0/17"
    )


def test_windows_tasks_need_other_ports() -> None:
    """Where a task definition says so, replies come back to 49152-65535, too."""
    windows = TaskDefinition(arn="arn:t", containers=(), windows=True)
    snapshot = guarded(own(deny(90, 61000, 65535, egress=False)))
    cluster = Cluster(arn="arn:c", name="c", task_definitions=(windows,))
    (finding,) = found(replace(snapshot, cluster=cluster))
    assert "replies to ports 61000-65535 by rule 90" in finding.summary


def test_two_rules_of_one_direction_are_one_finding() -> None:
    """Both are named."""
    entries = (
        deny(80, 443, 443, egress=True, cidr="10.0.1.0/24"),
        deny(90, 443, 443, egress=True, cidr="10.0.2.0/24"),
    )
    (finding,) = found(guarded(own(*entries)))
    assert "by rules 80, 90: private-a cannot reach 7 endpoint services" in finding.summary


def test_where_no_number_is_free_the_rule_is_to_be_deleted() -> None:
    """Nothing fits before rule 1."""
    (finding,) = found(guarded(own(deny(1, 443, 443, egress=True))))
    assert finding.remedy.cli == (
        "aws ec2 delete-network-acl-entry --region us-west-2 --network-acl-id acl-own --egress"
        " --rule-number 1",
    )


def test_one_acl_for_all_subnets_is_one_finding() -> None:
    """The default ACL that denies 443 in: each subnet reaches its own interfaces only."""
    shut = replace(OPEN_ACL, entries=(deny(90, 443, 443, egress=False), *OPEN_ACL.entries))
    (finding,) = found(replace(guarded(), network_acls=(shut,)))
    assert set(finding.blocks) == blocked(INTERFACES)


def test_no_acl_acts_within_a_subnet() -> None:
    """An endpoint that stands beside the tasks is reached whatever the ACL says."""
    shut = guarded(own(deny(90, 0, 65535, egress=True, cidr="10.0.0.0/8")))
    beside = changed(shut, "logs", subnets=(A.id,), interfaces=("eni-vpce-logs-a",))
    blocks = {cell for finding in found(beside) for cell in finding.blocks}
    assert not blocks & blocked(["logs"], A.id)
    assert blocks >= blocked(["logs"], B.id, C.id)


def test_acls_that_could_not_be_read_are_unseen() -> None:
    """Never green; a list that could not be read matters only where an ACL denies something."""
    denied = Unreadable(part="network_acls", permission="ec2:DescribeNetworkAcls", error="no")
    (unseen,) = unjudged(replace(guarded(), network_acls=None, unreadable=(denied,)))
    assert (unseen.code, unseen.subject) == (CODE, "vpc-0abc")
    assert unseen.reason == (
        "its network ACLs could not be read: missing permission ec2:DescribeNetworkAcls"
    )
    listless = replace(guarded(), prefix_lists=None)
    assert CODE not in {each.code for each in unjudged(listless)}
    shut = replace(
        guarded(own(deny(90, 443, 443, egress=True, cidr="52.0.0.0/8"))), prefix_lists=None
    )
    (unseen,) = (each for each in unjudged(shut) if each.code is CODE)
    assert unseen.permissions == ("ec2:GetManagedPrefixListEntries",)


def test_interfaces_that_could_not_be_read_are_unseen_where_they_decide() -> None:
    """Where all of their subnet is shut, wherever they are in it decides nothing."""
    some = replace(
        guarded(own(deny(90, 443, 443, egress=True, cidr="10.0.1.0/28"))), interfaces=None
    )
    assert CODE not in {finding.code for finding in found(some)}
    assert CODE in {each.code for each in unjudged(some)}
    whole = replace(
        guarded(own(deny(90, 443, 443, egress=True, cidr="10.0.1.0/24"))), interfaces=None
    )
    assert CODE in {finding.code for finding in found(whole)}


def test_the_remedy_allows_the_vpc_where_subnets_are_many() -> None:
    """An ACL takes 20 rules each way: one for each of many subnets would not fit."""
    more = tuple(
        Subnet(id=f"subnet-{n}", cidr=f"10.0.{n}.0/24", az="us-west-2a") for n in range(20, 30)
    )
    snapshot = guarded(own(deny(90, 443, 443, egress=False)))
    snapshot = replace(snapshot, subnets=(*snapshot.subnets, *more))
    told = run_audits(scene(snapshot, subnets=(*PRIVATE, *more)))
    (finding,) = (each for each in told if each.code is CODE)
    (command,) = finding.remedy.cli
    assert "--rule-number 89 " in command
    assert "--cidr-block 10.0.0.0/16 " in command
    assert "12 subnets cannot reach 7 endpoint services" in finding.summary

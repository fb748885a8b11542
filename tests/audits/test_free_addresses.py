"""The audit of subnets without room for tasks."""

from dataclasses import replace

import pytest
from audit_worlds import BOTH, PRIVATE, heads, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.verdict import Code, Severity


def having(free: int | None, *, emulated: bool = False) -> Scene:
    """Set the scene with so many free addresses in private-c."""
    subnets = (*PRIVATE[:2], replace(PRIVATE[2], free_addresses=free))
    return scene(world(without(), subnets=subnets, emulated=emulated), subnets=subnets)


@pytest.mark.parametrize(
    ("free", "severity"),
    [(0, Severity.ERROR), (1, Severity.WARNING), (7, Severity.WARNING), (8, None)],
)
def test_few_are_a_warning_and_none_an_error(free: int, severity: Severity | None) -> None:
    """Eight leave room for a deployment; no probe shows it, so no cell is blocked."""
    found = run_audits(having(free))
    wanted = [(Code.SUBNET_ADDRESSES_EXHAUSTED, severity, "subnet-c")] if severity else []
    assert heads(found) == wanted
    assert all(each.blocks == () and each.launch_types == BOTH for each in found)


def test_a_full_subnet_is_told_and_mended() -> None:
    """The subnet, its range, how to look, and what adds another: none can grow."""
    (finding,) = run_audits(having(0))
    assert finding.summary == (
        "private-c (subnet-c) has 0 free addresses in 10.0.2.0/24, so no task can start there: "
        "each takes an address of its own"
    )
    assert finding.expected == "at least 8 free addresses in 10.0.2.0/24"
    assert finding.observed == "0 free addresses"
    assert finding.remedy.cli == (
        "aws ec2 describe-network-interfaces --region us-west-2"
        " --filters Name=subnet-id,Values=subnet-c"
        " --query 'NetworkInterfaces[].[NetworkInterfaceId,Status,Description]'",
        "aws ec2 create-subnet --region us-west-2 --vpc-id vpc-0abc"
        " --availability-zone us-west-2c --cidr-block CIDR",
    )
    assert finding.remedy.terraform == (
        'resource "aws_subnet" "more_tasks" {\n'
        '  vpc_id            = "vpc-0abc"\n'
        '  availability_zone = "us-west-2c"\n'
        '  cidr_block        = "CIDR"\n'
        "}"
    )


def test_an_ipv6_only_subnet_does_not_run_out() -> None:
    """EC2 counts free IPv4 addresses: there are never any, and no task there needs one."""
    only = replace(PRIVATE[2], cidr="2600:1f13:a::/64", free_addresses=0)
    assert run_audits(scene(world(without(), subnets=(*PRIVATE[:2], only)), subnets=(only,))) == ()


def test_one_address_is_one() -> None:
    """English has a singular."""
    (finding,) = run_audits(having(1))
    assert finding.observed == "1 free address"
    assert "so only so many more tasks start there" in finding.summary


def test_an_unread_count_is_not_visible() -> None:
    """AWS always says it; an emulator may not."""
    assert run_audits(having(None)) == ()
    (blind,) = unseen(having(None))
    assert (blind.code, blind.subject) == (Code.SUBNET_ADDRESSES_EXHAUSTED, "subnet-c")
    assert blind.permissions == ("ec2:DescribeSubnets",)
    assert unseen(having(None, emulated=True)) == ()

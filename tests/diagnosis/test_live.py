"""Every code has words and commands, and none of them has holes."""

import re
import shlex
from dataclasses import replace

import pytest
import red_worlds as world

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.grouping import Axis
from pytest_ecs_privatelink.diagnosis.live import LIVE
from pytest_ecs_privatelink.diagnosis.live_agent import LIVE_AGENT
from pytest_ecs_privatelink.diagnosis.wording import facts_of, remedy_of, summary_of
from pytest_ecs_privatelink.verdict import Check, Code, LaunchType, Verdict


def red(code: Code, *services: str, subnets: tuple[str, ...] = world.SUBNETS) -> tuple[Check, ...]:
    """Return failed checks of ``services`` with ``code``."""
    cells = world.cells([world.TCP], subnets, services)
    return tuple(world.check(each, Verdict.FAILED, code) for each in cells)


_OF_PROBES = ("dns-", "tcp-", "tls-", "vantage-", "ecr-", "logs-", "secret-")


def test_every_code_of_a_probe_has_an_entry() -> None:
    """A code that nobody explained would leave a red cell without a word."""
    assert set(LIVE) == {
        *(code for code in Code if code.startswith(_OF_PROBES)),
        Code.ENDPOINT_POLICY_DENIES,
        Code.ENDPOINT_ROUTE_MISSING,
        Code.S3_GATEWAY_NO_ROUTE,
        Code.S3_INTERFACE_ONLY,
        *LIVE_AGENT,
        Code.TASK_FAILED_TO_START,
    } - {Code.DNS_FIREWALL_BLOCKS}


@pytest.mark.parametrize("code", LIVE)
def test_an_entry_may_blame_endpoints_and_subnets(code: Code) -> None:
    """Any red cell can be grouped by its endpoint or its subnet."""
    assert {Axis.SERVICE, Axis.SUBNET} <= set(LIVE[code].axes)


@pytest.mark.parametrize("code", LIVE)
@pytest.mark.parametrize("services", [("logs",), ("s3",), world.SERVICES, ("kms",)])
def test_no_text_of_any_code_has_a_hole(code: Code, services: tuple[str, ...]) -> None:
    """Whatever is known, sentences are one line and commands parse, without braces or None."""
    facts = facts_of(world.ground(), red(code, *services))
    remedy = remedy_of(code, facts)
    for text in (summary_of(code, facts), *remedy.cli):
        assert not re.search(r"[{}\n]|None", text)
    assert all(shlex.split(each)[0] == "aws" for each in remedy.cli)
    assert all(each.endswith(" --region eu-west-1") for each in remedy.cli)


def test_a_silent_endpoint_points_at_its_group() -> None:
    """A private address that times out means group, ACL or route, in this order."""
    (cause,) = rank_causes(red(Code.TCP_TIMEOUT, "logs"), (), world.ground())
    assert cause.summary == (
        "443 of logs times out from private-a, private-b, private-c; look at the endpoint's "
        "security group, the tasks' outbound rules, then network ACLs, then routes"
    )
    assert cause.remedy.cli == (
        "aws ec2 describe-security-groups --group-ids sg-logs --region eu-west-1",
        "aws ec2 describe-network-acls --network-acl-ids acl-1 --region eu-west-1",
        "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids vpce-logs --region eu-west-1",
    )


def test_silence_offers_nothing_that_changes_a_filter() -> None:
    """Which filter swallowed a packet is not known: a healthy one must not be opened."""
    ground = replace(
        world.ground(),
        wearers={LaunchType.FARGATE: ("sg-tasks", "sg-more"), LaunchType.EC2: ("sg-hosts",)},
    )
    look = (
        "aws ec2 describe-security-groups --group-ids sg-hosts sg-more sg-tasks --region eu-west-1"
    )
    for subnets in (("subnet-b",), world.SUBNETS):
        checks = red(Code.TCP_TIMEOUT, "logs", subnets=subnets)
        remedy = remedy_of(Code.TCP_TIMEOUT, facts_of(ground, checks))
        assert all(command.split()[2].startswith("describe-") for command in remedy.cli)
        assert look in remedy.cli
        assert remedy.terraform == ""


def test_a_public_address_that_times_out_means_no_endpoint() -> None:
    """Without an endpoint the way to a public address is what is missing, and no group is named."""
    facts = facts_of(world.ground(), red(Code.TCP_TIMEOUT, "kms"))
    assert summary_of(Code.TCP_TIMEOUT, facts).startswith(
        "443 of kms times out at public addresses"
    )
    assert not any("security-group" in each for each in remedy_of(Code.TCP_TIMEOUT, facts).cli)


def test_s3_without_route_is_mended_at_the_gateway() -> None:
    """The gateway endpoint gets the route tables of the red subnets."""
    facts = facts_of(world.ground(), red(Code.S3_GATEWAY_NO_ROUTE, "s3"))
    assert remedy_of(Code.S3_GATEWAY_NO_ROUTE, facts).cli[0] == (
        "aws ec2 modify-vpc-endpoint --vpc-endpoint-id vpce-s3 --add-route-table-ids rtb-1 "
        "--region eu-west-1"
    )


def test_a_public_answer_turns_nothing_on() -> None:
    """Private DNS that is off is an audit's finding: where none stands, it was on already."""
    facts = facts_of(world.ground(), red(Code.DNS_PUBLIC_ANSWER, "logs"))
    commands = remedy_of(Code.DNS_PUBLIC_ANSWER, facts).cli
    assert all(" describe-" in each or " list-" in each for each in commands)
    assert any("list-resolver-rule-associations" in each for each in commands)


def test_a_foreign_answer_may_be_another_endpoint_s() -> None:
    """It is not said that nothing known has the address: a record may name the wrong endpoint."""
    facts = facts_of(world.ground(), red(Code.DNS_FOREIGN_ANSWER, "logs"))
    assert summary_of(Code.DNS_FOREIGN_ANSWER, facts).startswith(
        "private addresses that are not its endpoint's, and that do not serve it, are the answer "
        "for logs in "
    )


def test_a_dead_resolver_is_named_by_address() -> None:
    """DNS that does not answer names who was asked and where that is configured."""
    checks = world.run_with(world.cells([world.DNS]), Code.DNS_TIMEOUT)
    (cause,) = rank_causes(checks, (), world.ground())
    assert cause.summary.startswith("resolver 10.0.0.2 does not answer for 4 endpoint services")
    assert "--dhcp-options-ids dopt-1" in " ".join(cause.remedy.cli)


def test_what_other_packets_went_through_is_no_suspect() -> None:
    """Where endpoints with the same group answer in the same subnets, no group or ACL is blamed."""
    shared = world.ground(groups=lambda _: "sg-shared")
    checks = world.run_with(world.cells([world.TCP], services=["logs"]), Code.TCP_TIMEOUT)
    (cause,) = rank_causes(checks, (), shared)
    assert cause.summary == (
        "443 of logs times out from private-a, private-b, private-c, where endpoints with the same "
        "security groups answer; look at the endpoint's state and its interfaces' network ACLs"
    )
    assert cause.remedy.cli == (
        "aws ec2 describe-vpc-endpoints --vpc-endpoint-ids vpce-logs --region eu-west-1",
    )


def test_groups_of_tasks_that_get_through_elsewhere_are_not_shown() -> None:
    """What lets tasks out to endpoints with the same groups is not what to look at."""
    wearers = {LaunchType.FARGATE: ("sg-tasks",), LaunchType.EC2: ("sg-tasks",)}
    shared = replace(world.ground(groups=lambda _: "sg-shared"), wearers=wearers)
    checks = world.run_with(world.cells([world.TCP], services=["logs"]), Code.TCP_TIMEOUT)
    (cause,) = rank_causes(checks, (), shared)
    assert not any("sg-tasks" in each for each in cause.remedy.cli)


def test_a_group_stays_a_suspect_for_a_subnet_that_reaches_nothing() -> None:
    """A group that admits other subnets may still lack this one."""
    shared = world.ground(groups=lambda _: "sg-shared")
    red = world.cells([world.TCP], ["subnet-b"], ["ecr.api", "ecr.dkr", "logs"])
    (cause,) = rank_causes(world.run_with(red, Code.TCP_TIMEOUT), (), shared)
    assert any("--group-ids sg-shared" in each for each in cause.remedy.cli)


def test_a_dead_subnet_points_at_its_acl_first() -> None:
    """What takes everything from one subnet is likelier around the subnet than at each endpoint."""
    red = world.cells([world.TCP], ["subnet-b"])
    (cause,) = rank_causes(world.run_with(red, Code.TCP_TIMEOUT), (), world.ground())
    assert cause.summary == (
        "443 of 4 endpoint services times out from private-b; look at its network ACL (443 out, "
        "32768-65535 back in), then whether the endpoints' security groups admit 10.0.1.0/24"
    )
    assert cause.remedy.cli[0] == (
        "aws ec2 describe-network-acls --network-acl-ids acl-1 --region eu-west-1"
    )

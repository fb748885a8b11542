"""Remedies: commands that can be pasted as they are, and Terraform that says the same."""

import shlex
import subprocess
from dataclasses import replace
from functools import cache
from typing import Any

import botocore
import pytest
from audit_worlds import (
    EC2,
    ENDPOINT_GROUP,
    FARGATE,
    HTTPS,
    PRIVATE,
    PUBLIC,
    REGION,
    endpoint,
    scene,
    without,
    world,
)
from botocore import xform_name
from botocore.loaders import Loader

from pytest_ecs_privatelink.audits.register import run_audits
from pytest_ecs_privatelink.audits.remedies import new_endpoint
from pytest_ecs_privatelink.topology.model import GroupRule, Snapshot
from pytest_ecs_privatelink.verdict import Finding

# Options of the AWS CLI that are no members of the API's input: global ones, and the shorthands
# that it gives security group rules.
CLI_OWN = {"--region", "--query", "--output", "--protocol", "--port", "--cidr"}

WORLDS = {
    "nothing": world(()),
    "without logs and s3": world(without("logs", "s3")),
    "unread routes": world((*without("s3"), endpoint("s3", state="failed")), route_tables=None),
    "failed": world((*without("logs", "s3"), endpoint("logs", state="failed"))),
    "copied": world((*without("ecs"), endpoint("ecs", region="us-east-1", id="vpce-copied"))),
    "pending": world((*without("ecs"), endpoint("ecs", state="pending"))),
}


@cache
def ec2_model() -> Any:  # noqa: ANN401 JSON
    """Return botocore's description of the EC2 API."""
    return Loader(extra_search_paths=[f"{botocore.__path__[0]}/data"]).load_service_model(
        "ec2", "service-2"
    )


def known_options(command: str) -> set[str]:
    """Return the options that the API gives an ``aws ec2`` command; KeyError for no command."""
    operations = {xform_name(name, "-"): name for name in ec2_model()["operations"]}
    shape = ec2_model()["operations"][operations[command]]["input"]["shape"]
    return {f"--{xform_name(member, '-')}" for member in ec2_model()["shapes"][shape]["members"]}


def findings_of(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return the findings, of which there are some."""
    findings = run_audits(scene(snapshot))
    assert findings
    return findings


@pytest.mark.parametrize("name", WORLDS)
def test_commands_are_shell(name: str) -> None:
    """Every line of every remedy is valid shell."""
    script = "\n".join(line for each in findings_of(WORLDS[name]) for line in each.remedy.cli)
    subprocess.run(["sh", "-n"], input=script, text=True, check=True, timeout=10)


@pytest.mark.parametrize("name", WORLDS)
def test_commands_exist_in_the_ec2_api(name: str) -> None:
    """No option is invented: each belongs to the API's operation, or is the CLI's own."""
    for finding in findings_of(WORLDS[name]):
        for line in finding.remedy.cli:
            words = shlex.split(line.removeprefix("SG=$(").removesuffix(")"), comments=True)
            if words:
                options = {word for word in words if word.startswith("--")}
                assert words[:2] == ["aws", "ec2"]
                assert options <= known_options(words[2]) | CLI_OWN


def test_an_interface_endpoint_stands_and_wears_as_the_others_do() -> None:
    """Real ids throughout: one subnet per zone, the groups of the other endpoints."""
    remedy = new_endpoint(world(without("logs")), "logs", PRIVATE)
    assert remedy.cli == (
        "aws ec2 create-vpc-endpoint --region us-west-2 --vpc-id vpc-0abc"
        " --vpc-endpoint-type Interface --service-name com.amazonaws.us-west-2.logs"
        " --private-dns-enabled --subnet-ids subnet-a subnet-b subnet-c"
        " --security-group-ids sg-endpoints",
    )
    assert remedy.terraform == "\n".join(
        (
            'resource "aws_vpc_endpoint" "logs" {',
            '  vpc_id              = "vpc-0abc"',
            '  service_name        = "com.amazonaws.us-west-2.logs"',
            '  vpc_endpoint_type   = "Interface"',
            '  subnet_ids          = ["subnet-a", "subnet-b", "subnet-c"]',
            '  security_group_ids  = ["sg-endpoints"]',
            "  private_dns_enabled = true",
            "}",
        )
    )


def test_the_gateway_gets_the_subnets_route_tables() -> None:
    """A gateway endpoint works by routes: those of the subnets concerned, and no others."""
    remedy = new_endpoint(world(without("s3")), "s3", PRIVATE)
    assert remedy.cli == (
        "aws ec2 create-vpc-endpoint --region us-west-2 --vpc-id vpc-0abc"
        " --vpc-endpoint-type Gateway --service-name com.amazonaws.us-west-2.s3"
        " --route-table-ids rtb-private",
    )
    assert remedy.terraform == "\n".join(
        (
            'resource "aws_vpc_endpoint" "s3" {',
            '  vpc_id            = "vpc-0abc"',
            '  service_name      = "com.amazonaws.us-west-2.s3"',
            '  vpc_endpoint_type = "Gateway"',
            '  route_table_ids   = ["rtb-private"]',
            "}",
        )
    )


def test_a_subnet_without_association_means_the_main_table() -> None:
    """What no table names uses the main one, so that is where the route belongs."""
    lone = replace(PRIVATE[0], id="subnet-lone")
    remedy = new_endpoint(world(without("s3"), subnets=(lone,)), "s3", (lone,))
    assert remedy.cli[0].endswith("--route-table-ids rtb-main")


def test_a_table_that_could_not_be_read_stays_a_word() -> None:
    """Only what nobody can know is left to the reader."""
    remedy = new_endpoint(world(without("s3"), route_tables=None), "s3", PRIVATE)
    assert remedy.cli[0].endswith("--route-table-ids ROUTE_TABLE_ID")


def test_the_first_endpoint_brings_its_group() -> None:
    """In a VPC without endpoints the remedy makes a group that admits the VPC on 443 (R11)."""
    bare = world(())
    snapshot = replace(bare, vpc=replace(bare.vpc, cidrs=("10.0.0.0/16", "100.64.0.0/16")))
    remedy = new_endpoint(snapshot, "ecr.api", PRIVATE)
    group, first, second, create = remedy.cli
    assert group == (
        "SG=$(aws ec2 create-security-group --region us-west-2 --vpc-id vpc-0abc"
        " --group-name vpce-ecr.api --description '443 to ecr.api' --query GroupId --output text)"
    )
    admit = (
        "aws ec2 authorize-security-group-ingress --region us-west-2 --protocol tcp --port 443"
        ' --group-id "$SG" --cidr '
    )
    assert (first, second) == (f"{admit}10.0.0.0/16", f"{admit}100.64.0.0/16")
    assert create.endswith('--security-group-ids "$SG"')
    assert 'resource "aws_security_group" "ecr_api" {' in remedy.terraform
    assert "security_group_ids  = [aws_security_group.ecr_api.id]" in remedy.terraform


def test_subnets_that_hold_endpoints_are_preferred() -> None:
    """Where a VPC keeps its endpoints in subnets of their own, the new one joins them."""
    subnet = replace(PUBLIC, id="subnet-endpoints", az=f"{REGION}b")
    others = tuple(
        replace(each, subnets=(subnet.id,) if each.subnets else ()) for each in without("logs")
    )
    remedy = new_endpoint(world(others, subnets=(*PRIVATE, subnet)), "logs", PRIVATE)
    assert "--subnet-ids subnet-a subnet-endpoints subnet-c " in remedy.cli[0]


def test_one_subnet_per_zone() -> None:
    """AWS refuses two subnets of one zone."""
    twin = replace(PRIVATE[0], id="subnet-z")
    remedy = new_endpoint(world((), subnets=(*PRIVATE, twin)), "logs", (*PRIVATE, twin))
    assert "--subnet-ids subnet-a subnet-b subnet-c " in remedy.cli[-1]


def test_the_groups_that_most_endpoints_wear_win() -> None:
    """One odd endpoint does not decide what the next one wears."""
    odd = endpoint("kms", groups=("sg-a-odd",))
    remedy = new_endpoint(world((odd, *without("logs"))), "logs", PRIVATE)
    assert remedy.cli[0].endswith("--security-group-ids sg-endpoints")


@pytest.mark.parametrize(
    "rule",
    [
        replace(HTTPS, cidr="10.9.0.0/16"),
        replace(HTTPS, cidr="10.0.0.0/23"),
        replace(HTTPS, cidr=None, group="sg-tasks"),
        replace(HTTPS, from_port=80, to_port=80),
    ],
    ids=["another range", "not all subnets", "members of a group", "another port"],
)
def test_groups_that_do_not_admit_the_subnets_are_not_copied(rule: GroupRule) -> None:
    """What most endpoints wear may not let these subnets in: then the remedy makes a group."""
    narrow = replace(ENDPOINT_GROUP, ingress=(rule,))
    remedy = new_endpoint(world(without("logs"), security_groups=(narrow,)), "logs", PRIVATE)
    assert remedy.cli[0].startswith("SG=$(aws ec2 create-security-group ")
    assert remedy.cli[-1].endswith('--security-group-ids "$SG"')


def test_of_the_groups_in_use_those_that_admit_win() -> None:
    """A group that fewer endpoints wear, but that lets the subnets in, is copied."""
    narrow = replace(ENDPOINT_GROUP, ingress=())
    open_ = replace(ENDPOINT_GROUP, id="sg-open")
    snapshot = world(
        (endpoint("kms", groups=("sg-open",)), *without("logs")), security_groups=(narrow, open_)
    )
    remedy = new_endpoint(snapshot, "logs", PRIVATE)
    assert remedy.cli[0].endswith("--security-group-ids sg-open")


def test_endpoints_that_do_not_serve_set_no_custom() -> None:
    """A failed endpoint's group may be what it failed for."""
    failed = endpoint("kms", state="failed", groups=("sg-a-failed",))
    remedy = new_endpoint(world((failed, endpoint("logs"))), "ecr.api", PRIVATE)
    assert remedy.cli[0].endswith("--security-group-ids sg-endpoints")


def test_ec2_is_told_the_order_of_the_three() -> None:
    """Where container instances exist, order and restart matter (R17, R18); for Fargate not."""
    order = (
        "# container instances exist already? create ecs-agent, ecs-telemetry, ecs in this order,"
        " then restart each agent"
    )
    (finding,) = run_audits(scene(world(without("ecs")), EC2))
    assert finding.remedy.cli[0] == order
    fargate = run_audits(scene(world(without("ecs")), FARGATE, only=("ecs",)))
    assert order not in fargate[0].remedy.cli

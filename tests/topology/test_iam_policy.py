"""The documented policies are what the table says, and its reading part is what is called."""

import json
import re
import subprocess
import sys
from pathlib import Path

import boto3
import pytest
from aws_front import Front
from aws_worlds import REGION, World
from cluster_worlds import CLUSTER, ClusterWorld

from pytest_ecs_privatelink.catalogue import permissions
from pytest_ecs_privatelink.catalogue.marks import RUN_TAG
from pytest_ecs_privatelink.catalogue.permissions import SSM_STATEMENTS, STATEMENTS, called, policy
from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.reader import read_snapshot

DOCS = Path(__file__).parents[2] / "docs"
FILES = {
    "iam-policy.json": (),
    "iam-policy-read-only.json": ("--read-only",),
    "iam-policy-ssm.json": ("--ssm",),
}


def allowed(sid: str) -> list[str]:
    """Return the actions of a statement."""
    (found,) = (each for each in STATEMENTS if each.sid == sid)
    return list(found.actions)


@pytest.mark.parametrize(("name", "arguments"), FILES.items(), ids=FILES)
def test_the_documents_are_made_from_the_table(name: str, arguments: tuple[str, ...]) -> None:
    """Nobody edits them: the command in docs/iam-policy.md prints them."""
    printed = subprocess.run(
        [sys.executable, "-P", "-m", permissions.__name__, *arguments],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert (DOCS / name).read_text(encoding="utf-8") == printed


def test_each_statement_is_explained() -> None:
    """``docs/iam-policy.md`` says of each what it is for."""
    page = (DOCS / "iam-policy.md").read_text(encoding="utf-8")

    explained = re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)
    assert explained == [each.sid for each in (*STATEMENTS, *SSM_STATEMENTS)]


@pytest.mark.usefixtures("front")
def test_the_policy_allows_what_is_called_and_no_more(session: boto3.Session, world: World) -> None:
    """A VPC with one of everything makes the reader send each action of the policy."""
    reading = read_snapshot(session, world.small, region=REGION)

    assert sorted(reading.api_calls) == allowed("ReadOneVpc")


def test_a_cluster_takes_its_own_statement_and_no_more(
    front: Front, session: boto3.Session, cluster_world: ClusterWorld
) -> None:
    """With one of everything, and one name that is wrong, each action of the second is sent."""
    vpc = cluster_world.vpc
    reading = read_snapshot(session, vpc, region=REGION, cluster=CLUSTER)
    with pytest.raises(ReadError):
        read_snapshot(session, vpc, region=REGION, cluster="prod")

    called = {*reading.api_calls, *front.seen}
    ours = {each for each in called if not each.startswith(("ec2:", "route53"))}
    assert sorted(ours) == allowed("ReadOneCluster")
    assert set(front.seen) == called


def test_the_read_only_policy_only_reads() -> None:
    """Nothing in it creates or changes anything."""
    actions = called(read_only=True)

    verbs = {re.split(r"(?=[A-Z])", action.partition(":")[2])[1] for action in actions}
    assert verbs == {"Batch", "Describe", "Get", "List"}  # BatchGetImage


def test_what_writes_is_held_to_our_mark() -> None:
    """Each action that creates or deletes is allowed under our names alone, whatever a bug asks."""
    writing = {
        action: statement["Resource"]
        for statement in policy()["Statement"]
        for action in statement["Action"]
        if re.search(r":(Create|Delete|Put|Run|Tag)", action)
    }

    assert writing.pop("ecs:RunTask").endswith(":task-definition/pytest-ecs-privatelink-*")
    assert writing.pop("ecs:TagResource") == [
        "arn:aws:ecs:*:*:task/*",
        "arn:aws:ecs:*:*:task-definition/pytest-ecs-privatelink-*",
    ]
    assert {resource.rpartition(":")[2] for resource in writing.values()} == {
        "pytest-ecs-privatelink/*"
    }
    assert set(writing) == {
        "logs:CreateLogGroup",
        "logs:CreateLogStream",
        "logs:DeleteLogGroup",
        "logs:DeleteLogStream",
        "logs:PutLogEvents",
        "logs:PutRetentionPolicy",
        "logs:TagResource",
    }


def test_nobody_elses_task_can_be_stopped() -> None:
    """Only what carries a run's tag; and nothing gets that tag once it is there."""
    (stop,) = (each for each in policy()["Statement"] if "ecs:StopTask" in each["Action"])
    (tag,) = (each for each in policy()["Statement"] if "ecs:TagResource" in each["Action"])

    assert (stop["Action"], stop["Resource"]) == (["ecs:StopTask"], "arn:aws:ecs:*:*:task/*")
    assert stop["Condition"] == {"Null": {f"aws:ResourceTag/{RUN_TAG}": "false"}}
    assert json.loads(json.dumps(tag["Condition"])) == {
        "StringEquals": {"ecs:CreateAction": ["RegisterTaskDefinition", "RunTask"]}
    }


def test_roles_are_passed_to_ecs_alone() -> None:
    """Whoever may pass a role to any service may become it."""
    (statement,) = (each for each in policy()["Statement"] if "iam:PassRole" in each["Action"])

    assert statement["Condition"] == {
        "StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    }

"""The documented policy is exactly what reading a VPC and its cluster calls."""

import json
import re
from pathlib import Path

import boto3
import pytest
from aws_front import Front
from aws_worlds import REGION, World
from cluster_worlds import CLUSTER, ClusterWorld

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.reader import read_snapshot

POLICY = Path(__file__).parents[2] / "docs" / "iam-policy.md"


def documented() -> dict[str, list[str]]:
    """Return the actions of each statement."""
    (block,) = re.findall(r"```json\n(.*?)```", POLICY.read_text(encoding="utf-8"), re.DOTALL)
    return {each["Sid"]: each["Action"] for each in json.loads(block)["Statement"]}


@pytest.mark.usefixtures("front")
def test_the_policy_allows_what_is_called_and_no_more(session: boto3.Session, world: World) -> None:
    """A VPC with one of everything makes the reader send each action of the policy."""
    reading = read_snapshot(session, world.small, region=REGION)

    assert sorted(reading.api_calls) == documented()["ReadOneVpc"]


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
    assert sorted(ours) == documented()["ReadOneCluster"]
    assert set(front.seen) == called


def test_the_policy_only_reads() -> None:
    """Nothing in it creates, changes or decrypts."""
    actions = [action for statement in documented().values() for action in statement]

    verbs = {re.split(r"(?=[A-Z])", action.partition(":")[2])[1] for action in actions}
    assert verbs == {"Describe", "Get", "List"}

"""The documented policy is exactly what reading a VPC calls."""

import json
import re
from pathlib import Path

import boto3
import pytest
from aws_worlds import REGION, World

from pytest_ecs_privatelink.topology.reader import read_snapshot

POLICY = Path(__file__).parents[2] / "docs" / "iam-policy.md"


def documented() -> dict[str, object]:
    """Return the policy's only statement."""
    (block,) = re.findall(r"```json\n(.*?)```", POLICY.read_text(encoding="utf-8"), re.DOTALL)
    (statement,) = json.loads(block)["Statement"]
    assert isinstance(statement, dict)
    return statement


@pytest.mark.usefixtures("front")
def test_the_policy_allows_what_is_called_and_no_more(session: boto3.Session, world: World) -> None:
    """A VPC with one of everything makes the reader send each action of the policy."""
    reading = read_snapshot(session, world.small, region=REGION)

    assert sorted(reading.api_calls) == documented()["Action"]


def test_the_policy_only_reads() -> None:
    """Nothing in it creates, changes or decrypts."""
    actions = documented()["Action"]

    assert isinstance(actions, list)
    verbs = {re.split(r"(?=[A-Z])", str(action).partition(":")[2])[1] for action in actions}
    assert verbs == {"Describe", "Get", "List"}

"""An endpoint policy that hangs on who calls may refuse the runner and let tasks through."""

import json
from dataclasses import replace
from typing import Any

import pytest
from chain_worlds import chain_terms, ended, proven, world
from claim_worlds import OWNER

from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link
from pytest_ecs_privatelink.verdict import Check, Claim, Code, Verdict

ROLE = f"arn:aws:iam::{OWNER}:role/tasks"
ANYBODY = {"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}
PUT = "logs:PutLogEvents"


def refused(text: str | None) -> Check:
    """Return the check of awslogs, refused in the name of the endpoint's policy ``text``."""
    healthy = world()
    endpoints = tuple(
        replace(each, policy=text) if each.id == "vpce-logs" else each for each in healthy.endpoints
    )
    vantage = ended(
        Claim.AWSLOGS,
        CallStatus.DENIED,
        Link.EVENT,
        denied_by=Denier.ENDPOINT_POLICY,
        action=PUT,
    )
    return proven(Claim.AWSLOGS, vantage, chain_terms(replace(healthy, endpoints=endpoints)))


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def when(operator: str, key: str, value: str) -> dict[str, Any]:
    """Return a Condition."""
    return {operator: {key: value}}


@pytest.mark.parametrize(
    "text",
    [
        policy({**ANYBODY, "Principal": {"AWS": ROLE}}),
        policy({**ANYBODY, "Condition": when("ArnEquals", "aws:PrincipalArn", ROLE)}),
        policy({**ANYBODY, "Condition": when("StringEquals", "aws:PrincipalOrgID", "o-1")}),
        policy(
            ANYBODY,
            {
                **ANYBODY,
                "Effect": "Deny",
                "Condition": when("ArnNotEquals", "aws:PrincipalArn", ROLE),
            },
        ),
    ],
)
def test_a_policy_for_certain_callers_is_a_warning(text: str) -> None:
    """What it says to the runner is not what it says to tasks' roles."""
    check = refused(text)

    assert (check.verdict, check.code) == (Verdict.WARNED, Code.ENDPOINT_POLICY_DENIES)
    assert check.observed.endswith("; that policy may let tasks' roles through")


@pytest.mark.parametrize(
    "text",
    [
        None,
        "no JSON",
        policy({**ANYBODY, "Action": "logs:Describe*"}),
        policy(ANYBODY, {**ANYBODY, "Effect": "Deny", "Action": PUT}),
        policy(
            {**ANYBODY, "Action": "logs:Describe*"},
            {**ANYBODY, "Action": "logs:Get*", "Principal": {"AWS": ROLE}},
        ),
        policy({**ANYBODY, "Condition": when("StringEquals", "aws:SourceVpc", "vpc-else")}),
    ],
)
def test_a_policy_for_all_callers_fails(text: str | None) -> None:
    """So does one that nobody can read here: its refusal is all that is known of it."""
    check = refused(text)

    assert (check.verdict, check.code) == (Verdict.FAILED, Code.ENDPOINT_POLICY_DENIES)

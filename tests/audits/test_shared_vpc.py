"""VPCs shared through RAM: a participant does not see the owner's endpoints."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import FARGATE, OWNER, VPC, heads, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import SecurityGroup, Unreadable
from pytest_ecs_privatelink.verdict import Code, Severity

E = Severity.ERROR
ABOUT_ENDPOINTS = (
    *("endpoint-not-available", "endpoint-private-dns-off", "endpoint-wrong-region"),
    *("endpoint-policy-denies", "endpoint-sg-ingress", "endpoint-az-uncovered"),
    *("task-sg-egress", "task-sg-egress-s3", "nacl-blocks"),
    *("s3-gateway-no-route", "s3-gateway-policy", "s3-interface-only", "s3-route-shadowed"),
)
OTHERS = SecurityGroup(id="sg-1", vpc=VPC, name="tasks", ingress=(), egress=())


@pytest.mark.parametrize(
    "changes",
    [{"account": "222222222222"}, {"security_groups": (OTHERS,)}, {"security_groups": ()}],
    ids=["another account", "default group unseen", "no group seen"],
)
def test_a_participant_cannot_see_the_owners_endpoints(changes: dict[str, Any]) -> None:
    """Story 26: in a VPC shared through RAM, absence is "not visible", neither pass nor fail."""
    sight = scene(world((), **changes), FARGATE)
    assert run_audits(sight) == ()
    missed = [each for each in unseen(sight) if each.subject != VPC]
    assert {each.subject for each in missed} == {
        *("ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager")
    }
    assert [each.code for each in unseen(sight) if each.subject == VPC] == sorted(ABOUT_ENDPOINTS)
    assert {each.reason for each in unseen(sight)} == {
        f"the VPC is shared by account {OWNER}, which alone sees its endpoints"
    }


def test_unread_groups_hide_whether_the_vpc_is_shared() -> None:
    """Nothing that was read tells an owner from a participant: could not look, with permission."""
    action = "ec2:DescribeSecurityGroups"
    denied = Unreadable(part="security_groups", permission=action, error="AccessDenied")
    sight = scene(world((), security_groups=None, unreadable=(denied,)), FARGATE, only=("logs",))
    assert run_audits(sight) == ()
    assert {each.permissions for each in unseen(sight)} == {(action,)}
    assert [each for each in unseen(sight) if each.subject != VPC] == [
        Unseen(
            code=Code.ENDPOINT_MISSING,
            subject="logs",
            reason="whether this account owns the VPC, and so sees its endpoints, could not be "
            f"read: missing permission {action}",
            permissions=(action,),
        ),
    ]
    assert {each.code for each in unseen(sight) if each.subject == VPC} == set(ABOUT_ENDPOINTS)


@pytest.mark.parametrize(
    "changes",
    [
        {"security_groups": None},
        {"security_groups": (OTHERS, replace(OTHERS, id="sg-2", name="default"))},
        {"security_groups": (), "emulated": True},
    ],
    ids=["groups unread, but endpoints seen", "default group seen", "emulator"],
)
def test_an_owner_is_not_taken_for_a_participant(changes: dict[str, Any]) -> None:
    """Only a default group that should be there and is not tells of sharing."""
    sight = scene(world(without("logs"), **changes))
    assert heads(run_audits(sight)) == [(Code.ENDPOINT_MISSING, E, "logs")]

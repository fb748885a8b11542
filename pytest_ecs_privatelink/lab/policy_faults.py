"""Policies that break the healthy world, and how they come there through the API."""

import json
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.world import World

if TYPE_CHECKING:
    import boto3


def _policy(effect: str, action: object, resource: str, **more: object) -> str:
    statement = {"Effect": effect, "Principal": "*", "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


SAMPLE = _policy("Allow", ["ecs:CreateCluster", "ecs:ListClusters"], "*")
"""The policy that AWS's page on ECS's endpoints shows (R20)."""
DENY_ONLY = _policy("Deny", "logs:DeleteLogGroup", "*", Sid="KeepLogs")
OWN_BUCKET = _policy("Allow", "s3:*", "arn:aws:s3:::lab-artifacts/*")
OWN_PRINCIPALS = _policy(
    "Allow",
    "s3:*",
    "*",
    Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}},
)


def give_endpoint_a_policy(
    world: World, session: "boto3.Session", service: str, policy: str
) -> None:
    """Replace the full access that the endpoint of ``service`` has by ``policy``."""
    session.client("ec2").modify_vpc_endpoint(
        VpcEndpointId=world.endpoints[service], PolicyDocument=policy
    )

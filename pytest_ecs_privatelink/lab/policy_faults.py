"""Policies that break the healthy world, and how they come there through the API."""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.lab.world_ecs import (
    CLUSTER,
    ECS_SERVICES,
    EXECUTION_ROLE,
    LOG_GROUP,
    REPOSITORY,
)
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    EcsService,
    Placement,
    Role,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

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


_BUCKET = "arn:aws:s3:::lab-settings"


def layers_only(region: str) -> str:
    """Return the smallest policy that pulls from Amazon ECR do with (AmazonECR, vpc-endpoints)."""
    layers = f"arn:aws:s3:::prod-{region}-starport-layer-bucket/*"
    return _policy("Allow", "s3:GetObject", layers)


def let_layers_through_only(world: World, session: "boto3.Session") -> None:
    """Narrow the s3 gateway's policy to what pulls need, and forget other buckets."""
    give_endpoint_a_policy(world, session, "s3", layers_only(world.region))


def keep_environment_in_s3(snapshot: Snapshot, world: World) -> Snapshot:
    """Give a task definition an environment file."""
    return _running(snapshot, world, env_files=(f"{_BUCKET}/app.env",))


def tie_role_to_one_endpoint(snapshot: Snapshot, world: World) -> Snapshot:
    """Condition the execution role's pulls on the endpoint for ecr.api, which serves tokens."""
    running = _running(snapshot, world)
    (api,) = endpoints_for(snapshot, "ecr.api")
    tasks = running.cluster.task_definitions or () if running.cluster else ()
    arns = sorted({each.execution_role for each in tasks if each.execution_role})
    roles = tuple(Role(arn=arn, policies=(_tied_to(api.id),)) for arn in arns)
    return replace(running, roles=roles)


def _tied_to(endpoint: str) -> str:
    """Return AWS's example of an execution role's policy, with one endpoint for all of ECR."""
    free = ["ecr:GetAuthorizationToken", "logs:CreateLogStream", "logs:PutLogEvents"]
    pull = ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
    condition = {"StringEquals": {"aws:sourceVpce": endpoint}}
    statements = [
        {"Effect": "Allow", "Action": free, "Resource": "*"},
        {"Effect": "Allow", "Action": pull, "Resource": "*", "Condition": condition},
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def _running(snapshot: Snapshot, world: World, env_files: tuple[str, ...] = ()) -> Snapshot:
    """Give every container these environment files; where no cluster was read, say what runs."""
    cluster = snapshot.cluster or _cluster(world)
    tasks = tuple(
        replace(
            task, containers=tuple(replace(each, env_files=env_files) for each in task.containers)
        )
        for task in cluster.task_definitions or ()
    )
    return replace(
        snapshot,
        cluster=replace(cluster, task_definitions=tasks),
        roles=snapshot.roles or (),
    )


def _cluster(world: World) -> Cluster:
    """Return the lab's cluster as a reader would: one task definition, both launch types."""
    place = f"arn:aws:ecs:{world.region}:{world.account}"
    task = TaskDefinition(
        arn=f"{place}:task-definition/app:1",
        containers=(
            Container(
                name="app",
                image=f"{world.account}.dkr.ecr.{world.region}.amazonaws.com/{REPOSITORY}:latest",
                log_driver="awslogs",
                log_group=LOG_GROUP,
                log_region=world.region,
            ),
        ),
        network_mode="awsvpc",
        execution_role=f"arn:aws:iam::{world.account}:role/{EXECUTION_ROLE}",
    )
    services = tuple(
        EcsService(name=name, placements=(_placement(world, LaunchType(kind.lower()), task.arn),))
        for name, kind in ECS_SERVICES.items()
    )
    return Cluster(
        arn=f"{place}:cluster/{CLUSTER}", name=CLUSTER, services=services, task_definitions=(task,)
    )


def _placement(world: World, launch_type: LaunchType, task: str) -> Placement:
    return Placement(
        launch_type=launch_type,
        task_definition=task,
        subnets=tuple(world.subnets.values()),
        groups=world.task_groups,
    )

"""What runs in the lab's healthy world: an ECS cluster with a Fargate and an EC2 service.

The EC2 one has a container instance in each subnet to stand on.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab.cloud import Client

if TYPE_CHECKING:
    import boto3

CLUSTER = "lab"
REPOSITORY = "lab/app"
LOG_GROUP = "/ecs/lab"
SECRET = "lab/app/token"  # noqa: S105  (a name)
EXECUTION_ROLE = "lab-task-execution"
ECS_SERVICES = {"app-fargate": "FARGATE", "app-ec2": "EC2"}
"""ECS service names and the launch type of each; task definition families have the same names."""

_IMAGE = "ami-0123456789abcdef0"  # moto has no images here, and asks for none
_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {
        "mediaType": "application/vnd.docker.container.image.v1+json",
        "size": 2,
        "digest": f"sha256:{hashlib.sha256(b'{}').hexdigest()}",
    },
    "layers": [],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Names and ARNs of what runs: the evidence from which requirements are derived."""

    cluster: str
    services: tuple[str, ...]
    task_definitions: tuple[str, ...]
    image: str
    log_group: str
    secret: str
    execution_role: str


def build_workload(session: "boto3.Session", subnets: tuple[str, ...], task_group: str) -> Workload:
    """Seed image, log group, secret, role, then the cluster and its two ECS services."""
    # Clients are made here: making one is not safe in several threads of one session.
    clients = {
        name: session.client(name) for name in ("ecr", "logs", "secretsmanager", "iam", "ecs")
    }
    clients["logs"].create_log_group(logGroupName=LOG_GROUP)
    image = _create_image(clients["ecr"])
    secret = _create_secret(clients["secretsmanager"])
    role = _create_execution_role(clients["iam"])
    ecs = clients["ecs"]
    ecs.create_cluster(clusterName=CLUSTER)
    definitions = tuple(
        _register_task(ecs, family, launch_type, image, secret, role)
        for family, launch_type in ECS_SERVICES.items()
    )
    for (name, launch_type), definition in zip(ECS_SERVICES.items(), definitions, strict=True):
        _create_service(ecs, name, launch_type, definition, subnets, task_group)
    return Workload(
        cluster=CLUSTER,
        services=tuple(ECS_SERVICES),
        task_definitions=definitions,
        image=image,
        log_group=LOG_GROUP,
        secret=secret,
        execution_role=role,
    )


def register_instances(session: "boto3.Session", subnets: tuple[str, ...], group: str) -> None:
    """Start an instance in each subnet, which wears ``group``, and register it in the cluster."""
    ec2, ecs = session.client("ec2"), session.client("ecs")
    for subnet in subnets:
        made = ec2.run_instances(
            ImageId=_IMAGE,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}],
        )
        instance = made["Instances"][0]["InstanceId"]
        ecs.register_container_instance(
            cluster=CLUSTER, instanceIdentityDocument=json.dumps({"instanceId": instance})
        )


def _create_image(ecr: Client) -> str:
    made = ecr.create_repository(repositoryName=REPOSITORY)["repository"]
    ecr.put_image(repositoryName=REPOSITORY, imageManifest=json.dumps(_MANIFEST), imageTag="latest")
    return f"{made['repositoryUri']}:latest"


def _create_secret(secretsmanager: Client) -> str:
    made = secretsmanager.create_secret(Name=SECRET, SecretString="nothing secret")
    return str(made["ARN"])


def _create_execution_role(iam: Client) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    made = iam.create_role(RoleName=EXECUTION_ROLE, AssumeRolePolicyDocument=json.dumps(trust))
    return str(made["Role"]["Arn"])


def _register_task(
    ecs: Client, family: str, launch_type: str, image: str, secret: str, role: str
) -> str:
    container = {
        "name": "app",
        "image": image,
        "memory": 512,
        "essential": True,
        "secrets": [{"name": "TOKEN", "valueFrom": secret}],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": LOG_GROUP,
                "awslogs-region": ecs.meta.region_name,
                "awslogs-stream-prefix": family,
            },
        },
    }
    made = ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        requiresCompatibilities=[launch_type],
        cpu="256",
        memory="512",
        executionRoleArn=role,
        containerDefinitions=[container],
    )
    return str(made["taskDefinition"]["taskDefinitionArn"])


def _create_service(
    ecs: Client, name: str, launch_type: str, definition: str, subnets: tuple[str, ...], group: str
) -> None:
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=name,
        taskDefinition=definition,
        desiredCount=0,
        launchType=launch_type,
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": list(subnets), "securityGroups": [group]}
        },
    )

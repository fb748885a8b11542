"""What runs in the lab's healthy world: an ECS cluster with a Fargate and an EC2 service.

The EC2 one has a container instance in each subnet to stand on.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_ecs_privatelink.lab.cloud import Client
from pytest_ecs_privatelink.lab.images import lab_image

if TYPE_CHECKING:
    import boto3

CLUSTER = "lab"
REPOSITORY = "lab/app"
LOG_GROUP = "/ecs/lab"
SECRET = "lab/app/token"  # noqa: S105  (a name)
PARAMETER = "/lab/app/colour"
EXECUTION_ROLE = "lab-task-execution"
ECS_SERVICES = {"app-fargate": "FARGATE", "app-ec2": "EC2"}
"""ECS service names and the launch type of each; task definition families have the same names."""

AGENT_VERSION = "1.90.0"
INSTANCE_ROLE = "lab-container-instance"
"""The role of the container instances, and the name of its instance profile."""

_IMAGE = "ami-0123456789abcdef0"  # moto has no images here, and asks for none


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Names and ARNs of what runs: the evidence from which requirements are derived."""

    cluster: str
    services: tuple[str, ...]
    task_definitions: tuple[str, ...]
    image: str
    log_group: str
    secret: str
    parameter: str
    execution_role: str


def build_workload(
    session: "boto3.Session", subnets: tuple[str, ...], task_group: str, name: str = CLUSTER
) -> Workload:
    """Seed what tasks start with and their role, then the cluster ``name`` and its two services.

    All but the task definitions and ECS services are called after the cluster.
    """
    # Clients are made here: making one is not safe in several threads of one session.
    clients = {
        each: session.client(each)
        for each in ("ecr", "logs", "secretsmanager", "ssm", "iam", "ecs")
    }
    log_group = _after(name, LOG_GROUP)
    clients["logs"].create_log_group(logGroupName=log_group)
    image = _create_image(clients["ecr"], _after(name, REPOSITORY))
    secret = _create_secret(clients["secretsmanager"], _after(name, SECRET))
    parameter = _create_parameter(clients["ssm"], _after(name, PARAMETER))
    role = _create_execution_role(clients["iam"], _after(name, EXECUTION_ROLE))
    ecs = clients["ecs"]
    ecs.create_cluster(clusterName=name)
    definitions = tuple(
        _register_task(ecs, family, launch_type, image, (secret, parameter), role, log_group)
        for family, launch_type in ECS_SERVICES.items()
    )
    for (family, launch_type), definition in zip(ECS_SERVICES.items(), definitions, strict=True):
        _create_service(ecs, name, family, launch_type, definition, subnets, task_group)
    return Workload(
        cluster=name,
        services=tuple(ECS_SERVICES),
        task_definitions=definitions,
        image=image,
        log_group=log_group,
        secret=secret,
        parameter=parameter,
        execution_role=role,
    )


def _after(cluster: str, text: str) -> str:
    """Return one of the names above as it is for another cluster."""
    return text.replace(CLUSTER, cluster, 1)


def register_instances(
    session: "boto3.Session", cluster: str, subnets: tuple[str, ...], group: str
) -> None:
    """Start an instance in each subnet, which wears ``group``, and register it in the cluster."""
    ec2, ecs = session.client("ec2"), session.client("ecs")
    profile = _create_instance_profile(session.client("iam"), _after(cluster, INSTANCE_ROLE))
    for subnet in subnets:
        made = ec2.run_instances(
            ImageId=_IMAGE,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            IamInstanceProfile={"Name": profile},
            NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": subnet, "Groups": [group]}],
        )
        instance = made["Instances"][0]["InstanceId"]
        ecs.register_container_instance(
            cluster=cluster,
            instanceIdentityDocument=json.dumps({"instanceId": instance}),
            versionInfo={"agentVersion": AGENT_VERSION, "dockerVersion": "DockerVersion: 25.0.8"},
            attributes=[
                {"name": "ecs.cpu-architecture", "value": "x86_64"},
                {"name": "ecs.subnet-id", "value": subnet},
                {"name": "ecs.vpc-id", "value": _vpc_of(made)},
            ],
        )


def _vpc_of(made: Mapping[str, Any]) -> str:
    return str(made["Instances"][0]["VpcId"])


def _create_instance_profile(iam: Client, name: str) -> str:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_trust("ec2.amazonaws.com"))
    iam.create_instance_profile(InstanceProfileName=name)
    iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
    return name


def _create_image(ecr: Client, repository: str) -> str:
    """Push the image that the twin's registry has the blobs of."""
    made = ecr.create_repository(repositoryName=repository)["repository"]
    index = lab_image().index
    ecr.put_image(
        repositoryName=repository,
        imageManifest=index.content.decode(),
        imageManifestMediaType=index.media_type,
        imageDigest=index.digest,
        imageTag="latest",
    )
    return f"{made['repositoryUri']}:latest"


def _create_secret(secretsmanager: Client, name: str) -> str:
    made = secretsmanager.create_secret(Name=name, SecretString="nothing secret")
    return str(made["ARN"])


def _create_parameter(ssm: Client, name: str) -> str:
    ssm.put_parameter(Name=name, Value="nothing secret either", Type="SecureString")
    return str(ssm.get_parameter(Name=name)["Parameter"]["ARN"])


def _create_execution_role(iam: Client, name: str) -> str:
    trust = _trust("ecs-tasks.amazonaws.com")
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    return str(made["Role"]["Arn"])


def _trust(service: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sts:AssumeRole",
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _register_task(
    ecs: Client,
    family: str,
    launch_type: str,
    image: str,
    secrets: tuple[str, str],
    role: str,
    log_group: str,
) -> str:
    container = {
        "name": "app",
        "image": image,
        "memory": 512,
        "essential": True,
        "secrets": [
            {"name": name, "valueFrom": reference}
            for name, reference in zip(("TOKEN", "COLOUR"), secrets, strict=True)
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": log_group,
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
    ecs: Client,
    cluster: str,
    name: str,
    launch_type: str,
    definition: str,
    subnets: tuple[str, ...],
    group: str,
) -> None:
    ecs.create_service(
        cluster=cluster,
        serviceName=name,
        taskDefinition=definition,
        desiredCount=0,
        launchType=launch_type,
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": list(subnets), "securityGroups": [group]}
        },
    )

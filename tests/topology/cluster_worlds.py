"""A cluster in the emulator that has one of everything, and answers that the emulator has not."""

import json
from dataclasses import dataclass
from typing import Any

from aws_front import Answering, always, as_json
from aws_worlds import client

CLUSTER = "live"
ROLE = "execution"
ENVIRONMENT_VALUE = "nobody's business"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/app:1"
PLAIN_POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ecr:GetAuthorizationToken", "Resource": "*"}],
}


@dataclass(frozen=True, slots=True)
class ClusterWorld:
    """Ids of a VPC of two subnets with a cluster, and of a VPC beside it."""

    vpc: str
    subnets: tuple[str, ...]
    group: str
    instance: str
    file_system: str
    beside: str
    subnet_beside: str


def make_cluster_world(url: str) -> ClusterWorld:
    """Make both VPCs, the cluster, its ECS services, definitions, role and file system."""
    ec2, ecs = client(url, "ec2"), client(url, "ecs")
    vpc, beside = (ec2.create_vpc(CidrBlock=f"10.{i}.0.0/16")["Vpc"]["VpcId"] for i in (50, 51))
    a, b = (_subnet(ec2, vpc, f"10.50.{i}.0/24") for i in range(2))
    other = _subnet(ec2, beside, "10.51.0.0/24")
    group = ec2.create_security_group(GroupName="app", Description="app", VpcId=vpc)["GroupId"]
    file_system = _make_file_system(url, a, group)
    ecs.create_cluster(clusterName=CLUSTER)
    ecs.create_cluster(clusterName="spare")
    role = _make_role(url)
    for family in ("web", "batch"):
        _register(ecs, family, role, file_system)
    _service(ecs, "web", "FARGATE", [b, a], [group])
    _service(ecs, "batch", "EC2", [a], [group])
    _service(ecs, "beside", "FARGATE", [other], [])
    return ClusterWorld(
        vpc=vpc,
        subnets=(a, b),
        group=group,
        instance=_register_instance(ec2, ecs, a, group),
        file_system=file_system,
        beside=_register_instance(ec2, ecs, other, None),
        subnet_beside=other,
    )


def _subnet(ec2: Any, vpc: str, cidr: str) -> str:  # noqa: ANN401  (as boto3's clients are)
    made = ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone="us-east-1a")
    return str(made["Subnet"]["SubnetId"])


def _make_file_system(url: str, subnet: str, group: str) -> str:
    efs = client(url, "efs")
    id_ = efs.create_file_system(CreationToken="1")["FileSystemId"]
    efs.create_mount_target(FileSystemId=id_, SubnetId=subnet, SecurityGroups=[group])
    return str(id_)


def _make_role(url: str) -> str:
    iam = client(url, "iam")
    document = json.dumps(PLAIN_POLICY)
    role = iam.create_role(RoleName=ROLE, Path="/ecs/", AssumeRolePolicyDocument=document)
    iam.put_role_policy(RoleName=ROLE, PolicyName="inline", PolicyDocument=document)
    managed = iam.create_policy(PolicyName="managed", PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=managed)
    return str(role["Role"]["Arn"])


def _register(ecs: Any, family: str, role: str, file_system: str) -> None:  # noqa: ANN401
    ecs.register_task_definition(
        family=family,
        networkMode="awsvpc",
        executionRoleArn=role,
        taskRoleArn=role,
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        runtimePlatform={"operatingSystemFamily": "LINUX"},
        volumes=[{"name": "data", "efsVolumeConfiguration": {"fileSystemId": file_system}}],
        containerDefinitions=[
            {
                "name": "app",
                "image": IMAGE,
                "memory": 128,
                "command": ["serve", ENVIRONMENT_VALUE],
                "environment": [{"name": "TOKEN", "value": ENVIRONMENT_VALUE}],
                "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::bucket/app.env"}],
                "secrets": [{"name": "A", "valueFrom": "/app/parameter"}],
                "repositoryCredentials": {"credentialsParameter": "registry"},
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/app",
                        "awslogs-region": "us-east-1",
                        "awslogs-create-group": "true",
                    },
                    "secretOptions": [{"name": "B", "valueFrom": "option"}],
                },
            },
            {
                "name": "router",
                "image": "docker.io/library/busybox",
                "memory": 128,
                "logConfiguration": {
                    "logDriver": "splunk",
                    "options": {"splunk-token": ENVIRONMENT_VALUE},
                },
            },
        ],
    )


def _service(
    ecs: Any,  # noqa: ANN401
    name: str,
    launch_type: str,
    subnets: list[str],
    groups: list[str],
) -> None:
    ecs.create_service(
        cluster=CLUSTER,
        serviceName=name,
        taskDefinition="web" if name == "beside" else name,
        desiredCount=0,
        launchType=launch_type,
        networkConfiguration={
            "awsvpcConfiguration": {"subnets": subnets, "securityGroups": groups}
        },
    )


def _register_instance(ec2: Any, ecs: Any, subnet: str, group: str | None) -> str:  # noqa: ANN401
    interface: dict[str, Any] = {"DeviceIndex": 0, "SubnetId": subnet}
    if group is not None:
        interface["Groups"] = [group]
    made = ec2.run_instances(
        ImageId="ami-12345678", MinCount=1, MaxCount=1, NetworkInterfaces=[interface]
    )
    id_ = str(made["Instances"][0]["InstanceId"])
    ecs.register_container_instance(
        cluster=CLUSTER, instanceIdentityDocument=json.dumps({"instanceId": id_})
    )
    return id_


def awsvpc(subnets: tuple[str, ...], groups: tuple[str, ...] = (), **more: str) -> dict[str, Any]:
    """Return a network configuration of the ECS API."""
    told: dict[str, Any] = {"subnets": list(subnets), **more}
    if groups:
        told["securityGroups"] = list(groups)
    return {"awsvpcConfiguration": told}


def only_service(**fields: Any) -> dict[str, Answering]:  # noqa: ANN401
    """Answer that the cluster has one ECS service, which has these fields."""
    service = {"serviceName": "one", "status": "ACTIVE", "taskDefinition": "web", **fields}
    return {
        "ListServices": always(as_json({"serviceArns": ["arn:aws:ecs:::service/live/one"]})),
        "DescribeServices": always(as_json({"services": [service], "failures": []})),
    }

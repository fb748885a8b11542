"""What is read from a cluster, against a real server with moto behind it."""

import json
from collections import Counter
from typing import Any

import boto3
import pytest
from aws_front import Front, always, as_json, denied, xml
from aws_worlds import REGION
from cluster_worlds import (
    CLUSTER,
    ENVIRONMENT_VALUE,
    IMAGE,
    PLAIN_POLICY,
    ROLE,
    ClusterWorld,
    awsvpc,
    only_service,
)

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    EcsService,
    Placement,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.reader import read_snapshot
from pytest_ecs_privatelink.topology.snapshot import from_text, to_text
from pytest_ecs_privatelink.verdict import LaunchType

FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
DEFINITION = "arn:aws:ecs:us-east-1:123456789012:task-definition"


@pytest.fixture
def world(cluster_world: ClusterWorld) -> ClusterWorld:
    """Return the VPC with a cluster."""
    return cluster_world


def read(session: boto3.Session, world: ClusterWorld, *services: str) -> Snapshot:
    """Return the VPC as read with its cluster."""
    return read_snapshot(
        session, world.vpc, region=REGION, cluster=CLUSTER, ecs_services=services
    ).snapshot


def cluster_of(snapshot: Snapshot) -> Cluster:
    """Return the cluster of a snapshot that has one."""
    assert snapshot.cluster is not None
    return snapshot.cluster


def error_of(session: boto3.Session, world: ClusterWorld, **asked: Any) -> str:  # noqa: ANN401
    """Return the one line that reading ends with."""
    with pytest.raises(ReadError) as raised:
        read_snapshot(session, world.vpc, region=REGION, **asked)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_ecs_services_of_this_vpc_with_their_placements(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """Launch type, task definition, subnets and groups are known; other VPCs' are left out."""
    assert front.url
    cluster = cluster_of(read(session, world))

    assert (cluster.name, cluster.arn.rpartition("/")[2]) == (CLUSTER, CLUSTER)
    assert cluster.services == (
        EcsService(
            name="batch",
            placements=(
                Placement(
                    launch_type=EC2,
                    task_definition=f"{DEFINITION}/batch:1",
                    subnets=(world.subnets[0],),
                    groups=(world.group,),
                ),
            ),
        ),
        EcsService(
            name="web",
            placements=(
                Placement(
                    launch_type=FARGATE,
                    task_definition=f"{DEFINITION}/web:1",
                    subnets=tuple(sorted(world.subnets)),
                    groups=(world.group,),
                ),
            ),
        ),
    )


@pytest.mark.usefixtures("front")
def test_task_definitions_say_what_must_be_reached_and_no_more(
    session: boto3.Session, world: ClusterWorld
) -> None:
    """Images, awslogs, references and volumes are kept; values, commands and options are not."""
    snapshot = read(session, world)
    batch, web = cluster_of(snapshot).task_definitions or ()

    role = f"arn:aws:iam::123456789012:role/ecs/{ROLE}"
    assert batch.arn == f"{DEFINITION}/batch:1"
    assert web == TaskDefinition(
        arn=f"{DEFINITION}/web:1",
        network_mode="awsvpc",
        execution_role=role,
        task_role=role,
        file_systems=(world.file_system,),
        containers=(
            Container(
                name="app",
                image=IMAGE,
                log_driver="awslogs",
                log_group="/app",
                log_region="us-east-1",
                log_create_group=True,
                secrets=(
                    Secret(reference="/app/parameter"),
                    Secret(reference="option", purpose="log option"),
                    Secret(reference="registry", purpose="registry"),
                ),
                env_files=("arn:aws:s3:::bucket/app.env",),
            ),
            Container(name="router", image="docker.io/library/busybox", log_driver="splunk"),
        ),
    )
    assert ENVIRONMENT_VALUE not in to_text(snapshot)
    assert from_text(to_text(snapshot), "FILE") == snapshot


@pytest.mark.usefixtures("front")
def test_instances_stand_where_their_primary_interface_does(
    session: boto3.Session, world: ClusterWorld
) -> None:
    """An instance of this VPC has subnet and groups; one of another VPC is left out."""
    (instance,) = cluster_of(read(session, world)).instances or ()

    assert instance.instance == world.instance
    assert (instance.subnet, instance.groups) == (world.subnets[0], (world.group,))
    assert (instance.agent_version, instance.agent_connected) == ("1.0.0", True)
    assert instance.registered is not None
    assert instance.registered.endswith("+00:00")
    assert not instance.managed


@pytest.mark.usefixtures("front")
def test_the_execution_role_and_the_mount_targets(
    session: boto3.Session, world: ClusterWorld
) -> None:
    """Inline and attached policies are JSON texts; a mount target has subnet, address, groups."""
    snapshot = read(session, world)
    (role,) = snapshot.roles or ()
    (target,) = snapshot.mount_targets or ()

    assert role.arn == f"arn:aws:iam::123456789012:role/ecs/{ROLE}"
    assert [json.loads(each) for each in role.policies] == [PLAIN_POLICY, PLAIN_POLICY]
    assert (target.file_system, target.subnet) == (world.file_system, world.subnets[0])
    assert (target.az, target.groups) == ("us-east-1a", (world.group,))
    assert target.address.startswith("10.50.0.")


def test_calls_grow_with_definitions_roles_and_systems_alone(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """Each distinct one is asked for once, however many ECS services and subnets use it."""
    reading = read_snapshot(session, world.vpc, region=REGION, cluster=CLUSTER)

    ours = {
        call: count
        for call, count in reading.api_calls.items()
        if not call.startswith(("ec2:", "route53"))
    }
    assert ours == {
        "ecs:DescribeClusters": 1,
        "ecs:DescribeContainerInstances": 1,
        "ecs:DescribeServices": 1,
        "ecs:DescribeTaskDefinition": 2,
        "ecs:ListContainerInstances": 1,
        "ecs:ListServices": 1,
        "elasticfilesystem:DescribeMountTargetSecurityGroups": 1,
        "elasticfilesystem:DescribeMountTargets": 1,
        "iam:GetPolicy": 1,
        "iam:GetPolicyVersion": 1,
        "iam:GetRolePolicy": 1,
        "iam:ListAttachedRolePolicies": 1,
        "iam:ListRolePolicies": 1,
    }
    assert reading.api_calls == Counter(front.seen)


def test_without_a_cluster_nobody_asks_for_one(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """ECS, IAM and EFS are not called, and the snapshot has no cluster."""
    snapshot = read_snapshot(session, world.vpc, region=REGION).snapshot

    assert (snapshot.cluster, snapshot.roles, snapshot.mount_targets) == (None, None, None)
    assert {call.partition(":")[0] for call in front.seen} <= {
        *("ec2", "route53", "route53resolver", "route53profiles"),
    }


def test_a_named_ecs_service_is_read_alone(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """Nothing is listed; instances of other ECS services do not count."""
    cluster = cluster_of(read(session, world, "web"))

    assert [each.name for each in cluster.services or ()] == ["web"]
    assert [each.arn for each in cluster.task_definitions or ()] == [f"{DEFINITION}/web:1"]
    assert cluster.instances == ()
    assert "ecs:ListServices" not in front.seen


@pytest.mark.usefixtures("front")
def test_unknown_names_list_the_legal_ones(session: boto3.Session, world: ClusterWorld) -> None:
    """A cluster and an ECS service that are not there are one line each."""
    assert error_of(session, world, cluster="prod") == (
        "--ecs-cluster prod: us-east-1 has no active cluster of that name; it has live, spare"
    )
    assert error_of(session, world, cluster=CLUSTER, ecs_services=("api",)) == (
        "--ecs-service api: cluster live has no active ECS service of that name; "
        "it has batch, beside, web"
    )


def test_unknown_names_without_the_permission_to_list(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """The line is then without legal names."""
    front.answers["ListClusters"] = denied

    assert error_of(session, world, cluster="prod") == (
        "--ecs-cluster prod: us-east-1 has no active cluster of that name"
    )


def test_a_cluster_that_cannot_be_described_ends_the_reading(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """The error names the permission."""
    front.answers["DescribeClusters"] = denied

    message = error_of(session, world, cluster=CLUSTER)

    assert message.startswith("ecs:DescribeClusters is denied (AccessDeniedException: User: ")
    assert message.endswith(
        "): allow it for these credentials, or choose others with --ecs-profile"
    )


def test_an_ecs_api_out_of_reach_names_the_endpoint(
    aws: pytest.MonkeyPatch, front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """From inside a closed VPC the ``ecs`` endpoint is missing, and there is a way round."""
    assert front.url
    aws.setenv("AWS_ENDPOINT_URL_ECS", "http://127.0.0.1:9")

    assert error_of(session, world, cluster=CLUSTER) == (
        "no answer from the ECS API at http://127.0.0.1:9: a VPC without an internet path needs "
        "the interface endpoint `ecs` to be read from inside; or run "
        f"`pytest --ecs-vpc {world.vpc} --ecs-cluster live --ecs-region us-east-1 "
        "--ecs-save-snapshot FILE --collect-only` outside, and give --ecs-snapshot FILE here"
    )


OF_DEFINITIONS = ("cluster.task_definitions", "mount_targets", "roles")
# Each action, and the parts that cannot be known without it.
PARTS = {
    "ecs:ListServices": ("cluster.services", *OF_DEFINITIONS),
    "ecs:DescribeServices": ("cluster.services", *OF_DEFINITIONS),
    "ecs:DescribeTaskDefinition": OF_DEFINITIONS,
    "ecs:ListContainerInstances": ("cluster.instances",),
    "ecs:DescribeContainerInstances": ("cluster.instances",),
    "iam:ListRolePolicies": ("roles",),
    "iam:GetRolePolicy": ("roles",),
    "iam:ListAttachedRolePolicies": ("roles",),
    "iam:GetPolicy": ("roles",),
    "iam:GetPolicyVersion": ("roles",),
    "elasticfilesystem:DescribeMountTargets": ("mount_targets",),
    "elasticfilesystem:DescribeMountTargetSecurityGroups": ("mount_targets",),
}


def parts_of(snapshot: Snapshot) -> dict[str, object]:
    """Return all that a cluster adds to a snapshot, by the names of parts."""
    cluster = cluster_of(snapshot)
    return {
        "cluster.services": cluster.services,
        "cluster.task_definitions": cluster.task_definitions,
        "cluster.instances": cluster.instances,
        "roles": snapshot.roles,
        "mount_targets": snapshot.mount_targets,
    }


@pytest.mark.parametrize("permission", PARTS)
def test_a_denied_call_costs_its_part_and_no_other(
    front: Front, session: boto3.Session, world: ClusterWorld, permission: str
) -> None:
    """The part is None and named with the permission; everything else is read as ever."""
    healthy = parts_of(read(session, world))
    front.answers[permission.partition(":")[2]] = denied

    snapshot = read(session, world)

    expected = {part: None if part in PARTS[permission] else healthy[part] for part in healthy}
    assert parts_of(snapshot) == expected
    assert [(each.part, each.permission) for each in snapshot.unreadable] == [
        (part, permission) for part in PARTS[permission]
    ]


def test_what_was_deleted_is_absent_and_not_unreadable(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """A role or file system that a task definition still names takes nothing else with it."""
    front.answers["DescribeTaskDefinition"] = always(
        as_json(
            {
                "taskDefinition": {
                    "taskDefinitionArn": f"{DEFINITION}/web:1",
                    "containerDefinitions": [],
                    "executionRoleArn": "arn:aws:iam::123456789012:role/gone",
                    "volumes": [
                        {"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-0123abcd"}},
                        {"name": "y"},
                    ],
                    "runtimePlatform": {
                        "operatingSystemFamily": "WINDOWS_SERVER_2022_CORE",
                        "cpuArchitecture": "ARM64",
                    },
                }
            }
        )
    )

    snapshot = read(session, world, "web")

    (definition,) = cluster_of(snapshot).task_definitions or ()
    assert (definition.windows, definition.architecture) == (True, "ARM64")
    assert (snapshot.roles, snapshot.mount_targets, snapshot.unreadable) == ((), (), ())


def service_read(
    front: Front,
    session: boto3.Session,
    world: ClusterWorld,
    **fields: Any,  # noqa: ANN401
) -> tuple[EcsService, ...]:
    """Return the ECS services where the API tells of one that has these fields."""
    front.answers |= only_service(**fields)
    return cluster_of(read(session, world)).services or ()


def kinds(services: tuple[EcsService, ...]) -> list[LaunchType]:
    """Return the launch types of all placements."""
    return [placement.launch_type for each in services for placement in each.placements]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"launchType": "FARGATE"}, [FARGATE]),
        ({"launchType": "EC2"}, [EC2]),
        ({"launchType": "MANAGED_INSTANCES"}, [EC2]),
        ({"launchType": "EXTERNAL"}, []),
        ({"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]}, [FARGATE]),
        (
            {
                "capacityProviderStrategy": [
                    {"capacityProvider": "FARGATE_SPOT"},
                    {"capacityProvider": "FARGATE"},
                ]
            },
            [FARGATE],
        ),
        ({"capacityProviderStrategy": [{"capacityProvider": "my-asg"}]}, [EC2]),
        (
            {"launchType": "EC2", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            [FARGATE],
        ),
        ({}, [EC2]),
    ],
)
def test_launch_types(
    front: Front,
    session: boto3.Session,
    world: ClusterWorld,
    told: dict[str, Any],
    expected: list[LaunchType],
) -> None:
    """Capacity providers leave the launch type out; EXTERNAL stands in no VPC."""
    services = service_read(
        front, session, world, networkConfiguration=awsvpc(world.subnets), **told
    )

    assert kinds(services) == expected


def test_the_clusters_default_strategy(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """An ECS service without launch type and strategy is placed as the cluster says."""
    front.answers["DescribeClusters"] = always(
        as_json(
            {
                "clusters": [
                    {
                        "clusterArn": "arn:aws:ecs:us-east-1:123456789012:cluster/live",
                        "clusterName": "live",
                        "status": "ACTIVE",
                        "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}],
                        "configuration": {"executeCommandConfiguration": {"kmsKeyId": "alias/x"}},
                    }
                ]
            }
        )
    )

    services = service_read(front, session, world, networkConfiguration=awsvpc(world.subnets))

    assert kinds(services) == [FARGATE]
    assert cluster_of(read(session, world)).exec_kms_key


@pytest.mark.parametrize("controller", ["CODE_DEPLOY", "EXTERNAL"])
def test_task_sets_say_what_runs_where(
    front: Front, session: boto3.Session, world: ClusterWorld, controller: str
) -> None:
    """Blue and green count, draining ones do not; the ECS service's own fields say nothing."""
    a, b = world.subnets
    sets = [
        {
            "status": status,
            "launchType": "FARGATE",
            "taskDefinition": family,
            "networkConfiguration": awsvpc((subnet,), (world.group,), assignPublicIp=public),
        }
        for status, family, subnet, public in (
            ("PRIMARY", "web", a, "ENABLED"),
            ("ACTIVE", "batch", b, "DISABLED"),
            ("DRAINING", "gone", b, "DISABLED"),
        )
    ]

    (service,) = service_read(
        front,
        session,
        world,
        deploymentController={"type": controller},
        taskSets=sets,
        networkConfiguration=awsvpc((world.subnet_beside,)),
    )

    assert service.placements == (
        Placement(
            launch_type=FARGATE,
            task_definition="web",
            subnets=(a,),
            groups=(world.group,),
            public_address=True,
        ),
        Placement(
            launch_type=FARGATE, task_definition="batch", subnets=(b,), groups=(world.group,)
        ),
    )


def test_features_that_ecs_services_switch_on(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """ECS Exec is the ECS service's, Service Connect stands in its deployments."""
    (service,) = service_read(
        front,
        session,
        world,
        launchType="FARGATE",
        enableExecuteCommand=True,
        deployments=[{"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": True}}],
        networkConfiguration=awsvpc(world.subnets),
    )

    assert (service.execute_command, service.service_connect) == (True, True)
    assert service.placements[0].groups == ()


@pytest.mark.parametrize("status", ["DRAINING", "INACTIVE"])
def test_ecs_services_that_end_do_not_count(
    front: Front, session: boto3.Session, world: ClusterWorld, status: str
) -> None:
    """What is being deleted needs nothing any more."""
    services = service_read(
        front, session, world, status=status, networkConfiguration=awsvpc(world.subnets)
    )

    assert services == ()


def instances_told(*instances: dict[str, Any]) -> dict[str, Any]:
    """Answer that the cluster has these container instances."""
    arns = [f"arn:aws:ecs:::container-instance/live/{i}" for i, _ in enumerate(instances)]
    told = [
        {"containerInstanceArn": arn, "status": "ACTIVE", **each}
        for arn, each in zip(arns, instances, strict=True)
    ]
    return {
        "ListContainerInstances": always(as_json({"containerInstanceArns": arns})),
        "DescribeContainerInstances": always(as_json({"containerInstances": told})),
    }


def test_bridge_networks_stand_where_the_instances_do(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """Without awsvpc an ECS service counts, unless all instances are in other VPCs."""
    assert kinds(service_read(front, session, world, launchType="EC2")) == [EC2]

    front.answers |= instances_told({"ec2InstanceId": world.beside})
    assert service_read(front, session, world, launchType="EC2") == ()

    front.answers |= instances_told()
    assert kinds(service_read(front, session, world, launchType="EC2")) == [EC2]


def test_instances_that_are_elsewhere_or_leaving(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """ECS Anywhere's machines and draining instances are no place for tasks of this VPC."""
    front.answers |= instances_told(
        {"ec2InstanceId": "mi-0123456789abcdef0"},
        {"ec2InstanceId": world.instance, "status": "DRAINING"},
        {},
    )

    assert cluster_of(read(session, world)).instances == ()


def test_instances_where_interfaces_could_not_be_read(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """Nobody knows then which VPC they are in: all are kept, without subnet and groups."""
    front.answers["DescribeNetworkInterfaces"] = denied

    found = cluster_of(read(session, world)).instances or ()

    assert {each.instance for each in found} == {world.instance, world.beside}
    assert {(each.subnet, each.groups) for each in found} == {(None, None)}


def test_managed_instances_are_told_by_their_interface(
    front: Front, session: boto3.Session, world: ClusterWorld
) -> None:
    """What AWS operates says it on the interface; the primary one decides about the rest."""
    told = "".join(
        f"<item><networkInterfaceId>eni-{index}</networkInterfaceId><vpcId>{world.vpc}</vpcId>"
        f"<subnetId>{subnet}</subnetId><attachment><instanceId>{world.instance}</instanceId>"
        f"<deviceIndex>{index}</deviceIndex></attachment><operator><managed>true</managed>"
        f"<principal>ecs.amazonaws.com</principal></operator></item>"
        for index, subnet in enumerate(world.subnets)
    )
    front.answers["DescribeNetworkInterfaces"] = always(
        xml("DescribeNetworkInterfaces", f"<networkInterfaceSet>{told}</networkInterfaceSet>")
    )

    (instance,) = cluster_of(read(session, world)).instances or ()

    assert instance.managed
    assert (instance.subnet, instance.groups) == (world.subnets[0], ())


def test_more_than_a_call_takes(front: Front, session: boto3.Session, world: ClusterWorld) -> None:
    """Ten ECS services and a hundred container instances are asked for at once."""
    arns = [f"arn:aws:ecs:::service/live/{i}" for i in range(21)]
    machines = [{"ec2InstanceId": world.instance}] * 101
    front.answers |= only_service() | instances_told(*machines)
    front.answers["ListServices"] = always(as_json({"serviceArns": arns}))

    reading = read_snapshot(session, world.vpc, region=REGION, cluster=CLUSTER)

    assert reading.api_calls["ecs:DescribeServices"] == 3
    assert reading.api_calls["ecs:DescribeContainerInstances"] == 2

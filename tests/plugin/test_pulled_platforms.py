"""For which platforms images are pulled where task definitions do not say it."""

from dataclasses import replace

import pytest
from planned_vpc import REGION, SERVICES, planned, vpc

from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    EcsService,
    Placement,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.starting import Pull
from pytest_ecs_privatelink.verdict import LaunchType

IMAGE = f"111111111111.dkr.ecr.{REGION}.amazonaws.com/app:1"
SILENT = TaskDefinition(arn="app:1", containers=(Container(name="app", image=IMAGE),))
FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2


def running(*uses: tuple[LaunchType, TaskDefinition]) -> Snapshot:
    """Return a VPC with an ECS service for each task definition in use."""
    services = tuple(
        EcsService(
            name=f"{kind}-{task.arn}",
            placements=(Placement(launch_type=kind, task_definition=task.arn),),
        )
        for kind, task in uses
    )
    definitions = tuple(dict.fromkeys(task for _, task in uses))
    cluster = Cluster(arn="arn", name="live", services=services, task_definitions=definitions)
    return replace(vpc(*SERVICES), cluster=cluster)


@pytest.mark.parametrize(
    ("kinds", "platform"),
    [((EC2,), None), ((FARGATE,), "linux/amd64"), ((EC2, FARGATE), "linux/amd64")],
)
def test_on_ec2_the_instance_says_what_tasks_run_on(
    kinds: tuple[LaunchType, ...], platform: str | None
) -> None:
    """A definition that says nothing means amd64 to Fargate alone: instances may be of arm64."""
    errands = planned(running(*((kind, SILENT) for kind in kinds))).terms.errands
    assert errands.pulls == (Pull(image=IMAGE, platform=platform),)


def test_an_image_is_not_pulled_twice_for_want_of_a_platform() -> None:
    """Of two definitions with one image, the one that says what it runs on speaks for both."""
    arm = replace(SILENT, arn="app:2", architecture="ARM64")
    errands = planned(running((EC2, SILENT), (EC2, arm))).terms.errands
    assert errands.pulls == (Pull(image=IMAGE, platform="linux/arm64"),)

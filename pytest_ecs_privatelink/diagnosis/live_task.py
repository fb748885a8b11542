"""What the death of a task means where no finding of the snapshot says so already."""

from pytest_ecs_privatelink.diagnosis.grouping import Axis
from pytest_ecs_privatelink.diagnosis.live_code import LiveCode
from pytest_ecs_privatelink.verdict import Code

LIVE_TASK: dict[Code, LiveCode] = {
    Code.TASK_FAILED_TO_START: LiveCode(
        cases=(
            "tasks in {subnets} do not start: {death}; {advice}",
            "tasks in {subnets} do not start: {death}; look at the words with which ECS stopped "
            "them",
        ),
        says="tasks in {subnets} do not start",
        next="the words with which ECS stopped them",
        cli=("ecs describe-tasks --cluster {task_cluster} --tasks {task}",),
        own=("explain --task {task}",),
        axes=(Axis.SERVICE, Axis.SUBNET, Axis.VPC),
    ),
}
"""Entries of `live.LIVE`."""

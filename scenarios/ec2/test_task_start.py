"""Claim ``task-start``: a one-off task starts on a container instance, and finds its way."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("task-start")
@pytest.mark.ecs_launch_type("ec2")
def test_task_start(ecs_task: Check) -> None:
    """A task starts, pulls, logs, gets its secret, and reaches the endpoints from inside."""
    assert ecs_task.verdict.holds

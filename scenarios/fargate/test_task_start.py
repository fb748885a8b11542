"""Claim ``task-start``: a one-off Fargate task starts and finds its way, in every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("task-start")
@pytest.mark.ecs_launch_type("fargate")
def test_task_start(ecs_task: Check) -> None:
    """A task starts, pulls, logs, gets its secret, and reaches the endpoints from inside."""
    assert ecs_task.verdict.holds

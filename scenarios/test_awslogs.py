"""Claim ``awslogs``: CloudWatch Logs takes log events from every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("awslogs")
def test_awslogs(ecs_check: Check) -> None:
    """A log event is accepted, and shown where it may be read back."""
    assert ecs_check.verdict.holds

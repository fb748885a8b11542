"""Claim ``agent``: container agents are well, and sent to the endpoints, in every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("agent")
def test_agent(ecs_check: Check) -> None:
    """Agents are recent, connected, started after the endpoints, and ask the right hosts."""
    assert ecs_check.verdict.holds

"""Claim ``private-dns``: names of endpoint services lead to the private path, from every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("private-dns")
def test_private_dns(ecs_check: Check) -> None:
    """Every name that ECS uses for the endpoint service resolves to where only it is."""
    assert ecs_check.verdict.holds

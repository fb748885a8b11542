"""Claim ``secret``: secrets and parameters can be fetched from every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("secret")
def test_secret(ecs_check: Check) -> None:
    """Everything that task definitions name is fetched; no value is kept."""
    assert ecs_check.verdict.holds

"""Claim ``ecr-pull``: images arrive to the last byte, on the private path, in every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("ecr-pull")
def test_ecr_pull(ecs_check: Check) -> None:
    """Token, manifest and every layer arrive whole, the layers by way of the S3 endpoint."""
    assert ecs_check.verdict.holds

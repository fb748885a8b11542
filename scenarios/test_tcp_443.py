"""Claim ``tcp-443``: endpoint services answer on 443 and prove who they are, from every subnet."""

import pytest

from pytest_ecs_privatelink.verdict import Check


@pytest.mark.ecs_claim("tcp-443")
def test_tcp_443(ecs_check: Check) -> None:
    """Every resolved address accepts TCP on 443 with a certificate valid for its name."""
    assert ecs_check.verdict.holds

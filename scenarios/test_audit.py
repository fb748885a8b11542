"""Claim ``audit``: the snapshot shows nothing that AWS's rules forbid, one test per code."""

import pytest

from pytest_ecs_privatelink.verdict import Check, Verdict


@pytest.mark.ecs_claim("audit")
def test_audit(ecs_audit: tuple[Check, ...]) -> None:
    """The snapshot holds no finding of this code."""
    assert all(check.verdict is not Verdict.FAILED for check in ecs_audit)

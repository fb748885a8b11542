"""Audit: what cannot be said of endpoints that this account does not see."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.lacks import hidden_endpoints
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.verdict import Code

# Codes about endpoints that exist, whose audits have nothing to look at where none is seen.
_ABOUT_ENDPOINTS = (
    Code.ENDPOINT_NOT_AVAILABLE,
    Code.ENDPOINT_PRIVATE_DNS_OFF,
    Code.ENDPOINT_WRONG_REGION,
    Code.ENDPOINT_POLICY_DENIES,
    Code.ENDPOINT_SG_INGRESS,
    Code.ENDPOINT_AZ_UNCOVERED,
    Code.TASK_SG_EGRESS,
    Code.TASK_SG_EGRESS_S3,
    Code.NACL_BLOCKS,
    Code.S3_GATEWAY_NO_ROUTE,
    Code.S3_GATEWAY_POLICY,
    Code.S3_INTERFACE_ONLY,
    Code.S3_ROUTE_SHADOWED,
)


def unseen_endpoints(scene: Scene) -> Iterator[Unseen]:
    """Say that these codes are open in a VPC shared through RAM: silence would be taken for green.

    Where only the absence of an endpoint is in question, other audits say so, service by service.
    """
    blind = None if scene.snapshot.endpoints else hidden_endpoints(scene.snapshot)
    if blind is None:
        return
    for code in _ABOUT_ENDPOINTS:
        yield Unseen(
            code=code,
            subject=scene.snapshot.vpc.id,
            reason=blind.reason,
            permissions=blind.permissions,
        )

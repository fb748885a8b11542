"""The chains of calls: at which endpoint service each claim stands, and which it goes through."""

from collections.abc import Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.agents import STANDS_AT
from pytest_ecs_privatelink.verdict import Claim, Code

CHAINS: Mapping[tuple[Claim, str], tuple[str, ...]] = MappingProxyType(
    {
        (Claim.ECR_PULL, "ecr.dkr"): ("ecr.api", "ecr.dkr", "s3"),
        (Claim.AWSLOGS, "logs"): ("logs",),
        (Claim.SECRET, "secretsmanager"): ("secretsmanager",),
        (Claim.SECRET, "ssm"): ("ssm",),
        (Claim.AGENT, STANDS_AT): ("ecs", "ecs-agent", "ecs-telemetry"),
    }
)
"""Endpoint services that a chain goes through, in order, by claim and the one it stands at (R5)."""

CHAIN_OF: Mapping[str, tuple[Claim, str]] = MappingProxyType(
    {service: stand for stand, services in CHAINS.items() for service in services}
)
"""The chain that goes through an endpoint service, by its short name."""

_BROKEN_AT: Mapping[Code, str] = MappingProxyType(
    {
        Code.ECR_AUTH: "ecr.api",
        Code.ECR_MANIFEST: "ecr.dkr",
        Code.ECR_LAYER: "s3",
        Code.ECR_LAYER_PATH: "s3",
        Code.AGENT_PUBLIC_PATH: "ecs",
    }
)


def link_of(claim: Claim, service: str, code: Code | None) -> str:
    """Return the endpoint service at which a chain that stands at ``service`` ended with ``code``.

    Codes that name no link of the chain, and claims that are no chain, leave it at ``service``.
    """
    through = CHAINS.get((claim, service), ())
    named = _BROKEN_AT.get(code, service) if code is not None else service
    return named if named in through else service

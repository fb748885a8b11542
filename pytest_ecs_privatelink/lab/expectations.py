"""What a fault of the lab does to the matrix, as data that tests compare with a run."""

from dataclasses import dataclass

from pytest_ecs_privatelink.lab.world import IN_ORDER, INTERFACE_SERVICES
from pytest_ecs_privatelink.verdict import Claim, Code, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Cells of ``claim`` and their verdict. Subnets are Name tags; None is every one."""

    claim: Claim
    verdict: Verdict
    code: Code
    services: tuple[str, ...] | None = None
    subnets: tuple[str, ...] | None = None

    def covers(self, claim: Claim, subnet: str, service: str) -> bool:
        """Whether the cell is one of these."""
        return (
            claim is self.claim
            and (self.subnets is None or subnet in self.subnets)
            and (self.services is None or service in self.services)
        )


def outcome(
    expected: tuple[Expected, ...], claim: Claim, subnet: str, service: str
) -> tuple[Verdict, Code | None]:
    """Return how a cell should end: as its first match in ``expected`` says, else passed."""
    for each in expected:
        if each.covers(claim, subnet, service):
            return each.verdict, each.code
    return Verdict.PASSED, None


def unresolved(
    code: Code, *services: str, subnets: tuple[str, ...] | None = None
) -> tuple[Expected, ...]:
    """Private DNS fails with ``code`` for ``services`` (none: for all), so nothing is dialled."""
    return tuple(
        Expected(
            claim=claim, verdict=verdict, code=code, services=services or None, subnets=subnets
        )
        for claim, verdict in (
            (Claim.PRIVATE_DNS, Verdict.FAILED),
            (Claim.TCP_443, Verdict.SKIPPED),
        )
    )


def unconnected(
    code: Code, *services: str, subnets: tuple[str, ...] | None = None
) -> tuple[Expected, ...]:
    """Names resolve as they should; dialling ``services`` (none: all) ends with ``code``."""
    return (
        Expected(
            claim=Claim.TCP_443,
            verdict=Verdict.FAILED,
            code=code,
            services=services or None,
            subnets=subnets,
        ),
    )


def public_but_working(*services: str) -> tuple[Expected, ...]:
    """``services`` answer over a public path: never passed, but no failure either."""
    return tuple(
        Expected(
            claim=claim,
            verdict=Verdict.WARNED,
            code=Code.DNS_PUBLIC_ANSWER,
            services=services,
        )
        for claim in (Claim.PRIVATE_DNS, Claim.TCP_443)
    )


def answered_by_a_stranger(code: Code, *services: str) -> tuple[Expected, ...]:
    """Answer for ``services`` with a private address that is no endpoint's; dialling ends so."""
    foreign = Expected(
        claim=Claim.PRIVATE_DNS,
        verdict=Verdict.WARNED,
        code=Code.DNS_FOREIGN_ANSWER,
        services=services,
    )
    return (foreign, *unconnected(code, *services))


INTERFACES = INTERFACE_SERVICES
"""All endpoint services of the world but ``s3``."""

FOR_FARGATE = tuple(service for service in INTERFACES if service not in IN_ORDER)
"""Those of them that Fargate tasks need (R4)."""

"""What a fault of the lab does to the matrix, as data that tests compare with a run.

Faults say it of paths. What becomes of the chains that go through them follows from that, unless a
fault says otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.lab.world import IN_ORDER, INTERFACE_SERVICES
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Claim, Code, Verdict

_BROKEN_AT: Mapping[str, Code] = MappingProxyType(
    {
        "ecr.api": Code.ECR_AUTH,
        "ecr.dkr": Code.ECR_MANIFEST,
        "s3": Code.ECR_LAYER,
        "logs": Code.LOGS_UNREACHABLE,
        "secretsmanager": Code.SECRET_UNREACHABLE,
        "ssm": Code.SECRET_UNREACHABLE,
    }
)
"""The code of a chain that ends at an endpoint service because nothing comes of the path to it."""


AGENT = (Claim.AGENT, "ecs-agent")
"""Where the claim about agents stands."""
_STANDS = (*CHAINS, AGENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Cells of ``claim`` and their verdict. Subnets are Name tags; None is every one.

    ``partly``: some of a path's addresses work, so that whoever tries one after the other arrives.
    """

    claim: Claim
    verdict: Verdict
    code: Code
    services: tuple[str, ...] | None = None
    subnets: tuple[str, ...] | None = None
    partly: bool = False

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
    """Return how a cell should end: as its first match in ``expected`` says, else passed.

    A chain ends at its first path that leads nowhere; one that works is as good as its worst path.
    """
    said = _said(expected, claim, subnet, service)
    if said is not None:
        return said.verdict, said.code
    taken = tuple(_taken(expected, subnet, CHAINS.get((claim, service), ())))
    for each, through in taken:
        if each.verdict is Verdict.FAILED and not each.partly:
            return Verdict.FAILED, _BROKEN_AT.get(through, each.code)
    for verdict in (Verdict.FAILED, Verdict.WARNED):
        for each, _ in taken:
            if each.verdict is verdict:
                return each.verdict, each.code
    return Verdict.PASSED, None


def _said(
    expected: tuple[Expected, ...], claim: Claim, subnet: str, service: str
) -> Expected | None:
    return next((each for each in expected if each.covers(claim, subnet, service)), None)


def _taken(
    expected: tuple[Expected, ...], subnet: str, through: tuple[str, ...]
) -> Iterator[tuple[Expected, str]]:
    """Yield what is said of the paths to services, in the order in which they are taken."""
    for service in through:
        for claim in PATH_CLAIMS:
            said = _said(expected, claim, subnet, service)
            if said is not None:
                yield said, service


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
    code: Code,
    *services: str,
    subnets: tuple[str, ...] | None = None,
    partly: bool = False,
) -> tuple[Expected, ...]:
    """Names resolve as they should; dialling ``services`` (none: all) ends with ``code``.

    ``partly``: at some of their addresses only.
    """
    return (
        Expected(
            claim=Claim.TCP_443,
            verdict=Verdict.FAILED,
            code=code,
            services=services or None,
            subnets=subnets,
            partly=partly,
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


def ended(
    claim: Claim, code: Code, *services: str, verdict: Verdict = Verdict.FAILED
) -> tuple[Expected, ...]:
    """Return that the chain of ``claim`` ends so where its paths do not tell.

    ``services`` are those that it stands at; none: every one.
    """
    stands = services or tuple(service for each, service in _STANDS if each is claim)
    return (Expected(claim=claim, verdict=verdict, code=code, services=stands),)


INTERFACES = INTERFACE_SERVICES
"""All endpoint services of the world but ``s3``."""

FOR_FARGATE = tuple(service for service in INTERFACES if service not in IN_ORDER)
"""Those of them that Fargate tasks need (R4)."""

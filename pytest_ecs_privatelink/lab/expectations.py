"""What a fault of the lab does to the matrix, as data that tests compare with a run.

Faults say it of paths. What becomes of the chains that go through them follows from that, unless a
fault says otherwise.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.chains import CHAIN_OF, CHAINS
from pytest_ecs_privatelink.lab.world import IN_ORDER, INTERFACE_SERVICES
from pytest_ecs_privatelink.verdict import (
    CHAIN_CLAIMS,
    PATH_CLAIMS,
    Claim,
    Code,
    LaunchType,
    Verdict,
)

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
_STARTS_BY = (
    (Claim.ECR_PULL, "ecr.dkr"),
    (Claim.SECRET, "secretsmanager"),
    (Claim.AWSLOGS, "logs"),
)
"""The chains by which the lab's tasks start: of its secrets they name one, and no parameter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Cells of ``claim`` and their verdict. Subnets are Name tags; None is every one.

    ``partly``: some of a path's addresses work, so that whoever tries one after the other arrives.
    """

    claim: Claim
    verdict: Verdict
    code: Code | None
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
    So does a task's start, which goes through three chains; the rest it meets once it runs.
    """
    said = _said(expected, claim, subnet, service)
    if said is not None:
        return said.verdict, said.code
    if claim is Claim.TASK_START:
        return _of_task(expected, subnet, LaunchType(service))
    taken = tuple(_taken(expected, subnet, CHAINS.get((claim, service), ())))
    for each, through in taken:
        if each.verdict is Verdict.FAILED and not each.partly:
            return Verdict.FAILED, _BROKEN_AT.get(through) or each.code
    for verdict in (Verdict.FAILED, Verdict.WARNED):
        for each, _ in taken:
            if each.verdict is verdict:
                return each.verdict, each.code
    return Verdict.PASSED, None


def _of_task(
    expected: tuple[Expected, ...], subnet: str, launch_type: LaunchType
) -> tuple[Verdict, Code | None]:
    """Return how a task ends: what stops its start is its death, what it meets keeps its code."""
    if any(_stops(expected, subnet, chain) for chain in _STARTS_BY):
        return Verdict.FAILED, Code.TASK_FAILED_TO_START
    met = tuple(_met(expected, subnet, launch_type))
    for verdict in (Verdict.FAILED, Verdict.WARNED):
        for ended, code in met:
            if ended is verdict:
                return verdict, code
    return Verdict.PASSED, None


def _stops(expected: tuple[Expected, ...], subnet: str, chain: tuple[Claim, str]) -> bool:
    said = _said(expected, chain[0], subnet, chain[1])
    if said is not None:
        return said.verdict is Verdict.FAILED and said.code is not Code.ECR_LAYER_PATH
    taken = _taken(expected, subnet, CHAINS[chain])
    return any(each.verdict is Verdict.FAILED and not each.partly for each, _ in taken)


def _met(
    expected: tuple[Expected, ...], subnet: str, launch_type: LaunchType
) -> Iterator[tuple[Verdict, Code | None]]:
    """Yield how what a task is asked inside ends: every path that it needs, and every chain."""
    needed = INTERFACES if launch_type is LaunchType.EC2 else FOR_FARGATE
    for service in sorted((*needed, "s3"), key=lambda each: (each not in CHAIN_OF, each)):
        for claim in PATH_CLAIMS:
            yield outcome(expected, claim, subnet, service)
    for claim, service in CHAINS:
        if claim in CHAIN_CLAIMS:
            yield outcome(expected, claim, subnet, service)


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


def tasks(
    verdict: Verdict, *launch_types: LaunchType, code: Code | None = None
) -> tuple[Expected, ...]:
    """Return that one-off tasks of ``launch_types`` end so, whatever is said of their paths."""
    kinds = tuple(map(str, launch_types))
    return (Expected(claim=Claim.TASK_START, verdict=verdict, code=code, services=kinds),)


INTERFACES = INTERFACE_SERVICES
"""All endpoint services of the world but ``s3``."""

FOR_FARGATE = tuple(service for service in INTERFACES if service not in IN_ORDER)
"""Those of them that Fargate tasks need (R4)."""

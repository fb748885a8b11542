"""What a one-off task is asked from inside: everything that its launch type needs of the VPC."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.catalogue.chains import CHAIN_OF, CHAINS, link_of
from pytest_ecs_privatelink.claims import awslogs, ecr_pull, private_dns, secret, tcp_443
from pytest_ecs_privatelink.claims.terms import Answered, Ask, Asked, Reading, Stand, Terms
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import AgentQuestion, ConnectionQuestion
from pytest_ecs_privatelink.probes.call_records import LogQuestion, PullQuestion, SecretQuestion
from pytest_ecs_privatelink.probes.records import ConnectQuestion, DnsQuestion
from pytest_ecs_privatelink.probes.task_records import InsideQuestion, TaskQuestion
from pytest_ecs_privatelink.verdict import (
    CHAIN_CLAIMS,
    PATH_CLAIMS,
    Cell,
    Check,
    Claim,
    LaunchType,
    Verdict,
)

_PROVERS = {
    Claim.PRIVATE_DNS: private_dns.prove,
    Claim.TCP_443: tcp_443.prove,
    Claim.ECR_PULL: ecr_pull.prove,
    Claim.AWSLOGS: awslogs.prove,
    Claim.SECRET: secret.prove,
}
_PUT = (DnsQuestion, ConnectQuestion, PullQuestion, LogQuestion, SecretQuestion, AgentQuestion)
_SAID = {
    Verdict.FAILED: "failed",
    Verdict.WARNED: "warned",
    Verdict.ERROR: "could not be judged",
}


@dataclass(frozen=True, slots=True)
class Inside:
    """What looking from inside brought: the checks, and why others were not made."""

    checks: tuple[Check, ...] = ()
    lost: tuple[str, ...] = ()


def inside_terms(terms: Terms, launch_type: LaunchType) -> Terms:
    """Return the terms as one task sees them: the services that it needs, in its own name.

    What it writes is named after it; groups that other ECS services wear are not its own.
    """
    return replace(
        terms,
        services=tuple(
            replace(each, launch_types=(launch_type,))
            for each in terms.services
            if launch_type in each.launch_types
        ),
        slugs={id_: f"{slug}-{launch_type}-task" for id_, slug in terms.slugs.items()},
        others={},
    )


async def look_inside(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Inside:
    """Put to the task of ``cell`` all that paths and chains are asked; ``terms`` are its own."""
    (kind,) = terms.launch_types(cell)

    async def within(question: Asked) -> Answered:
        assert not isinstance(question, (ConnectionQuestion, TaskQuestion, InsideQuestion))
        wrapped = InsideQuestion(subnet=cell.subnet, launch_type=kind, question=question)
        return await ask(wrapped)

    found = await asyncio.gather(
        *(_look(each, terms, stand, within) for each in _cells(cell.subnet, terms))
    )
    return Inside(
        checks=tuple(each for each in found if isinstance(each, Check)),
        lost=tuple(dict.fromkeys(each for each in found if isinstance(each, str))),
    )


async def _look(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check | str:
    try:
        return await _PROVERS[cell.claim](cell, terms, stand, ask)
    except VantageError as error:
        return str(error)


def _cells(subnet: str, terms: Terms) -> Iterator[Cell]:
    """Yield the paths, those that a task starts by first, then the chains."""
    names = sorted((each.service for each in terms.services), key=lambda each: each not in CHAIN_OF)
    for service in names:
        for claim in PATH_CLAIMS:
            yield Cell(claim, subnet, service)
    for claim, service in CHAINS:
        if claim in CHAIN_CLAIMS and service in names and terms.errands.carries(claim, service):
            yield Cell(claim, subnet, service)


def readings_of(inside: Inside) -> tuple[Reading, ...]:
    """Return what went wrong inside, the paths' first; a chain that a bad path ended adds nothing.

    ECS itself has pulled, logged and fetched when a task runs: that a chain could not be tried a
    second time, with what credentials the task has, takes nothing from that.
    """
    told = {Verdict.FAILED, Verdict.WARNED, Verdict.ERROR}
    paths = [each for each in inside.checks if each.claim in PATH_CLAIMS and each.verdict in told]
    bad = {each.service for each in paths}
    chains = [
        each
        for each in inside.checks
        if each.claim in CHAIN_CLAIMS
        and each.verdict in (Verdict.FAILED, Verdict.WARNED)
        and bad.isdisjoint(CHAINS[each.claim, each.service or ""])
    ]
    return tuple(_reading(each) for each in (*paths, *chains))


def _reading(check: Check) -> Reading:
    where = f"inside the task {check.claim} of {check.service} {_SAID[check.verdict]}"
    return Reading(
        verdict=check.verdict,
        code=check.code,
        phase=check.phase or "",
        observed=f"{where}: {check.observed}",
        reason=None if check.reason is None else f"{where}: {check.reason}",
        subject=link_of(check.claim, check.service or "", check.code),
    )


def called(inside: Inside) -> tuple[Claim, ...]:
    """Return the chains of calls that passed inside wherever they were tried."""
    ends = {
        claim: {each.verdict for each in inside.checks if each.claim is claim}
        for claim in CHAIN_CLAIMS
    }
    return tuple(claim for claim, verdicts in ends.items() if verdicts == {Verdict.PASSED})


def answered(inside: Inside) -> int:
    """Return how many endpoint services answered on 443 from inside."""
    return sum(each.claim is Claim.TCP_443 and each.verdict.holds for each in inside.checks)

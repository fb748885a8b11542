"""Claim ``secret``: what task definitions name is fetched; its value is nobody's (R7, R14)."""

import functools

from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.asking import ask_for
from pytest_ecs_privatelink.claims.chain import Guise, conclude, in_guises
from pytest_ecs_privatelink.claims.outcomes import (
    Codes,
    by_way_of,
    judge,
    passed,
    told,
    untested,
)
from pytest_ecs_privatelink.claims.terms import Ask, Reading, Stand, Terms
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Denier,
    Link,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.verdict import Cell, Check, Code

_CODES = Codes(
    broken=dict.fromkeys(Link, Code.SECRET_UNREACHABLE),
    denied=dict.fromkeys(Link, Code.SECRET_DENIED),
    missing=dict.fromkeys(Link, Code.SECRET_MISSING),
    needed=frozenset({"secretsmanager:GetSecretValue", "ssm:GetParameters"}),
)


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of a ``secret`` cell: every reference of the run's errands, in each guise.

    Where none is named, the service's own word on a name that cannot exist proves the way to it.
    """
    named = terms.errands.references(cell.service)
    tries = (
        in_guises(
            cell, terms, stand, functools.partial(_fetch, reference, cell, terms, ask), reference
        )
        for reference in named or (None,)
    )
    return await conclude(cell, terms, stand, ask, tries, _expected(cell, named))


def _expected(cell: Cell, named: tuple[str, ...]) -> str:
    if named:
        return f"{', '.join(named)} can be fetched"
    return f"{cell.service} itself says that a name of the run's own does not exist"


async def _fetch(
    reference: str | None, cell: Cell, terms: Terms, ask: Ask, guise: Guise
) -> Reading:
    region, errands = terms.snapshot.region, terms.errands
    probing = reference is None
    question = SecretQuestion(
        host=host_names(cell.service, region)[0],
        region=region,
        service=cell.service,
        reference=f"{errands.mark}/none" if reference is None else reference,
        key=errands.key,
        probing=probing,
        ca_file=terms.ca_file,
        timeout=terms.timeout,
        launch_types=guise.launch_types,
    )
    answer = await ask_for(SecretAnswer, question, ask)
    return _judge_probe(answer) if probing else _judge(answer)


def _judge(answer: SecretAnswer) -> Reading:
    subject = answer.reference
    if answer.outcome.status is not CallStatus.OK:
        return judge(subject, answer.outcome, _CODES, answer.hops)
    length = f"{answer.length} characters" if answer.length is not None else "of unknown length"
    return passed(answer.outcome, by_way_of(f"{subject}: fetched, {length}, not kept", answer.hops))


def _judge_probe(answer: SecretAnswer) -> Reading:
    outcome, subject = answer.outcome, "no secret is named"
    if outcome.status is CallStatus.OK:
        return passed(outcome, by_way_of(f"{subject}: the service itself answered", answer.hops))
    if outcome.status is not CallStatus.DENIED:
        return judge(subject, outcome, _CODES, answer.hops)
    observed = f"{subject}: {told(outcome, answer.hops)}"
    if outcome.denied_by in (Denier.IDENTITY, Denier.UNSAID, None):
        return passed(outcome, observed)  # signed by the service, which is all that was asked for
    # A policy may let tasks' own secrets through, and not this name.
    return untested(outcome, f"{observed}; --ecs-secret names one of tasks")

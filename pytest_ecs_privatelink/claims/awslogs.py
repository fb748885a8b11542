"""Claim ``awslogs``: a log event is accepted by CloudWatch Logs, and shown (R8, R15)."""

import functools
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.asking import ask_for
from pytest_ecs_privatelink.claims.chain import Guise, conclude, in_guises
from pytest_ecs_privatelink.claims.outcomes import Codes, by_way_of, judge, passed, untested
from pytest_ecs_privatelink.claims.terms import Ask, Reading, Stand, Terms
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Link,
    LogAnswer,
    LogQuestion,
    Outcome,
)
from pytest_ecs_privatelink.topology.starting import LogGroup
from pytest_ecs_privatelink.verdict import Cell, Check, Code, Verdict

_CODES = Codes(
    broken=dict.fromkeys(Link, Code.LOGS_UNREACHABLE),
    denied=dict.fromkeys(Link, Code.LOGS_DENIED),
    missing=dict.fromkeys(Link, Code.LOGS_GROUP_MISSING),
    needed=frozenset({"logs:CreateLogStream", "logs:PutLogEvents"}),
    undelivered=Code.LOGS_NOT_DELIVERED,
)
# Events show within seconds of being accepted; nothing promises how many.
_PATIENCE_IN_TIMEOUTS = 3


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of an ``awslogs`` cell: every log group of the errands, in each guise."""
    groups = terms.errands.log_groups or (LogGroup(name=terms.errands.mark),)
    tries = (
        in_guises(
            cell,
            terms,
            stand,
            functools.partial(_deliver, group, cell, terms, ask),
            group.name if terms.errands.log_groups else None,
        )
        for group in groups
    )
    return await conclude(cell, terms, stand, ask, tries, _expected(groups, terms))


def _expected(groups: tuple[LogGroup, ...], terms: Terms) -> str:
    if terms.errands.read_only:
        return "CloudWatch Logs answers (read-only: nothing is written)"
    if not terms.errands.log_groups:
        return "an event is accepted in a log group of the run's own, and shown"
    return f"an event is accepted in {', '.join(each.name for each in groups)}, and shown"


async def _deliver(group: LogGroup, cell: Cell, terms: Terms, ask: Ask, guise: Guise) -> Reading:
    errands, place = terms.errands, terms.slugs[cell.subnet]
    temporary = not errands.log_groups
    question = LogQuestion(
        host=host_names("logs", terms.snapshot.region)[0],
        region=terms.snapshot.region,
        group=group.name,
        stream=f"{errands.mark}/{place}{guise.suffix}",
        message=f"{errands.mark} proves the way from {place}{guise.suffix}",
        run=errands.run,
        make_group=temporary and not errands.read_only,
        write=not errands.read_only,
        patience=0.0 if errands.read_only else _PATIENCE_IN_TIMEOUTS * terms.timeout,
        ca_file=terms.ca_file,
        timeout=terms.timeout,
        launch_types=guise.launch_types,
    )
    answer = await ask_for(LogAnswer, question, ask)
    return _judge(answer, group, temporary=temporary, read_only=errands.read_only)


def _judge(answer: LogAnswer, group: LogGroup, *, temporary: bool, read_only: bool) -> Reading:
    outcome, subject = answer.outcome, f"log group {group.name}"
    missing = outcome.status is CallStatus.MISSING
    if read_only and (outcome.status is CallStatus.OK or (missing and temporary)):
        return _undelivered(outcome, subject)
    if outcome.status is CallStatus.OK:
        return passed(outcome, _delivered(answer, subject))
    reading = judge(subject, outcome, _CODES, answer.hops)
    if missing and temporary:
        # It was made a moment ago: tasks do not name it.
        return replace(reading, verdict=Verdict.ERROR, code=None, reason=reading.observed)
    if missing and group.made_by_tasks:
        reason = f"path proven, delivery not tested: awslogs-create-group makes {subject} later"
        return replace(reading, verdict=Verdict.SKIPPED, code=None, reason=reason)
    if outcome.status is CallStatus.DENIED and (temporary or read_only):
        # A policy may let tasks' own groups through, and not this one.
        return untested(outcome, f"{reading.observed}; --ecs-log-group names a group of tasks")
    return reading


def _undelivered(outcome: Outcome, subject: str) -> Reading:
    """Return the reading of a run that may not write: no event, no proof of delivery."""
    observed = f"{subject}: the service answered, nothing was written (read-only)"
    reason = "path proven, delivery not tested: --ecs-read-only writes nothing"
    return replace(passed(outcome, observed), verdict=Verdict.SKIPPED, reason=reason)


def _delivered(answer: LogAnswer, subject: str) -> str:
    if answer.delivered_ms is None:
        shown = f"not read back: {answer.note}" if answer.note else "not read back"
    else:
        shown = f"shown after {answer.delivered_ms:.0f} ms"
    return by_way_of(f"{subject}: an event was accepted, {shown}", answer.hops)

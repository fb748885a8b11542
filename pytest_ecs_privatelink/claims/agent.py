"""Claim ``agent``: container agents are well, and sent to the endpoints (R1, R13, R17, R18)."""

import asyncio
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.agent_connection import judge_connection, judge_unasked
from pytest_ecs_privatelink.claims.agent_poll import judge_poll, sent_elsewhere
from pytest_ecs_privatelink.claims.agent_readings import Subject, could_not_look, reading_of
from pytest_ecs_privatelink.claims.agent_state import judge_state
from pytest_ecs_privatelink.claims.asking import ask_for
from pytest_ecs_privatelink.claims.chain import paths_of
from pytest_ecs_privatelink.claims.terms import Ask, Reading, Stand, Terms, make_check, worst
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import (
    AgentAnswer,
    AgentQuestion,
    ConnectionAnswer,
    ConnectionQuestion,
)
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.instances import name_of, own_instances
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, LaunchType, Verdict

# Agents disconnect and come back several times an hour: minutes pass before one counts as gone.
_PATIENCE_IN_TIMEOUTS = 24
_ELSEWHERE = "the vantage is no container instance: --ecs-connect asks the instances themselves"


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of an ``agent`` cell: every instance there that can be asked, by itself."""
    here = [each for each in own_instances(terms.snapshot) if each.subnet == cell.subnet]
    asked = [each for each in here if each.instance in stand.instances]
    if terms.snapshot.cluster is None or not asked:
        return _unproven(cell, terms, stand)
    case = _Case(cell, terms, stand, ask, terms.snapshot.cluster)
    paths, found = await asyncio.gather(
        paths_of(cell, terms, stand, ask), asyncio.gather(*(_look(case, each) for each in asked))
    )
    judged = await asyncio.gather(*(_judge(case, each, paths) for each in found))
    readings = [reading for each in judged for reading in each]
    unasked = [each for each in here if each not in asked]
    for each in unasked:
        readings += judge_unasked(Subject(each, cell, terms))
    check = _check(case, tuple(readings))
    if not unasked or not check.verdict.holds:
        return check
    names = ", ".join(map(name_of, unasked))
    return replace(check, observed=f"{check.observed}; not asked itself: {names}")


@dataclass(frozen=True, slots=True)
class _Case:
    cell: Cell
    terms: Terms
    stand: Stand
    ask: Ask
    cluster: Cluster


@dataclass(frozen=True, slots=True)
class _Found:
    """What one instance answered, None with the reason in ``lost`` where it did not."""

    instance: ContainerInstance
    answer: AgentAnswer | None
    connection: ConnectionAnswer
    lost: str = ""


async def _look(case: _Case, instance: ContainerInstance) -> _Found:
    answer, connection = await asyncio.gather(
        _ask_instance(case, instance), _ask_connection(case, instance, 0.0)
    )
    if isinstance(answer, str):
        return _Found(instance, None, connection, answer)
    return _Found(instance, answer, connection)


async def _ask_instance(case: _Case, instance: ContainerInstance) -> AgentAnswer | str:
    terms = case.terms
    question = AgentQuestion(
        instance=name_of(instance),
        container_instance=instance.arn,
        cluster=case.cluster.arn,
        ecs=host_names("ecs", terms.snapshot.region)[0],
        region=terms.snapshot.region,
        ca_file=terms.ca_file,
        timeout=terms.timeout,
    )
    try:
        return await ask_for(AgentAnswer, question, case.ask)
    except VantageError as error:
        return str(error)


async def _ask_connection(
    case: _Case, instance: ContainerInstance, patience: float
) -> ConnectionAnswer:
    question = ConnectionQuestion(
        container_instance=instance.arn,
        cluster=case.cluster.arn,
        interval=case.terms.timeout,
        patience=patience,
    )
    return await ask_for(ConnectionAnswer, question, case.ask)


async def _judge(case: _Case, found: _Found, paths: tuple[Check, ...]) -> tuple[Reading, ...]:
    subject = Subject(found.instance, case.cell, case.terms)
    if found.answer is None:
        return (could_not_look(subject, found.lost),)
    elsewhere = sent_elsewhere(found.answer.poll, case.terms)
    if elsewhere is not case.terms:
        paths += await paths_of(case.cell, elsewhere, case.stand, case.ask)
    said = (*judge_state(subject, found.answer), *judge_poll(subject, found.answer, paths))
    broken = any(each.verdict is Verdict.FAILED for each in said)
    connection = found.connection
    if connection.connected is False and not broken:
        patience = _PATIENCE_IN_TIMEOUTS * case.terms.timeout
        connection = await _ask_connection(case, found.instance, patience)
    return _merged(subject, (*said, *judge_connection(subject, connection, broken=broken)))


def _merged(subject: Subject, readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Return the readings, those that passed as one sentence."""
    good = [each.observed for each in readings if each.verdict is Verdict.PASSED]
    rest = tuple(each for each in readings if each.verdict is not Verdict.PASSED)
    told = reading_of(subject, Verdict.PASSED, None, "agent", ", ".join(good))
    return (*rest, told) if good else rest


def _check(case: _Case, readings: tuple[Reading, ...]) -> Check:
    """Fold the readings; the subject are all instances that what decided was observed of."""
    check = make_check(case.cell, case.terms, case.stand, readings, _expected(case.terms))
    alike = (each for each in worst(readings) if each.code is check.code)
    subjects = dict.fromkeys(each.subject for each in alike if each.subject)
    return replace(check, subject=", ".join(subjects) or None, launch_types=(LaunchType.EC2,))


def _expected(terms: Terms) -> str:
    region = terms.snapshot.region
    hosts = (host_names(each, region)[0] for each in ("ecs-agent", "ecs-telemetry"))
    return (
        "agents are 1.25.1 or later, connected, started after the ecs endpoints were created, and "
        f"sent to {' and '.join(hosts)}"
    )


def _unproven(cell: Cell, terms: Terms, stand: Stand) -> Check:
    cluster = terms.snapshot.cluster
    name = "" if cluster is None else f" of {cluster.name}"
    missing = f"no container instance{name} that stands there can be asked"
    reading = Reading(
        verdict=Verdict.SKIPPED,
        code=None,
        phase="vantage",
        observed="nothing was observed",
        reason=missing if stand.instances else _ELSEWHERE,
    )
    check = make_check(cell, terms, stand, (reading,), _expected(terms))
    return replace(check, basis=Basis.DERIVED, launch_types=(LaunchType.EC2,))

"""The kernel as referee: what audits predict of a world's cells, and what probes in it observe."""

import asyncio
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from random_worlds import World

from pytest_ecs_privatelink.catalogue.services import parse_service_name
from pytest_ecs_privatelink.lab.plan import Host, compile_plan
from pytest_ecs_privatelink.lab.twin import Twin
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.lookup import effective_groups
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.verdict import (
    PATH_CLAIMS,
    Basis,
    Cell,
    Check,
    Finding,
    LaunchType,
    Verdict,
)

SHORT, LONG = 0.6, 3.0
"""Seconds of a probe: what is dropped never answers, and what answers does so at once, unless the
machine is busy. So a world that seems to disagree is looked at again with patience."""

AT_ONCE = 6
"""How many worlds are judged at once: most of a world's time is waiting."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A cell that audits and probes judge differently; ``findings`` are those that block it."""

    cell: Cell
    findings: tuple[Finding, ...]
    check: Check

    def __str__(self) -> str:
        where = f"{self.cell.claim} of {self.cell.service} from {self.cell.subnet}"
        said = "; ".join(f"{each.code} {each.subject}: {each.summary}" for each in self.findings)
        saw = f"{self.check.verdict} {self.check.code or ''}: {self.check.observed}"
        return f"{where}\n  audits: {said or 'nothing'}\n  probe: {saw}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A world as both saw it: its cells, the red ones, those that audits leave to probes."""

    world: World
    cells: int
    red: int
    left: int
    disagreements: tuple[Disagreement, ...]


def judge_all(worlds: Iterable[World], at_once: int = AT_ONCE) -> Iterator[Judgement]:
    """Judge worlds, several at once, in their order."""
    with ThreadPoolExecutor(at_once) as pool:
        yield from pool.map(judge, worlds)


def judge(world: World, faults: tuple[TwinFault, ...] = ()) -> Judgement:
    """Judge a world; one that seems to disagree, twice. Of ``faults`` only probes know."""
    judgement = _judge(world, faults, SHORT)
    return _judge(world, faults, LONG) if judgement.disagreements else judgement


def _judge(world: World, faults: tuple[TwinFault, ...], timeout: float) -> Judgement:
    registries = (world.snapshot.vpc.owner,)
    with Twin.launch() as twin:
        plan = _plan(world, timeout, str(twin.ca_file))
        hosts = tuple(Host(subnet.id, world.wearers) for subnet in plan.terms.subnets)
        twin.build(compile_plan(world.snapshot, hosts=hosts, registries=registries, faults=faults))
        checks = asyncio.run(_probe(plan, twin))
    unseen = _left_to_probes(plan)
    # "Could not look" is neither red nor green.
    compared = {
        cell: check
        for cell, check in checks.items()
        if cell.service not in unseen and check.verdict is not Verdict.ERROR
    }
    return Judgement(
        world=world,
        cells=len(checks),
        red=sum(check.verdict is not Verdict.PASSED for check in checks.values()),
        left=len(checks) - len(compared),
        disagreements=tuple(_disagreements(plan, compared)),
    )


def _plan(world: World, timeout: float, ca_file: str) -> Plan:
    settings = Settings(
        lab=True,
        launch_types=world.launch_types,
        need=world.need,
        subnets=world.subnets,
        security_groups=world.wearers[LaunchType.FARGATE] or (),
        instance_security_groups=world.wearers[LaunchType.EC2] or (),
        require_private=world.require_private,
        timeout=timeout,
    )
    return make_plan(settings, world.snapshot, basis=Basis.PROBED, ca_file=ca_file)


async def _probe(plan: Plan, twin: Twin) -> dict[Cell, Check]:
    broker = Broker(plan.terms, twin.vantages, {})
    cells = [
        Cell(claim, subnet.id, each.service)
        for claim in PATH_CLAIMS
        for subnet in plan.terms.subnets
        for each in plan.terms.services
    ]
    broker.select(cells)
    checks = {cell: await broker.check(cell) for cell in cells}
    await broker.close()
    return checks


def _left_to_probes(plan: Plan) -> set[str]:
    """Return the services of which an audit says that it could not see what decides."""
    subjects = {word for each in plan.unseen for word in each.subject.split()}
    left = {each.service for each in plan.terms.services if each.service in subjects}
    for endpoint in plan.snapshot.endpoints:
        name = parse_service_name(endpoint.service_name)
        worn = (group.id for group in effective_groups(plan.snapshot, endpoint))
        if name is not None and subjects.intersection((endpoint.id, *endpoint.groups, *worn)):
            left.add(name.service)
    blind = {kind for kind, worn in plan.terms.wearers.items() if subjects.intersection(worn or ())}
    return left | {
        each.service for each in plan.terms.services if blind.intersection(each.launch_types)
    }


def _disagreements(plan: Plan, checks: dict[Cell, Check]) -> Iterator[Disagreement]:
    for cell, check in checks.items():
        findings = tuple(each for each in plan.findings if cell in each.blocks)
        if bool(findings) is (check.verdict is Verdict.PASSED):
            yield Disagreement(cell, findings, check)

"""Runs without pytest: the lab's world, a plan, a twin and a broker, and what they judge."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import boto3

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import ground_of
from pytest_ecs_privatelink.lab.cloud import REGION
from pytest_ecs_privatelink.lab.faults import Fault
from pytest_ecs_privatelink.lab.hasty_watch import HastyWatch
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.world import World, build_world
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.run import private_folder
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.exchange import Exchange
from pytest_ecs_privatelink.verdict import (
    PROBED_CLAIMS,
    Basis,
    Cause,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    LaunchType,
    Severity,
    Verdict,
)

TIMEOUT = 2.0
"""Seconds: what answers has long on a busy machine, what is dropped need not be waited for."""

IN_LAB = Settings(lab=True)
LAB_KEYS = Credentials(access_key="lab", secret_key="lab")
Place = tuple[Claim, str, str]
"""Claim, slug of the subnet, endpoint service."""


@dataclass(frozen=True, slots=True)
class Emulated:
    """An emulated AWS; ``world`` is healthy and stays so, `broken` makes others beside it."""

    laboratory: Laboratory
    world: World
    snapshot: Snapshot

    @property
    def url(self) -> str:
        """Its address on loopback."""
        return self.laboratory.cloud.endpoint

    @property
    def socket(self) -> Path:
        """Where it answers the servers of twins."""
        return self.laboratory.cloud_socket

    @property
    def session(self) -> boto3.Session:
        """A session for it."""
        return self.laboratory.session()

    def broken(self, fault: Fault) -> tuple[World, Snapshot]:
        """Break the world, or another one beside it where that takes the cloud, and read it."""
        if fault.break_cloud is not None:
            world = build_world(self.session, cluster=f"lab-{uuid.uuid4().hex[:8]}")
            fault.break_cloud(world, self.session)
            return world, self.laboratory.read(world, (fault,)).snapshot
        edit = fault.edit or (lambda snapshot, _: snapshot)
        return self.world, edit(self.snapshot, self.world)


@contextlib.contextmanager
def emulate() -> Iterator[Emulated]:
    """Run an emulated AWS for as long as the block takes."""
    with contextlib.closing(Laboratory(cloud=True, twin=False)) as laboratory:
        laboratory.cloud.wait()
        world = build_world(laboratory.session())
        yield Emulated(laboratory, world, laboratory.read(world).snapshot)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rehearsal came to."""

    plan: Plan
    checks: dict[Place, Check]

    @property
    def outcomes(self) -> dict[Place, tuple[Verdict, Code | None]]:
        """How each cell ended."""
        return {place: (check.verdict, check.code) for place, check in self.checks.items()}

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes as a run ranks them at its end, audits included."""
        plan = self.plan
        endpoints = {each.service: each.endpoint for each in plan.terms.services}
        ground = ground_of(plan.snapshot, endpoints, plan.terms.slugs, plan.terms.wearers)
        audits = (_audited(each, number) for number, each in enumerate(plan.findings, start=1))
        return rank_causes((*self.checks.values(), *audits), plan.findings, ground)

    @property
    def not_passed(self) -> dict[Place, tuple[Verdict, Code | None]]:
        """How the cells ended that did not pass."""
        return {
            place: outcome
            for place, outcome in self.outcomes.items()
            if outcome != (Verdict.PASSED, None)
        }

    def told(self, service: str, claim: Claim = Claim.PRIVATE_DNS) -> set[tuple[Verdict, str]]:
        """Return how the cells of a service ended, and with which code, over all subnets."""
        return {
            (verdict, str(code))
            for (judged, _, name), (verdict, code) in self.outcomes.items()
            if judged is claim and name == service
        }


def _audited(finding: Finding, number: int) -> Check:
    """Return the audit check of a finding."""
    error = finding.severity is Severity.ERROR
    return Check(
        id=f"audit[{finding.code}-{finding.subject}]#{number}",
        claim=Claim.AUDIT,
        subject=finding.subject,
        verdict=Verdict.FAILED if error else Verdict.WARNED,
        basis=Basis.DERIVED,
        code=finding.code,
        expected=finding.expected,
        observed=finding.observed,
    )


def rehearse(
    snapshot: Snapshot,
    *,
    cloud: Path,
    session: boto3.Session | None = None,
    groups: tuple[str, ...] = (),
    instance_groups: tuple[str, ...] | None = None,
    faults: tuple[TwinFault, ...] = (),
) -> Judged:
    """Judge every cell of ``snapshot`` by probes from inside its twin, as a run in the lab does.

    The twin's servers turn to the ``cloud`` at that Unix socket, and whether agents are connected
    is asked through ``session``. Container instances wear what tasks do, if nothing else is said.
    """
    asked = replace(
        IN_LAB,
        security_groups=groups,
        instance_security_groups=groups if instance_groups is None else instance_groups,
        launch_types=tuple(LaunchType),
        timeout=TIMEOUT,
        # What one rehearsal writes into the cloud, another must not take for its own.
        run=uuid.uuid4().hex[:12],
    )
    with contextlib.ExitStack() as stack:
        laboratory = stack.enter_context(contextlib.closing(Laboratory(cloud=False, twin=True)))
        plan = make_plan(asked, snapshot, basis=Basis.PROBED, ca_file=str(laboratory.ca_file))
        subnets = tuple(subnet.id for subnet in plan.terms.subnets)
        laboratory.build_twin(snapshot, subnets, plan.terms.wearers, faults, cloud=cloud)
        broker = Broker(
            plan.terms,
            laboratory.twin.vantages,
            {},
            keys=lambda: LAB_KEYS,
            watch=None if session is None else HastyWatch(lambda: session, REGION),
        )
        exchange = Exchange(broker, private_folder(stack) / "broker.sock")
        stack.callback(exchange.close)
        cells = {
            (claim, plan.terms.slugs[subnet], each.service): Cell(claim, subnet, each.service)
            for claim in PROBED_CLAIMS
            for subnet in subnets
            for each in plan.terms.services
            if plan.carries(claim, each.service) and plan.stands(claim, subnet)
        }
        exchange.select(cells.values())
        return Judged(plan, {place: exchange.check(cell) for place, cell in cells.items()})

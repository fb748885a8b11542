"""Runs of the lab that ask nothing but one-off tasks, and what these alone say of a fault."""

from dataclasses import dataclass

from opened_runs import opened

from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import ground_of
from pytest_ecs_privatelink.lab.expectations import outcome
from pytest_ecs_privatelink.lab.faults import Fault
from pytest_ecs_privatelink.verdict import (
    Cause,
    Check,
    Claim,
    Code,
    LaunchType,
    Verdict,
    task_cell,
)

TIMEOUT = 2.0
Outcome = tuple[Verdict, Code | None]


@dataclass(frozen=True, slots=True)
class Deaths:
    """How a fault's tasks ended, by subnet and launch type, how they should, and the causes."""

    checks: dict[tuple[str, LaunchType], Check]
    expected: dict[tuple[str, LaunchType], Outcome]
    causes: tuple[Cause, ...]

    @property
    def outcomes(self) -> dict[tuple[str, LaunchType], Outcome]:
        """How each task's cell ended."""
        return {place: (check.verdict, check.code) for place, check in self.checks.items()}

    @property
    def red(self) -> int:
        """How many tasks failed, or warned."""
        red = (Verdict.FAILED, Verdict.WARNED)
        return sum(check.verdict in red for check in self.checks.values())

    @property
    def top(self) -> Code | None:
        """The code of the first cause."""
        return self.causes[0].code if self.causes else None


def deaths_of(fault: Fault) -> Deaths:
    """Start a task of each launch type in each subnet of the world with ``fault``, and judge."""
    with opened(faults=(fault.name,), claims=(Claim.TASK_START,), timeout=TIMEOUT) as one:
        run, plan = one.run, one.run.part.plan
        assert run.exchange is not None
        slugs = plan.terms.slugs
        cells = {(slugs[subnet], kind): task_cell(subnet, kind) for subnet, kind in plan.started}
        run.exchange.select(cells.values())
        checks = {place: run.exchange.check(cell) for place, cell in cells.items()}
        endpoints = {each.service: each.endpoint for each in plan.terms.services}
        ground = ground_of(plan.snapshot, endpoints, slugs, plan.terms.wearers)
        assert run.remove_traces() is None
    return Deaths(
        checks=checks,
        expected={
            (slug, kind): outcome(fault.expected, Claim.TASK_START, slug, str(kind))
            for slug, kind in cells
        },
        causes=rank_causes(tuple(checks.values()), plan.findings, ground),
    )

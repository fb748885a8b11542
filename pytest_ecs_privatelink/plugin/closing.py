"""What a run amounts to: the controller's facts and checks as the record that renderers take."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pytest_ecs_privatelink.claims.terms import Reading, check_id, make_check
from pytest_ecs_privatelink.diagnosis.causes import rank_causes
from pytest_ecs_privatelink.diagnosis.ground import ground_of
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.run import Run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.reporting import run as record
from pytest_ecs_privatelink.verdict import Basis, Cause, Cell, Check, Verdict

_INTERRUPTED = 2  # pytest.ExitCode.INTERRUPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """The state of a run at one moment; ``run`` is None where it could not be opened."""

    settings: Settings
    run: Run | None
    checks: Mapping[str, Check]
    nodeids: Mapping[str, str]
    started: datetime
    workers: int
    error: str | None = None
    interrupted: bool = False
    exit_code: int = 0


def close(closing: Closing) -> record.Run:
    """Return the record of the run, its checks sorted by id: workers end in any order.

    Selected cells that were never judged are errors in it.
    """
    if closing.run is None:
        return record.Run(facts=_facts(closing, None, ()))
    plan = closing.run.part.plan
    judged = (*closing.checks.values(), *_unjudged(closing, closing.run, plan))
    checks = tuple(sorted(judged, key=lambda check: check.id))
    return record.Run(
        facts=_facts(closing, closing.run, checks),
        subnets=_subnets(closing.run, plan),
        services=_services(plan),
        checks=checks,
        causes=_causes(closing.settings, plan, checks),
        nodeids=closing.nodeids,
    )


def proved_nothing(closing: Closing) -> bool:
    """Return whether probed cells were selected and none of them was judged."""
    if closing.run is None or closing.run.exchange is None:
        return False
    selected = closing.run.exchange.selected()
    return bool(selected) and not any(map(record.is_judged, closing.checks.values()))


def _facts(closing: Closing, run: Run | None, checks: tuple[Check, ...]) -> record.RunFacts:
    snapshot = run.part.plan.snapshot if run else None
    if closing.interrupted or closing.exit_code == _INTERRUPTED:
        status = record.RunStatus.INTERRUPTED
    elif run is None:
        status = record.RunStatus.NOT_STARTED
    else:
        status = record.RunStatus.FINISHED
    return record.RunFacts(
        id=run.id if run else "",
        started=closing.started.isoformat(timespec="milliseconds"),
        duration_s=round((datetime.now(UTC) - closing.started).total_seconds(), 3),
        status=status,
        error=closing.error,
        exit_code=closing.exit_code,
        target="lab" if closing.settings.lab else "aws",
        vpc=snapshot.vpc.id if snapshot else closing.settings.vpc,
        region=snapshot.region if snapshot else closing.settings.region,
        partition=snapshot.partition if snapshot else None,
        launch_types=run.part.plan.launch_types if run else (),
        workers=closing.workers,
        api_calls=dict(run.api_calls) if run else {},
        cells=record.count_cells(checks, _services(run.part.plan) if run else ()),
    )


def _subnets(run: Run, plan: Plan) -> tuple[record.SubnetFacts, ...]:
    terms = plan.terms
    return tuple(
        record.SubnetFacts(
            id=subnet.id,
            name=terms.slugs[subnet.id],
            az=subnet.az,
            cidr=subnet.cidr,
            egress=terms.egress[subnet.id],
            vantage=vantage.label if (vantage := run.vantages.get(subnet.id)) else None,
            vantage_groups=(vantage.groups or ()) if vantage else (),
        )
        for subnet in terms.subnets
    )


def _services(plan: Plan) -> tuple[record.ServiceFacts, ...]:
    return tuple(
        record.ServiceFacts(
            service=each.service,
            need=each.need,
            launch_types=each.launch_types,
            because=each.because,
            endpoint=each.endpoint,
            names=each.names,
        )
        for each in plan.terms.services
    )


def _causes(settings: Settings, plan: Plan, checks: tuple[Check, ...]) -> tuple[Cause, ...]:
    terms = plan.terms
    endpoints = {each.service: each.endpoint for each in terms.services}
    ground = ground_of(plan.snapshot, endpoints, terms.slugs, terms.wearers)
    standing = tuple(
        finding for finding in plan.findings if not settings.accepts(finding.code, finding.subject)
    )
    return rank_causes(checks, standing, ground)


def _unjudged(closing: Closing, run: Run, plan: Plan) -> tuple[Check, ...]:
    selected = run.exchange.selected() if run.exchange else ()
    missing = (cell for cell in selected if check_id(cell, plan.terms.slugs) not in closing.checks)
    return tuple(_never_judged(cell, plan) for cell in missing)


def _never_judged(cell: Cell, plan: Plan) -> Check:
    reading = Reading(
        verdict=Verdict.ERROR,
        code=None,
        phase="vantage",
        observed="nothing was observed",
        reason="the run ended before this cell was judged",
    )
    expected = f"{cell.claim} holds for {cell.service}"
    check = make_check(cell, plan.terms, None, (reading,), expected)
    return replace(check, basis=Basis.DERIVED, phase=None)

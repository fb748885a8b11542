"""What the user's options make of a verdict: strictness, required proof, accepted findings."""

from dataclasses import replace

from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.verdict import Basis, Check, Code, Verdict


def settle(check: Check, plan: Plan) -> Check:
    """Return ``check`` as this run's options want it judged."""
    settings = plan.settings
    accepted = _accepted(check, plan)
    if check.verdict in (Verdict.FAILED, Verdict.WARNED) and accepted is not None:
        return replace(check, verdict=Verdict.SKIPPED, reason=f"accepted: {accepted}")
    if check.verdict is Verdict.WARNED and settings.strict:
        return replace(check, verdict=Verdict.FAILED)
    if settings.require_probed and _unproven(check, plan):
        observed = f"not probed: {check.reason}"
        return replace(check, verdict=Verdict.FAILED, observed=observed, reason=None)
    return check


def accepts(settings: Settings, code: Code, subject: str | None) -> bool:
    """Return whether ``--ecs-ignore`` names this finding."""
    return any(
        accepted.code is code and accepted.subject in (None, subject)
        for accepted in settings.ignore
    )


def _accepted(check: Check, plan: Plan) -> Code | None:
    """Return the accepted code that covers ``check``: its own, or that of a finding behind it."""
    subject = check.subject or check.service
    if check.code is not None and accepts(plan.settings, check.code, subject):
        return check.code
    for finding in plan.findings:
        blocked = {(cell.claim, cell.subnet, cell.service) for cell in finding.blocks}
        if _place(check) in blocked and accepts(plan.settings, finding.code, finding.subject):
            return finding.code
    return None


def _place(check: Check) -> tuple[object, ...]:
    return (check.claim, check.subnet, check.service)


def _unproven(check: Check, plan: Plan) -> bool:
    return (
        check.verdict is Verdict.SKIPPED
        and check.basis is Basis.DERIVED
        and check.service is not None
        and plan.needs(check.service)
    )

"""What the user's options make of a verdict: strictness, required proof, accepted findings."""

from dataclasses import replace

from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.verdict import Basis, Check, Claim, Code, Verdict


def settle(check: Check, plan: Plan) -> Check:
    """Return ``check`` as this run's options want it judged."""
    settings = plan.settings
    accepted = _accepted(check, plan)
    if check.verdict in (Verdict.FAILED, Verdict.WARNED) and accepted is not None:
        return replace(check, verdict=Verdict.SKIPPED, reason=f"accepted: {accepted}")
    if check.verdict is Verdict.FAILED and check.subnet and plan.is_unused(check.subnet):
        check = replace(check, verdict=Verdict.WARNED)  # nothing of the cluster stands there
    if check.verdict is Verdict.WARNED and settings.strict:
        return replace(check, verdict=Verdict.FAILED)
    if settings.require_probed and _unproven(check, plan):
        observed = f"not probed: {check.reason}"
        return replace(check, verdict=Verdict.FAILED, observed=observed, reason=None)
    return check


def _accepted(check: Check, plan: Plan) -> Code | None:
    """Return the accepted code that covers ``check``: its own, or that of a finding behind it."""
    subject = check.subject or check.service
    if check.code is not None and plan.settings.accepts(check.code, subject):
        return check.code
    cell = check.cell
    if cell is None:
        return None
    if cell.claim is Claim.TASK_START:
        # One thing ended it: that another is accepted excuses nothing.
        finding = plan.blame(check)
        taken = finding is not None and plan.settings.accepts(finding.code, finding.subject)
        return finding.code if finding is not None and taken else None
    return plan.accepted.get(cell)


def _unproven(check: Check, plan: Plan) -> bool:
    return (
        check.verdict is Verdict.SKIPPED
        and check.basis is Basis.DERIVED
        and check.cell is not None
        and (check.service is None or plan.needs(check.service))
    )

"""From a test to its checks: ask the broker or the findings, note the facts, settle the outcome."""

from collections.abc import Iterable

import pytest

from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.diagnosis.reach import deciding
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.plugin.fixtures import TOLD
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.selecting import cell_of
from pytest_ecs_privatelink.plugin.settle import settle
from pytest_ecs_privatelink.plugin.share import Part
from pytest_ecs_privatelink.reporting.failure import failure_text
from pytest_ecs_privatelink.reporting.properties import to_properties
from pytest_ecs_privatelink.vantage.broker import NO_SEAMS, Seams
from pytest_ecs_privatelink.verdict import (
    PATH_CLAIMS,
    PROBED_CLAIMS,
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Severity,
    Verdict,
)

_NO_CELL = (
    "ecs_check needs @pytest.mark.ecs_claim with one of "
    f"{', '.join(each for each in PROBED_CLAIMS if each is not Claim.TASK_START)}; "
    f"ecs_task needs {Claim.TASK_START}"
)


def seams_of(part: Part, resolvers: tuple[str, ...], ca_file: str | None) -> Seams:
    """Return what a user's fixtures put in the place of the run's own terms."""
    terms = part.plan.terms
    same = resolvers == terms.resolvers and ca_file == terms.ca_file
    return NO_SEAMS if same else Seams(resolvers=resolvers, ca_file=ca_file)


def check_cell(item: pytest.Item, part: Part, seams: Seams) -> Check:
    """Return the settled check of the cell that ``item`` proves; skip or error where it must."""
    cell = cell_of(item)
    if cell is None:
        pytest.fail(_NO_CELL, pytrace=False)
    if part.link is None:
        pytest.skip("nothing is probed in this run")
    try:
        check = settle(part.link.check(cell, seams), part.plan)
    except VantageError as error:
        pytest.fail(f"could not look: {error}", pytrace=False)
    conclude(item, part.plan, ((check, part.plan.blame(check)),))
    return check


def check_audit(item: pytest.Item, part: Part, code: str, seams: Seams) -> tuple[Check, ...]:
    """Return the settled checks of one audited code: one a finding, or the one that found none."""
    plan = part.plan
    findings = [each for each in plan.findings if each.code == code]
    judged = [(settle(_found(each, part, seams), plan), each) for each in findings]
    pairs: list[tuple[Check, Finding | None]] = [*judged]
    pairs += [(_not_seen(each, part, seams), None) for each in plan.unseen if each.code == code]
    if not pairs:
        pairs.append((_clean(code), None))
    conclude(item, plan, tuple(pairs))
    return tuple(check for check, _ in pairs)


def conclude(
    item: pytest.Item, plan: Plan, pairs: tuple[tuple[Check, Finding | None], ...]
) -> None:
    """Note the checks on the test's report, then end the test's set-up as they demand.

    A failed check leaves the paragraph that the report shows; "could not look" is a set-up
    failure, which pytest calls an error; skipped is a skip with its reason.
    """
    for check, _ in pairs:
        item.user_properties.extend(to_properties(check))
    slugs = plan.terms.slugs
    texts = {
        verdict: [
            failure_text(check, finding, slugs)
            for check, finding in pairs
            if check.verdict is verdict
        ]
        for verdict in (Verdict.FAILED, Verdict.ERROR)
    }
    if texts[Verdict.FAILED]:
        item.stash[TOLD] = "\n".join(texts[Verdict.FAILED])
    elif texts[Verdict.ERROR]:
        pytest.fail("\n".join(texts[Verdict.ERROR]), pytrace=False)
    elif all(check.verdict is Verdict.SKIPPED for check, _ in pairs):
        pytest.skip("; ".join(check.reason or "" for check, _ in pairs))


def _found(finding: Finding, part: Part, seams: Seams) -> Check:
    error = finding.severity is Severity.ERROR
    disprovable = error and not finding.of_others
    overruled = disprovable and _all_pass(deciding(finding.blocks), part, seams)
    return Check(
        id=f"audit[{finding.code}-{finding.subject}]" + _apart(finding, part.plan),
        claim=Claim.AUDIT,
        subject=finding.subject,
        launch_types=finding.launch_types,
        verdict=Verdict.FAILED if error and not overruled else Verdict.WARNED,
        basis=Basis.DERIVED,
        code=finding.code,
        expected=finding.expected,
        observed=finding.observed,
        reason="the wire disagrees: every cell that it blocks passed" if overruled else None,
    )


def _apart(finding: Finding, plan: Plan) -> str:
    """Return what tells two findings of one code and subject apart: subnets differ in severity."""
    alike = plan.heads[finding.code, finding.subject]
    return f"#{alike.index(finding) + 1}" if len(alike) > 1 else ""


def _all_pass(cells: Iterable[Cell], part: Part, seams: Seams) -> bool:
    """Return whether all ``cells`` were selected in this run, probed, and passed."""
    wanted = tuple(dict.fromkeys(cells))
    if part.link is None or not wanted:
        return False
    try:
        judged = part.link.judged(wanted, seams)
    except VantageError:
        return False
    passed = [check for check in judged if check.verdict is Verdict.PASSED]
    return len(passed) == len(wanted)


def _not_seen(unseen: Unseen, part: Part, seams: Seams) -> Check:
    """Return "not visible", or "could not look" where a permission that matters is missing."""
    terms = part.plan.terms
    # What is unknown of the whole VPC harms nothing where all of it works.
    whole = unseen.subject == terms.snapshot.vpc.id
    services = [each.service for each in terms.services] if whole else [unseen.subject]
    cells = [
        Cell(claim, subnet.id, service)
        for service in services
        for subnet in terms.subnets
        for claim in PATH_CLAIMS
    ]
    cleared = _all_pass(cells, part, seams)
    return Check(
        id=f"audit[{unseen.code}-{unseen.subject}]",
        claim=Claim.AUDIT,
        subject=unseen.subject,
        verdict=Verdict.ERROR if unseen.permissions and not cleared else Verdict.SKIPPED,
        basis=Basis.DERIVED,
        code=unseen.code,
        expected=f"the snapshot shows no {unseen.code}",
        observed="unknown",
        reason=f"{unseen.reason}; every cell of it passed" if cleared else unseen.reason,
    )


def _clean(code: str) -> Check:
    return Check(
        id=f"audit[{code}]",
        claim=Claim.AUDIT,
        verdict=Verdict.PASSED,
        basis=Basis.DERIVED,
        code=Code(code),
        expected=f"the snapshot shows no {code}",
        observed="none found",
    )

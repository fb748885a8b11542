"""What each finding can explain of a run, looked up by cell."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pytest_ecs_privatelink.diagnosis.cover import Option
from pytest_ecs_privatelink.diagnosis.deaths import fits
from pytest_ecs_privatelink.verdict import (
    CALLING_CLAIMS,
    PATH_CLAIMS,
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Verdict,
)

RED = (Verdict.FAILED, Verdict.WARNED)


def standing(findings: Iterable[Finding], cells: Iterable[Check]) -> list[Option[Finding]]:
    """Return the findings that ``cells`` do not disprove, each once, with the red ids it reaches.

    A finding is disproved where packets went through everything that it says it blocks: a chain
    that goes through a blocked path is not asked, for it may have ended elsewhere, nor is one about
    other callers than the runner. The order does not depend on the order of ``findings``.
    """
    red: dict[Cell | None, list[Check]] = defaultdict(list)
    passed: set[Cell | None] = set()
    for check in cells:
        if check.verdict in RED:
            red[check.cell].append(check)
        elif check.verdict is Verdict.PASSED and check.basis is not Basis.DERIVED:
            passed.add(check.cell)
    return [
        Option(finding, _ids(finding, red))
        for finding in _distinct(findings)
        if finding.of_others
        or not finding.blocks
        or not passed.issuperset(deciding(finding.blocks))
    ]


def blame(findings: Iterable[Finding]) -> dict[Cell, Finding]:
    """Return, by cell, the finding that its failure is likeliest due to, before any probe.

    ``findings`` come likeliest first.
    """
    blamed: dict[Cell, Finding] = {}
    for finding in findings:
        for cell in finding.blocks:
            blamed.setdefault(cell, finding)
    return blamed


def deciding(blocks: Iterable[Cell]) -> tuple[Cell, ...]:
    """Return those of a finding's cells that disprove it by passing.

    The paths', if it has any, else the chains': tasks are for what neither shows.
    """
    cells = tuple(blocks)
    for claims in (PATH_CLAIMS, CALLING_CLAIMS):
        if chosen := tuple(cell for cell in cells if cell.claim in claims):
            return chosen
    return cells


def _ids(finding: Finding, red: Mapping[Cell | None, list[Check]]) -> frozenset[str]:
    return frozenset(
        check.id
        for cell in red.keys() & set(finding.blocks)
        for check in red[cell]
        if may_explain(finding, check)
    )


def may_explain(finding: Finding, check: Check) -> bool:
    """Return whether ``finding``, which blocks the cell of ``check``, fits what was met there.

    What the snapshot says of agents has to be what an agent was found to be, and what keeps tasks
    from starting has to be what a task died of.
    """
    if check.claim is Claim.TASK_START:
        return fits(finding, check)
    of_agents = all(cell.claim is Claim.AGENT for cell in finding.blocks)
    return check.claim is not Claim.AGENT or not of_agents or check.code is finding.code


def _distinct(findings: Iterable[Finding]) -> list[Finding]:
    # Hashing a finding would hash every cell of it; equal ones share what is cheap to compare.
    alike: dict[tuple[Code, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        known = alike[finding.code, finding.subject]
        if finding not in known:
            known.append(finding)
    return sorted((each for known in alike.values() for each in known), key=_in_order)


def _in_order(finding: Finding) -> tuple[object, ...]:
    return (
        finding.code,
        finding.subject,
        finding.severity,
        finding.observed,
        finding.summary,
        finding.blocks,
    )

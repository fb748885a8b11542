"""Red checks and findings in, ranked causes out (DESIGN section 5, "Causes")."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.diagnosis.cover import Option, cover
from pytest_ecs_privatelink.diagnosis.ground import Ground
from pytest_ecs_privatelink.diagnosis.grouping import Group, group_by_break
from pytest_ecs_privatelink.diagnosis.live import LIVE
from pytest_ecs_privatelink.diagnosis.wording import facts_of, remedy_of, summary_of
from pytest_ecs_privatelink.verdict import (
    Basis,
    Cause,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Severity,
    Verdict,
)

_RED = (Verdict.FAILED, Verdict.WARNED)
_CODES = tuple(Code)


def rank_causes(
    checks: tuple[Check, ...], findings: tuple[Finding, ...], ground: Ground
) -> tuple[Cause, ...]:
    """Return the fewest causes that explain the failed and warned checks, gravest first.

    Findings come first: errors before warnings, then what newly covers most cells, then code and
    subject. What no finding covers becomes causes from its live codes. A finding that no judged
    cell speaks for is a cause, too, if it is an error or its own audit check is red; one whose
    cells were all probed and passed is none. Findings that the user accepted are the caller's to
    leave out. No check is explained twice.
    """
    cells = tuple(check for check in checks if check.claim is not Claim.AUDIT)
    standing = [each for each in dict.fromkeys(findings) if not _disproved(each, cells)]
    reach = {finding: _reach(finding, cells) for finding in standing}
    red = frozenset(check.id for check in cells if check.verdict in _RED)
    picks = cover(red, [Option(each, reach[each]) for each in standing], _rank_finding)
    covered = frozenset(key for pick in picks for key in pick.newly)

    causes = [_from_finding(pick.item, pick.newly) for pick in picks]
    causes += _live_causes([check for check in cells if check.id not in covered], cells, ground)
    causes += [
        _from_finding(finding, frozenset())
        for finding in standing
        if not reach[finding] and _speaks_unheard(finding, checks)
    ]
    causes = _with_followers(causes, cells)
    return _numbered(_with_audits(causes, checks, reach))


def explained_by(causes: tuple[Cause, ...]) -> dict[str, Cause]:
    """Return the cause of each explained check, by check id."""
    return {key: cause for cause in causes for key in cause.explains}


def blocking(findings: Iterable[Finding], cell: Cell) -> Finding | None:
    """Return the finding that a failure of ``cell`` is likeliest due to, before anything is probed.

    Errors come before warnings, then what blocks most cells, then code and subject.
    """
    candidates = (each for each in findings if cell in each.blocks)
    return min(candidates, key=lambda each: _rank_finding(each, len(each.blocks)), default=None)


def _rank_finding(finding: Finding, newly: int) -> tuple[object, ...]:
    return _rank(finding.severity, newly, finding.code, finding.subject)


def _rank(severity: Severity, weight: int, code: Code, subject: str) -> tuple[object, ...]:
    return (severity is not Severity.ERROR, -weight, _CODES.index(code), subject)


def _cell(check: Check) -> tuple[Claim, str | None, str | None]:
    return (check.claim, check.subnet, check.service)


def _blocked(finding: Finding, cells: Iterable[Check]) -> list[Check]:
    blocks = {(cell.claim, cell.subnet, cell.service) for cell in finding.blocks}
    return [check for check in cells if _cell(check) in blocks]


def _reach(finding: Finding, cells: Iterable[Check]) -> frozenset[str]:
    return frozenset(each.id for each in _blocked(finding, cells) if each.verdict in _RED)


def _disproved(finding: Finding, cells: Iterable[Check]) -> bool:
    """Return whether packets went through everything that the finding says it blocks."""
    passed = {
        _cell(check)
        for check in _blocked(finding, cells)
        if check.verdict is Verdict.PASSED and check.basis is not Basis.DERIVED
    }
    return bool(finding.blocks) and len(passed) == len(set(finding.blocks))


def _speaks_unheard(finding: Finding, checks: Iterable[Check]) -> bool:
    return finding.severity is Severity.ERROR or any(
        _is_red_audit(check) and (check.code, check.subject) == (finding.code, finding.subject)
        for check in checks
    )


def _is_red_audit(check: Check) -> bool:
    return check.claim is Claim.AUDIT and check.verdict in _RED


def _from_finding(finding: Finding, explains: Iterable[str]) -> Cause:
    return Cause(
        id="",
        code=finding.code,
        severity=finding.severity,
        subject=finding.subject,
        summary=finding.summary,
        remedy=finding.remedy,
        reference=finding.reference,
        explains=tuple(sorted(explains)),
    )


def _live_causes(uncovered: list[Check], cells: tuple[Check, ...], ground: Ground) -> list[Cause]:
    by_code = defaultdict(list)
    for check in uncovered:
        if check.code and check.verdict in (*_RED, Verdict.ERROR):
            by_code[check.code].append(check)
    return [
        _from_group(group, cells, ground)
        for code, red in by_code.items()
        for group in group_by_break(code, red, cells, LIVE[code].axes, ground)
    ]


def _from_group(group: Group, cells: tuple[Check, ...], ground: Ground) -> Cause:
    facts = facts_of(ground, group.checks, cells)
    failed = any(check.verdict is Verdict.FAILED for check in group.checks)
    return Cause(
        id="",
        code=group.code,
        severity=Severity.ERROR if failed else Severity.WARNING,
        subject=group.subject,
        summary=summary_of(group.code, facts),
        remedy=remedy_of(group.code, facts),
        reference=PAGES[group.code],
        explains=tuple(sorted(check.id for check in group.checks)),
    )


def _with_followers(causes: list[Cause], cells: tuple[Check, ...]) -> list[Cause]:
    """Add the cells that were skipped because ``private-dns`` failed to what explains that."""
    failed: dict[tuple[object, ...], str] = {
        (check.subnet, check.service, check.code): check.id
        for check in cells
        if check.claim is Claim.PRIVATE_DNS and check.verdict is Verdict.FAILED and check.code
    }
    followers = defaultdict(list)
    for check in cells:
        leader = failed.get((check.subnet, check.service, check.code))
        if check.verdict is Verdict.SKIPPED and leader is not None:
            followers[leader].append(check.id)
    return [
        _explaining(cause, (each for key in cause.explains for each in followers[key]))
        for cause in causes
    ]


def _with_audits(
    causes: list[Cause], checks: tuple[Check, ...], reach: dict[Finding, frozenset[str]]
) -> list[Cause]:
    """Add each red audit check to its finding's cause, or to the one that covers its cells."""
    cells: dict[tuple[Code, str], frozenset[str]] = defaultdict(frozenset)
    for finding, ids in reach.items():
        cells[finding.code, finding.subject] |= ids
    audits = defaultdict(list)
    for check in checks:
        if not _is_red_audit(check) or check.code is None or check.subject is None:
            continue
        key = (check.code, check.subject)
        fits = [_fit(cause, key, cells[key]) for cause in causes]
        if any(any(fit) for fit in fits):
            audits[fits.index(max(fits))].append(check.id)
    return [_explaining(cause, audits[index]) for index, cause in enumerate(causes)]


def _fit(cause: Cause, key: tuple[Code, str], cells: frozenset[str]) -> tuple[bool, int]:
    return ((cause.code, cause.subject) == key, len(cells.intersection(cause.explains)))


def _explaining(cause: Cause, more: Iterable[str]) -> Cause:
    return replace(cause, explains=tuple(sorted({*cause.explains, *more})))


def _numbered(causes: list[Cause]) -> tuple[Cause, ...]:
    ranked = sorted(
        causes, key=lambda each: _rank(each.severity, len(each.explains), each.code, each.subject)
    )
    return tuple(replace(cause, id=f"c{rank}") for rank, cause in enumerate(ranked, start=1))

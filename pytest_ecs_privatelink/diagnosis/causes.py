"""Red checks and findings in, ranked causes out (DESIGN section 5, "Causes")."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.diagnosis.cover import Option, cover
from pytest_ecs_privatelink.diagnosis.followers import at_link, followers, leaders
from pytest_ecs_privatelink.diagnosis.ground import Ground
from pytest_ecs_privatelink.diagnosis.grouping import Group, group_by_break
from pytest_ecs_privatelink.diagnosis.live import LIVE
from pytest_ecs_privatelink.diagnosis.reach import RED, blame, may_explain, standing
from pytest_ecs_privatelink.diagnosis.wording import (
    Reached,
    facts_of,
    reached_groups,
    remedy_of,
    summary_of,
)
from pytest_ecs_privatelink.verdict import (
    Cause,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Severity,
    Verdict,
)

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
    led = leaders(cells)
    alone = [check for check in cells if check.id not in led]
    options = standing(findings, alone)
    red = frozenset(check.id for check in alone if check.verdict in RED)
    picks = cover(red, options, _rank_finding)
    covered = frozenset(key for pick in picks for key in pick.newly)
    audits = [check for check in checks if check.claim is Claim.AUDIT and check.verdict in RED]

    by_id = {check.id: check for check in alone}
    causes = [
        _from_finding(
            pick.item, pick.newly, _severity(pick.item, (by_id[key] for key in pick.newly))
        )
        for pick in picks
    ]
    causes += _live_causes([check for check in alone if check.id not in covered], cells, ground)
    causes += _unheard(options, audits)
    causes = _with_followers(causes, followers(cells, led))
    return _numbered(_with_audits(causes, audits, options))


def explained_by(causes: tuple[Cause, ...]) -> dict[str, Cause]:
    """Return the cause of each explained check, by check id."""
    return {key: cause for cause in causes for key in cause.explains}


def blamed(findings: Iterable[Finding]) -> dict[Cell, Finding]:
    """Return, by cell, the finding that a failure of it is likeliest due to, before any probe.

    Errors come before warnings, then what blocks most cells, then code and subject.
    """
    return blame(_likeliest(findings))


def suspect(check: Check, findings: Iterable[Finding]) -> Finding | None:
    """Return the finding that the red ``check`` is likeliest due to, before any other is known."""
    return next(
        (
            each
            for each in _likeliest(findings)
            if check.cell in each.blocks and may_explain(each, check)
        ),
        None,
    )


def _likeliest(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda each: _rank_finding(each, len(each.blocks)))


def _rank_finding(finding: Finding, newly: int) -> tuple[object, ...]:
    # Who meets one of the things that are blocked has not tried the others: tasks die of the first.
    width = len(finding.blocks)
    severity, newness, *rest = _rank(finding.severity, newly, finding.code, finding.subject)
    return (severity, newness, -width, *rest)


def _rank(severity: Severity, weight: int, code: Code, subject: str) -> tuple[object, ...]:
    return (severity is not Severity.ERROR, -weight, _CODES.index(code), subject)


def _unheard(options: Iterable[Option[Finding]], audits: Iterable[Check]) -> list[Cause]:
    """Return causes from findings without a red cell: errors, and those whose audits are red."""
    heard = {(check.code, check.subject) for check in audits}
    return [
        _from_finding(finding, ())
        for finding in (option.item for option in options if not option.reach)
        if finding.severity is Severity.ERROR or (finding.code, finding.subject) in heard
    ]


def _severity(finding: Finding, explained: Iterable[Check]) -> Severity:
    """Return the finding's severity; an error where what it warns of was met, and failed."""
    met = any(each.code is finding.code and each.verdict is Verdict.FAILED for each in explained)
    return Severity.ERROR if met else finding.severity


def _from_finding(
    finding: Finding, explains: Iterable[str], severity: Severity | None = None
) -> Cause:
    return Cause(
        id="",
        code=finding.code,
        severity=severity or finding.severity,
        subject=finding.subject,
        summary=finding.summary,
        remedy=finding.remedy,
        reference=finding.reference,
        explains=tuple(sorted(explains)),
    )


def _live_causes(uncovered: list[Check], cells: tuple[Check, ...], ground: Ground) -> list[Cause]:
    by_code = defaultdict(list)
    for check in map(at_link, uncovered):
        if check.code and check.verdict in (*RED, Verdict.ERROR):
            by_code[check.code].append(check)
    cells = tuple(map(at_link, cells))
    reached = reached_groups(ground, cells)
    return [
        _from_group(group, reached, ground)
        for code, red in by_code.items()
        for group in group_by_break(code, red, cells, LIVE[code].axes, ground)
    ]


def _from_group(group: Group, reached: Reached, ground: Ground) -> Cause:
    facts = facts_of(ground, group.checks, reached)
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


def _with_followers(causes: list[Cause], behind: Mapping[str, list[str]]) -> list[Cause]:
    """Add the checks that went as others did to what explains those."""
    return [
        _explaining(cause, (each for key in cause.explains for each in behind.get(key, ())))
        for cause in causes
    ]


def _with_audits(
    causes: list[Cause], audits: Iterable[Check], options: Iterable[Option[Finding]]
) -> list[Cause]:
    """Add each red audit check to its finding's cause, or to the one that covers its cells."""
    cells: dict[tuple[object, object], frozenset[str]] = defaultdict(frozenset)
    for option in options:
        cells[option.item.code, option.item.subject] |= option.reach
    owners = {key: index for index, cause in enumerate(causes) for key in cause.explains}
    own: dict[tuple[object, object], list[int]] = defaultdict(list)
    for index, cause in enumerate(causes):
        own[cause.code, cause.subject].append(index)
    joined = defaultdict(list)
    for check in audits:
        head = (check.code, check.subject)
        shares = Counter(owners[key] for key in cells.get(head, ()) if key in owners)
        if fits := own.get(head) or list(shares):
            joined[max(fits, key=lambda index: (shares[index], -index))].append(check.id)
    return [_explaining(cause, joined[index]) for index, cause in enumerate(causes)]


def _explaining(cause: Cause, more: Iterable[str]) -> Cause:
    added = tuple(more)
    return replace(cause, explains=tuple(sorted({*cause.explains, *added}))) if added else cause


def _numbered(causes: list[Cause]) -> tuple[Cause, ...]:
    ranked = sorted(
        causes, key=lambda each: _rank(each.severity, len(each.explains), each.code, each.subject)
    )
    return tuple(replace(cause, id=f"c{rank}") for rank, cause in enumerate(ranked, start=1))

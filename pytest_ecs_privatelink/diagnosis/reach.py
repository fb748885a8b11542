"""What each finding can explain of a run, looked up by cell."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from pytest_ecs_privatelink.diagnosis.cover import Option
from pytest_ecs_privatelink.verdict import (
    PATH_CLAIMS,
    Basis,
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Verdict,
)

Place = tuple[Claim, str | None, str | None]
"""Claim, subnet id and endpoint service: a cell, or where a check that is none stands."""

RED = (Verdict.FAILED, Verdict.WARNED)


def standing(findings: Iterable[Finding], cells: Iterable[Check]) -> list[Option[Finding]]:
    """Return the findings that ``cells`` do not disprove, each once, with the red ids it reaches.

    A finding is disproved where packets went through everything that it says it blocks: a chain
    that goes through a blocked path is not asked, for it may have ended elsewhere, nor is one about
    other callers than the runner. The order does not depend on the order of ``findings``.
    """
    red: dict[Place, list[Check]] = defaultdict(list)
    passed: set[Place] = set()
    for check in cells:
        place = (check.claim, check.subnet, check.service)
        if check.verdict in RED:
            red[place].append(check)
        elif check.verdict is Verdict.PASSED and check.basis is not Basis.DERIVED:
            passed.add(place)
    placed = ((each, _places(each)) for each in _distinct(findings))
    return [
        Option(finding, _ids(finding, red, places))
        for finding, places in placed
        if finding.of_others or not places or not _deciding(places) <= passed
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
    """Return those of a finding's cells that disprove it by passing: the paths', if it has any."""
    cells = tuple(blocks)
    return tuple(cell for cell in cells if cell.claim in PATH_CLAIMS) or cells


def _deciding(places: set[Place]) -> set[Place]:
    return {place for place in places if place[0] in PATH_CLAIMS} or places


def _ids(finding: Finding, red: Mapping[Place, list[Check]], places: set[Place]) -> frozenset[str]:
    return frozenset(
        check.id
        for place in red.keys() & places
        for check in red[place]
        if _may_explain(finding, check)
    )


def _may_explain(finding: Finding, check: Check) -> bool:
    """Return whether what the snapshot says of agents is what an agent was found to be."""
    of_agents = all(cell.claim is Claim.AGENT for cell in finding.blocks)
    return check.claim is not Claim.AGENT or not of_agents or check.code is finding.code


def _places(finding: Finding) -> set[Place]:
    return {(cell.claim, cell.subnet, cell.service) for cell in finding.blocks}


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

"""Failures in words: one paragraph for a check, one line for the run."""

from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.diagnosis.answers import guard_of
from pytest_ecs_privatelink.diagnosis.live import LIVE
from pytest_ecs_privatelink.reporting.causes_text import command_lines
from pytest_ecs_privatelink.reporting.plain import counted, one_line
from pytest_ecs_privatelink.reporting.run import CellCounts, Run, is_judged
from pytest_ecs_privatelink.verdict import (
    PROBED_CLAIMS,
    Basis,
    Cause,
    Check,
    Claim,
    Finding,
    Verdict,
)

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_INDENT = "  "
_MOST = 400
_BECAUSE = f"{_INDENT}because: "
_ADVICE = (f"{_INDENT}look at: ", f"{_INDENT}see: ")


def failure_text(
    check: Check,
    because: Finding | Cause | None = None,
    names: Mapping[str, str] = _NO_NAMES,
) -> str:
    """Return the paragraph for a check that did not pass: what, where, expected, and why.

    ``because`` is what explains it, if anything known does; ``names`` has what people read for a
    subnet id. The first line stands alone: it is what pytest's short summary shows. Only audits
    bring their commands: those of a cell stand in the causes.
    """
    lines = [f"{_title(check)}: {_shortened(check, one_line(_outcome(check)))}"]
    if where := _where(check, names):
        lines.append(f"{_INDENT}where: {where}")
    lines.append(f"{_INDENT}expected: {one_line(check.expected)}")
    if check.verdict is Verdict.ERROR:
        lines.append(f"{_INDENT}observed: {one_line(check.observed)}")
    if because is not None:
        lines += _explanation(check, because)
    elif check.code is not None:
        if check.code in LIVE:
            lines.append(f"{_INDENT}look at: {guard_of(check) or LIVE[check.code].next}")
        lines.append(f"{_INDENT}see: {PAGES[check.code]}")
    return "\n".join(lines)


def _title(check: Check) -> str:
    if check.code is not None:
        return str(check.code)
    return "could not look" if check.verdict is Verdict.ERROR else str(check.verdict)


def _shortened(check: Check, text: str) -> str:
    """Return ``text`` without the end of what ECS said of a task: the reports have it whole."""
    if check.claim is not Claim.TASK_START or len(text) <= _MOST:
        return text
    return f"{text[:_MOST].rstrip()}... (--ecs-json FILE keeps it whole)"


def _outcome(check: Check) -> str:
    return (check.reason or check.observed) if check.verdict is Verdict.ERROR else check.observed


def _where(check: Check, names: Mapping[str, str]) -> str:
    at = check.cell.service if check.cell else ""
    parts = [f"{check.claim} {at}".rstrip()]
    if check.subnet is not None:
        name = names.get(check.subnet, check.subnet)
        slug = f"{name} ({check.subnet})" if name != check.subnet else name
        parts.append(f"in {slug}")
    if check.subject is not None:
        parts.append(f"subject {check.subject}")
    parts += [f"probed by {check.vantage}"] if check.vantage else []
    parts += [f"phase {check.phase}"] if check.phase else []
    return one_line(", ".join(parts))


def _explanation(check: Check, because: Finding | Cause) -> list[str]:
    # What blocks a cell blocks others, too: its commands stand once, in the causes.
    if check.claim is not Claim.AUDIT:
        told = f"{because.code} {because.subject}: {because.summary}"
        return [f"{_BECAUSE}{one_line(told)}"]
    return [*command_lines(because.remedy, _INDENT), f"{_INDENT}see: {because.reference}"]


def reason_in(paragraph: str) -> tuple[str, ...]:
    """Return the lines of a `failure_text` that say why: the same for cells of one break."""
    lines = paragraph.splitlines()
    because = tuple(line for line in lines if line.startswith(_BECAUSE))
    if because:
        return because
    return (lines[0].partition(":")[0], *(line for line in lines if line.startswith(_ADVICE)))


_MOST_REASONS = 3
"""Why nothing was proven stands in one line: each host may have a reason of its own."""


def last_line(run: Run) -> str:
    """Return what the run amounts to: what was proven, how much was probed, who could not look."""
    cells = run.facts.cells
    dry = any(check.basis is Basis.DRY for check in run.checks)
    audits_only = {check.claim for check in run.checks} == {Claim.AUDIT}
    parts = [
        nothing_proven(run),
        "audits only: nothing was to be probed" if audits_only else _probed(cells, dry=dry),
        None if audits_only else _without_vantage(run),
        counted(len(run.causes), "cause") if run.causes else None,
    ]
    return "; ".join(part for part in parts if part)


def _probed(cells: CellCounts, *, dry: bool) -> str:
    if not cells.required:
        return "no required cell was selected"
    return f"{cells.probed} of {counted(cells.required, 'required cell')} probed{' (dry)' * dry}"


def nothing_proven(run: Run) -> str | None:
    """Return ``nothing was proven: <reasons>`` where probed claims ran and none was judged."""
    probed = [check for check in run.checks if check.claim in PROBED_CLAIMS]
    if not probed or any(map(is_judged, probed)):
        return None
    reasons = Counter(one_line(check.reason or str(check.verdict)) for check in probed)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    told = [f"{reason} ({counted(number, 'cell')})" for reason, number in ordered]
    more = len(told) - _MOST_REASONS
    rest = f", and {counted(more, 'other reason')}" if more > 0 else ""
    return f"nothing was proven: {', '.join(told[:_MOST_REASONS])}{rest}"


def _without_vantage(run: Run) -> str | None:
    blind = [f"{each.name} ({each.id})" for each in run.subnets if each.vantage is None]
    if not blind:
        return "every subnet has a vantage" if run.subnets else None
    return f"no vantage in {', '.join(blind)}"

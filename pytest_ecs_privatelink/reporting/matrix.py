"""The terminal matrix: subnets by endpoint services, one glyph a claim in each square."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.reporting.plain import counted, one_line
from pytest_ecs_privatelink.reporting.run import Run
from pytest_ecs_privatelink.verdict import (
    CALLING_CLAIMS,
    PATH_CLAIMS,
    PROBED_CLAIMS,
    Basis,
    Check,
    Claim,
    LaunchType,
    Verdict,
)

_GAP = "  "
_TASKS = tuple(f"task {each}" for each in LaunchType)
_REASONS = 5
_ORDER = (Verdict.PASSED, Verdict.FAILED, Verdict.WARNED, Verdict.SKIPPED, Verdict.ERROR)
_UNICODE = dict(zip(_ORDER, "✔✘!·?", strict=True))
_ASCII = dict(zip(_ORDER, ".FwsE", strict=True))
# SGR parameters of ECMA-48: green, bold red, yellow, dim, red.
_COLOURS = dict(zip(_ORDER, ("32", "1;31", "33", "2", "31"), strict=True))


@dataclass(frozen=True, slots=True)
class _Style:
    glyphs: dict[Verdict, str]
    color: bool

    def glyph(self, verdict: Verdict) -> str:
        glyph = self.glyphs[verdict]
        return f"\x1b[{_COLOURS[verdict]}m{glyph}\x1b[0m" if self.color else glyph


@dataclass(frozen=True, slots=True)
class _Grid:
    """Squares by (row, column); a square has the verdict for each place, None where not selected.

    ``places`` are claims that share one: no endpoint service has two of a task's start. One-off
    tasks have columns of their own, and one mark in each.
    """

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    places: tuple[tuple[Claim, ...], ...]
    squares: dict[tuple[str, str], tuple[Verdict | None, ...]]

    def turned(self) -> "_Grid":
        squares = {(column, row): square for (row, column), square in self.squares.items()}
        return _Grid(self.columns, self.rows, self.places, squares)

    def column_width(self, column: str) -> int:
        return max(len(column), len(self.places))


def render_matrix(run: Run, *, width: int, color: bool, unicode: bool, verbosity: int) -> list[str]:
    """Return the matrix of the run's probed cells as lines; none where no cell was selected.

    ``verbosity`` below 0 is one summary line, above 0 adds a line for each check that was made.
    Rows are subnets where that fits ``width`` columns, else endpoint services, else what takes
    fewer lines in blocks. Without ``color`` no escape sequence is written, without ``unicode``
    only ASCII.
    """
    checks = [check for check in run.checks if check.claim in PROBED_CLAIMS]
    if not checks:
        return []
    if verbosity < 0:
        return [_summary(checks)]
    style = _Style(_UNICODE if unicode else _ASCII, color)
    grid = _grid(run, checks)
    return [
        *_legend(grid, width, style),
        *_layout(grid, width, style),
        *_reasons(checks, style, verbosity),
        *(_details(checks, style) if verbosity > 0 else ()),
    ]


def _grid(run: Run, checks: Sequence[Check]) -> _Grid:
    names = {each.id: one_line(each.name) for each in run.subnets}
    places = _places({check.claim for check in checks})
    verdicts = {
        (
            names.get(check.subnet or "", check.subnet or ""),
            _column(check),
            next((place for place in places if check.claim in place), places[0]),
        ): check.verdict
        for check in checks
    }
    found = {(row, column) for row, column, _ in verdicts}
    return _Grid(
        _ordered((row for row, _ in found), tuple(names.values())),
        _ordered(
            (column for _, column in found), (*(each.service for each in run.services), *_TASKS)
        ),
        places,
        {
            (row, column): tuple(verdicts.get((row, column, place)) for place in places)
            for row, column in found
        },
    )


def _column(check: Check) -> str:
    """Return what the check is drawn under: its endpoint service, or the kind of its task."""
    return check.service or " ".join(("task", *check.launch_types))


def _places(found: set[Claim]) -> tuple[tuple[Claim, ...], ...]:
    alone = tuple((claim,) for claim in PATH_CLAIMS if claim in found)
    shared = tuple(claim for claim in CALLING_CLAIMS if claim in found)
    return (*alone, shared) if shared else alone or ((Claim.TASK_START,),)


def _ordered(found: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Return ``found`` without doubles: the known ones in their order, then the others sorted."""
    rest = set(found)
    return (*(each for each in known if each in rest), *sorted(rest - set(known)))


def _layout(grid: _Grid, width: int, style: _Style) -> list[str]:
    for candidate in (grid, grid.turned()):
        if len(_blocks(candidate, width)) == 1:
            return _drawn(candidate, width, style)
    return min((_drawn(each, width, style) for each in (grid, grid.turned())), key=len)


def _blocks(grid: _Grid, width: int) -> list[tuple[str, ...]]:
    """Split the columns so that each block fits ``width``; a block has one column at least."""
    blocks: list[tuple[str, ...]] = []
    block: tuple[str, ...] = ()
    used = head = max(map(len, grid.rows))
    for column in grid.columns:
        needed = len(_GAP) + grid.column_width(column)
        if block and used + needed > width:
            blocks.append(block)
            block, used = (), head
        block, used = (*block, column), used + needed
    return [*blocks, block]


def _drawn(grid: _Grid, width: int, style: _Style) -> list[str]:
    lines: list[str] = []
    for block in _blocks(grid, width):
        lines += [""] if lines else []
        lines += _draw(grid, block, style)
    return lines


def _draw(grid: _Grid, columns: tuple[str, ...], style: _Style) -> list[str]:
    head = max(map(len, grid.rows))
    titles = (f"{column:<{grid.column_width(column)}}" for column in columns)
    lines = [_GAP.join((" " * head, *titles))]
    for row in grid.rows:
        squares = (_square(grid, row, column, style) for column in columns)
        lines.append(_GAP.join((f"{row:<{head}}", *squares)))
    return [line.rstrip() for line in lines]


def _square(grid: _Grid, row: str, column: str, style: _Style) -> str:
    verdicts = grid.squares.get((row, column), (None,) * len(grid.places))
    glyphs = "".join(" " if each is None else style.glyph(each) for each in verdicts)
    return glyphs + " " * (grid.column_width(column) - len(verdicts))


def _legend(grid: _Grid, width: int, style: _Style) -> list[str]:
    present = {verdict for square in grid.squares.values() for verdict in square}
    claims = f"each square: {', '.join('/'.join(place) for place in grid.places)}"
    if {*_TASKS}.intersection((*grid.rows, *grid.columns)):
        claims += "" if grid.places == ((Claim.TASK_START,),) else "; of a task: task-start"
    meaning = _GAP.join(f"{style.glyph(each)} {each}" for each in _ORDER if each in present)
    plain = _GAP.join(f"{style.glyphs[each]} {each}" for each in _ORDER if each in present)
    fits = len(claims) + len(plain) + 3 <= width
    return [f"{claims} | {meaning}"] if fits else [claims, meaning]


def _summary(checks: Sequence[Check]) -> str:
    verdicts = Counter(check.verdict for check in checks)
    told = ", ".join(f"{verdicts[each]} {each}" for each in _ORDER if verdicts[each])
    subnets = counted(len({check.subnet for check in checks}), "subnet")
    tasks = sum(check.claim is Claim.TASK_START for check in checks)
    services = len({check.service for check in checks} - {None})
    told += f" in {subnets}"
    told += f" x {counted(services, 'endpoint service')}" if services else ""
    return told + (f" and {counted(tasks, 'task')}" if tasks else "")


def _reasons(checks: Sequence[Check], style: _Style, verbosity: int) -> list[str]:
    """Return why cells were not judged, commonest reason first."""
    unjudged = (Verdict.SKIPPED, Verdict.ERROR)
    reasons = Counter(
        (check.verdict, one_line(check.reason or "no reason given"))
        for check in checks
        if check.verdict in unjudged
    )
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = ordered if verbosity > 0 else ordered[:_REASONS]
    lines = [
        f"{style.glyph(verdict)} {number} {verdict}: {reason}"
        for (verdict, reason), number in shown
    ]
    left = len(ordered) - len(shown)
    return [*lines, f"{left} more such reasons: -v shows them"] if left else lines


def _details(checks: Sequence[Check], style: _Style) -> list[str]:
    """Return a line for each check that somebody looked at: of others `_reasons` say it all."""
    return [
        f"{style.glyph(check.verdict)} {check.id} {check.duration_ms:.1f} ms: "
        f"{one_line(check.observed)}"
        for check in checks
        if check.basis is not Basis.DERIVED
    ]

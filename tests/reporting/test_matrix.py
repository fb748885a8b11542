"""The matrix as a tired engineer reads it."""

import re
from dataclasses import replace

import example_runs as runs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.reporting.matrix import render_matrix
from pytest_ecs_privatelink.reporting.run import Run
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Claim, Code, LaunchType, Verdict


def matrix(
    run: Run, width: int = 80, *, color: bool = False, unicode: bool = True, verbosity: int = 0
) -> str:
    """Return the matrix as text."""
    lines = render_matrix(run, width=width, color=color, unicode=unicode, verbosity=verbosity)
    return "\n".join(lines)


def test_green() -> None:
    """A green run is one line of legend and one line a subnet."""
    assert matrix(runs.GREEN) == (
        "each square: private-dns, tcp-443 | ✔ passed\n"
        "           ecr.api  ecr.dkr  s3  logs\n"
        "private-1  ✔✔       ✔✔       ✔✔  ✔✔\n"
        "private-2  ✔✔       ✔✔       ✔✔  ✔✔\n"
        "private-3  ✔✔       ✔✔       ✔✔  ✔✔"
    )


def test_a_dead_endpoint_is_a_red_column_in_plain_ascii() -> None:
    """Without Unicode every glyph is ASCII and failures still stand out."""
    assert matrix(runs.DEAD_ENDPOINT, unicode=False) == (
        "each square: private-dns, tcp-443 | . passed  F failed\n"
        "           ecr.api  ecr.dkr  s3  logs\n"
        "private-1  ..       ..       ..  .F\n"
        "private-2  ..       ..       ..  .F\n"
        "private-3  ..       ..       ..  .F"
    )


def with_tasks(
    run: Run, verdict: Verdict, kinds: tuple[LaunchType, ...] = tuple(LaunchType)
) -> Run:
    """Return ``run`` with a one-off task of each kind in every subnet."""
    tasks = tuple(
        Check(
            id=f"task-start[{each.name}-{kind}]",
            claim=Claim.TASK_START,
            subnet=each.id,
            launch_types=(kind,),
            verdict=verdict,
            basis=Basis.PROBED,
            expected="it starts",
            observed="seen",
        )
        for each in run.subnets
        for kind in kinds
    )
    return replace(run, checks=(*run.checks, *tasks))


def test_tasks_stand_under_the_services_with_one_mark() -> None:
    """Whatever the width turns, a task is one square of one mark, Fargate's first."""
    text = matrix(with_tasks(runs.GREEN, Verdict.FAILED), width=50)
    assert text.splitlines()[1:] == [
        "✔ passed  ✘ failed",
        "              private-1  private-2  private-3",
        "ecr.api       ✔✔         ✔✔         ✔✔",
        "ecr.dkr       ✔✔         ✔✔         ✔✔",
        "s3            ✔✔         ✔✔         ✔✔",
        "logs          ✔✔         ✔✔         ✔✔",
        "task fargate  ✘          ✘          ✘",
        "task ec2      ✘          ✘          ✘",
    ]
    assert text.startswith("each square: private-dns, tcp-443; of a task: task-start\n")


def test_tasks_alone_are_a_matrix() -> None:
    """``--ecs-claims task-start`` has no endpoint service to show."""
    alone = replace(runs.GREEN, checks=())
    run = with_tasks(alone, Verdict.PASSED, (LaunchType.FARGATE,))
    assert matrix(run).splitlines() == [
        "each square: task-start | ✔ passed",
        "           task fargate",
        "private-1  ✔",
        "private-2  ✔",
        "private-3  ✔",
    ]
    assert matrix(run, verbosity=-1) == "3 passed in 3 subnets and 3 tasks"


def test_a_dead_subnet_is_a_red_row() -> None:
    """One subnet's trouble is one row."""
    assert "private-2  ✔✘       ✔✘       ✔✘  ✔✘" in matrix(runs.DEAD_SUBNET)


def test_skipped_cells_say_why() -> None:
    """Each reason for not judging is told once, with its number of cells."""
    text = matrix(runs.UNNAMED_ENDPOINT)
    assert "private-1  ✔✔       ✔✔       ✔✔  ✘·" in text
    assert text.endswith("\n· 3 skipped: private-dns failed: dns-nxdomain")


def test_many_reasons_are_cut_to_the_commonest() -> None:
    """Five reasons are shown, the rest only with -v."""
    checks = tuple(
        replace(check, verdict=Verdict.ERROR, reason=f"reason {number % 7}")
        for number, check in enumerate(runs.GREEN.checks)
    )
    run = replace(runs.GREEN, checks=checks)
    assert "? 4 error: reason 0\n" in matrix(run)
    assert matrix(run).endswith("2 more such reasons: -v shows them")
    assert "? 3 error: reason 6\n" in matrix(run, verbosity=1)


def test_quiet_is_one_line() -> None:
    """With -q only the numbers are told."""
    assert matrix(runs.GREEN, verbosity=-1) == "24 passed in 3 subnets x 4 endpoint services"
    assert matrix(runs.UNNAMED_ENDPOINT, verbosity=-1) == (
        "18 passed, 3 failed, 3 skipped in 3 subnets x 4 endpoint services"
    )


def test_verbose_tells_each_check() -> None:
    """With -v each check has its line with time and observation."""
    lines = matrix(runs.GREEN, verbosity=1).splitlines()
    assert "✔ tcp-443[private-1-logs] 3.1 ms: 10.0.1.10:443 open" in lines
    assert len(lines) == 5 + 24


def test_verbose_has_no_line_for_what_nobody_looked_at() -> None:
    """Where a run ended first, or nobody stood, square and reason say all that there is to say."""
    checks = tuple(
        replace(check, verdict=Verdict.ERROR, basis=Basis.DERIVED, reason="the run ended")
        for check in runs.GREEN.checks
    )
    text = matrix(replace(runs.GREEN, checks=checks), verbosity=1)
    assert text.endswith("private-3  ??       ??       ??  ??\n? 24 error: the run ended")


def test_colour_changes_nothing_but_escapes() -> None:
    """Colour is on each glyph alone, so columns stay aligned."""
    coloured = matrix(runs.DEAD_ENDPOINT, color=True)
    assert "\x1b[1;31m✘\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == matrix(runs.DEAD_ENDPOINT)


def test_no_probed_cell_is_no_matrix() -> None:
    """An audit-only run has nothing to draw."""
    assert (
        render_matrix(
            replace(runs.GREEN, checks=()), width=80, color=False, unicode=True, verbosity=0
        )
        == []
    )


def test_too_wide_is_turned() -> None:
    """Where endpoint services do not fit side by side but subnets do, services become rows."""
    lines = matrix(runs.run_with(names=runs.TWELVE)).splitlines()
    assert lines[1].split() == ["private-1", "private-2", "private-3"]
    assert [line.split()[0] for line in lines[2:]] == list(runs.TWELVE)


@pytest.mark.parametrize(("width", "blocks"), [(80, 2), (120, 1)])
def test_too_large_either_way_is_broken_into_blocks(width: int, blocks: int) -> None:
    """20 subnets by 12 endpoint services fit 120 columns, and 80 in two blocks."""
    text = matrix(runs.LARGE, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.count("\nprivate-7 ") == blocks
    legend, dead_row, dead_column, crossing, partly_dead = 1, 12, 20, 1, 3
    assert text.count("✘") == legend + dead_row + dead_column - crossing + partly_dead


@given(
    width=st.integers(1, 200),
    red=st.sets(st.sampled_from([*runs.column("logs", claim=runs.DNS), *runs.row(2)])),
)
def test_no_verdict_is_lost_at_any_width(width: int, red: set[Cell]) -> None:
    """However it is laid out, each check is one glyph, and blocks fit where one column can."""
    run = runs.run_with(red=red, code=Code.DNS_TIMEOUT)
    text = matrix(run, width)
    squares = [line for line in text.splitlines() if "|" not in line and ": " not in line]
    drawn = "".join(squares)
    for glyph, verdict in (("✔", Verdict.PASSED), ("✘", Verdict.FAILED), ("·", Verdict.SKIPPED)):
        legend = sum(f"{glyph} {verdict}" in line for line in squares)
        assert drawn.count(glyph) - legend == sum(check.verdict is verdict for check in run.checks)


def test_control_characters_of_the_wire_do_not_reach_the_terminal() -> None:
    """What a peer sends is shown on one line, without its escape sequences."""
    check = replace(runs.GREEN.checks[0], observed="evil\x1b[2J\nname")
    text = matrix(replace(runs.GREEN, checks=(check,)), verbosity=1)
    assert text.endswith("evil?[2J name")

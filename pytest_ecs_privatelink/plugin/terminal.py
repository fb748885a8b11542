"""The end of the terminal's report: matrix, causes, and the last line that counts the proof."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.reporting.causes_text import Screen, render_causes
from pytest_ecs_privatelink.reporting.failure import last_line
from pytest_ecs_privatelink.reporting.matrix import render_matrix
from pytest_ecs_privatelink.reporting.run import Run

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter
    from pytest import TerminalReporter  # noqa: PT013 - not there at run time before pytest 8.3

_ROWS = 24


def print_closing(reporter: TerminalReporter, run: Run, unproven: tuple[str, ...]) -> None:
    """Print ``run`` as the reporter's width, colour and verbosity allow.

    ``unproven`` are the header's lines on claims left out, told here where there is no header.
    """
    verbosity = reporter.config.get_verbosity()
    writer = reporter.config.get_terminal_writer()
    matrix = render_matrix(
        run,
        width=writer.fullwidth,
        color=writer.hasmarkup,
        unicode=_speaks_unicode(writer),
        verbosity=verbosity,
    )
    causes = render_causes(run.causes, verbosity=verbosity, screen=_screen())
    if verbosity >= 0:
        reporter.section("ecs-privatelink")
    for line in (*matrix, *causes, *(unproven if verbosity < 0 else ()), last_line(run)):
        reporter.write_line(line)


def _screen() -> Screen:
    width, rows = shutil.get_terminal_size(fallback=(0, 0))
    # Below the causes stand our last line and pytest's.
    return Screen(max(rows, _ROWS) - 2, width or None) if rows else Screen()


def _speaks_unicode(writer: TerminalWriter) -> bool:
    # pytest has no public door to the stream that it writes to.
    encoding = getattr(writer._file, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "") == "utf8"

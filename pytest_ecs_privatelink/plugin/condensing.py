"""Forty red cells of one break are told once: whole the first time, then by a line each.

On the terminal only: JUnit and everybody else got each report as it was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pytest_ecs_privatelink.reporting.failure import reason_in
from pytest_ecs_privatelink.reporting.properties import from_properties
from pytest_ecs_privatelink.verdict import PROBED_CLAIMS

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter


@dataclass(frozen=True, slots=True)
class _Line:
    """A report's text cut to one line; ``reprcrash`` is what pytest's short summary quotes."""

    text: str
    reprcrash: object

    def toterminal(self, writer: TerminalWriter) -> None:
        """Write it."""
        writer.line(self.text)

    def __str__(self) -> str:
        return self.text


def shorten(reports: Iterable[object]) -> None:
    """Leave to pytest's short summary the first line of each failure that is a check's.

    On a CI pytest would quote all of it there, a second time for each of forty cells.
    """
    for report in reports:
        if isinstance(report, pytest.TestReport) and _tells_checks(report):
            crash = getattr(report.longrepr, "reprcrash", None)
            if crash is not None:
                crash.message = crash.message.partition("\n")[0]


def condense(reports: Iterable[object]) -> None:
    """Cut each report of a failed cell to a line where an earlier one has the same reason."""
    told: set[tuple[str, ...]] = set()
    for report in reports:
        if not isinstance(report, pytest.TestReport) or not _tells_a_cell(report):
            continue
        reason = reason_in(report.longreprtext)
        if reason in told:
            crash = getattr(report.longrepr, "reprcrash", None)
            line = report.longreprtext.partition("\n")[0]
            report.longrepr = _Line(line, crash)  # type: ignore[assignment] # what pytest asks of it
        told.add(reason)


def _tells_checks(report: pytest.TestReport) -> bool:
    """Return whether the report's text is ours: it begins with the code of one of its checks."""
    codes = {check.code for check in from_properties(report.user_properties)}
    return report.longreprtext.partition(": ")[0] in codes


def _tells_a_cell(report: pytest.TestReport) -> bool:
    """Return whether the report's text is a cell's paragraph, and nothing that a user wrote."""
    checks = from_properties(report.user_properties)
    return (
        len(checks) == 1
        and checks[0].claim in PROBED_CLAIMS
        and checks[0].code is not None
        and report.longreprtext.startswith(f"{checks[0].code}: ")
    )

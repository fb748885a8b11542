"""How a test's outcome is told: one paragraph, no traceback, ``warned`` as a word of its own."""

from collections.abc import Iterator

import pytest

from pytest_ecs_privatelink.plugin.fixtures import TOLD
from pytest_ecs_privatelink.reporting.properties import from_properties
from pytest_ecs_privatelink.verdict import Verdict


class Telling:
    """Hooks around a test's report."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Iterator[None]:
        """Put the check's own paragraph in the place of a bare assertion's traceback."""
        told = item.stash.get(TOLD, None)
        if (
            told is not None
            and call.excinfo is not None
            and call.excinfo.errisinstance(AssertionError)
        ):
            failed = pytest.fail.Exception(told, pytrace=False)
            failed.__traceback__ = call.excinfo.tb
            call.excinfo = pytest.ExceptionInfo.from_exception(failed)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
        """Tell a check that holds with a warning from one that holds."""
        if report.when != "call" or not report.passed:
            return None
        checks = from_properties(report.user_properties)
        if any(check.verdict is Verdict.WARNED for check in checks):
            return "warned", "w", ("WARNED", {"yellow": True})
        return None

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
        """Put the check's own paragraph in the place of a bare assertion's traceback.

        A test that got a failed check and asserted nothing must not be green, either.
        """
        told = item.stash.get(TOLD, None)
        if told is not None and call.when == "call" and _asserted_or_passed(call):
            call.excinfo = _failure(told)
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


def _asserted_or_passed(call: pytest.CallInfo[None]) -> bool:
    return call.excinfo is None or call.excinfo.errisinstance(AssertionError)


def _failure(told: str) -> pytest.ExceptionInfo[BaseException]:
    try:
        pytest.fail(told, pytrace=False)
    except pytest.fail.Exception as failed:
        return pytest.ExceptionInfo.from_exception(failed)

"""The controller's part: open the run, share it with workers, gather the checks, tell and write."""

import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from types import FrameType
from typing import TYPE_CHECKING

import pytest

from pytest_ecs_privatelink.claims.terms import WORST_FIRST
from pytest_ecs_privatelink.errors import EcsPrivatelinkError, SettingsError
from pytest_ecs_privatelink.plugin.closing import Closing, close, proved_nothing
from pytest_ecs_privatelink.plugin.condensing import condense, shorten
from pytest_ecs_privatelink.plugin.header import header_lines, unproven_lines
from pytest_ecs_privatelink.plugin.progress import progress_of
from pytest_ecs_privatelink.plugin.run import Run, open_run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import PART, WORKERINPUT, pack
from pytest_ecs_privatelink.plugin.terminal import print_closing
from pytest_ecs_privatelink.reporting.json_report import render, write
from pytest_ecs_privatelink.reporting.properties import from_properties
from pytest_ecs_privatelink.verdict import Check

if TYPE_CHECKING:
    from pytest import TerminalReporter  # noqa: PT013 - not there at run time before pytest 8.3


_LOOKING = ("collectonly", "setupplan", "showfixtures", "show_fixtures_per_test", "cacheshow")
"""pytest's options (by destination) under which no test runs: then nothing is sent or reported."""


class Controller:
    """Hooks of the process that owns the run; all of a run's state lives here."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._only_looks = any(config.getoption(name, default=False) for name in _LOOKING)
        self._begun = False
        self._run: Run | None = None
        self._error: str | None = None
        self._exit_code = int(pytest.ExitCode.USAGE_ERROR)
        self._interrupted = False
        self._started = datetime.now(UTC)
        self._workers = 1
        self._checks: dict[str, Check] = {}
        self._nodeids: dict[str, str] = {}
        self._sigterm: object = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Open the run before workers start and before anything is collected."""
        self._begun = True
        self._sigterm = _count_sigterm_as_ctrl_c()
        try:
            self._run = open_run(self._settings, probing=not self._only_looks)
        except EcsPrivatelinkError as error:
            self._error = str(error)
            raise pytest.UsageError(self._error) from None
        except BaseException as error:
            self._error = f"{type(error).__name__}: {error}".rstrip(": ")
            raise
        session.config.stash[PART] = self._run.part
        progress = progress_of(session.config)
        if self._run.tasks is not None and progress is not None:
            session.config.pluginmanager.register(progress, "ecs-privatelink-progress")
            self._run.tasks.listen(progress.tell)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: object) -> None:
        """Hand the run to an xdist worker."""
        assert self._run is not None
        exchange = self._run.exchange
        socket_path = str(exchange.socket_path) if exchange else None
        node.workerinput[WORKERINPUT] = pack(self._run.part, socket_path)  # type: ignore[attr-defined]  # xdist's WorkerController
        self._workers = node.workerinput["workercount"]  # type: ignore[attr-defined]  # likewise

    def pytest_report_header(self) -> list[str]:
        """Say what is proven, and where each value came from."""
        return header_lines(self._run) if self._run is not None else []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather the checks that tests noted, from this process or a worker."""
        if report.when == "call" or (report.when == "setup" and not report.passed):
            for check in from_properties(report.user_properties):
                self._gather(check, report.nodeid)

    def pytest_keyboard_interrupt(self) -> None:
        """Note that the run was interrupted; stop probing, for which its workers wait."""
        self._interrupted = True
        self._exit_code = int(pytest.ExitCode.INTERRUPTED)
        if self._run is not None and self._run.exchange is not None:
            self._run.exchange.close()

    def pytest_internalerror(self) -> None:
        """Note how pytest will end."""
        self._exit_code = int(pytest.ExitCode.INTERNAL_ERROR)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Turn a run that proved nothing red."""
        if exitstatus in (0, 5) and proved_nothing(self._closing()):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        self._exit_code = int(session.exitstatus)
        # -x and --maxfail stop a run as Ctrl-C does: cells are left that nobody judged.
        self._interrupted |= bool(session.shouldstop or session.shouldfail)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: "TerminalReporter") -> Iterator[None]:
        """Condense failures; print matrix, causes and the last line after everything else."""
        failed = terminalreporter.stats.get("failed", ())
        shorten(failed)
        if terminalreporter.config.get_verbosity() < 1:
            condense(failed)
        yield
        if self._run is not None and not self._only_looks:
            unproven = unproven_lines(self._run.part.plan)
            print_closing(terminalreporter, close(self._closing()), unproven)

    def pytest_unconfigure(self) -> None:
        """Remove traces, write the report, let go of the run, and give SIGTERM back."""
        try:
            if self._run is not None and (left := self._run.remove_traces()) is not None:
                print(left, file=sys.stderr)
            if self._settings.json is not None and self._begun and not self._only_looks:
                write(self._settings.json, render(close(self._closing())))
        except SettingsError as error:
            # The folder was there when the run began; the run itself stands.
            print(f"ERROR: {error}", file=sys.stderr)
        finally:
            if self._run is not None:
                self._run.close()
            if self._sigterm is not None:
                signal.signal(signal.SIGTERM, self._sigterm)  # type: ignore[arg-type]  # what signal() gave

    def _gather(self, check: Check, nodeid: str) -> None:
        """Keep ``check``: where two tests judged one cell, by seams of their own, the gravest."""
        known = self._checks.get(check.id)
        if known is None or _rank(check, nodeid) < _rank(known, self._nodeids[check.id]):
            self._checks[check.id] = check
            self._nodeids[check.id] = nodeid

    def _closing(self) -> Closing:
        return Closing(
            settings=self._settings,
            run=self._run,
            checks=self._checks,
            nodeids=self._nodeids,
            started=self._started,
            workers=self._workers,
            error=self._error,
            interrupted=self._interrupted,
            exit_code=self._exit_code,
        )


def _rank(check: Check, nodeid: str) -> tuple[int, str]:
    return WORST_FIRST.index(check.verdict), nodeid


def _count_sigterm_as_ctrl_c() -> object:
    """Return the handler to give back, None where somebody else has taken SIGTERM already."""

    def interrupt(_signum: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        return None
    try:
        return signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # pytest does not run in the main thread
        return None

"""Whatever ends a run, the report tells the truth and nothing of the run is left."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from lab_runs import AUDITS, CELLS, TESTS, WITHOUT_TASKS, Finished, Runs, command, environment
from report_schema import SCHEMA, violations

from pytest_ecs_privatelink.verdict import Claim

AGENTS = 3
"""Cells of agents, which are asked before anything is audited: here audits have to come first."""
CLAIMS = ",".join(each for each in WITHOUT_TASKS if each is not Claim.AGENT)
SILENT = ("--ecs-lab", "--ecs-timeout=100", "-v", f"--ecs-claims={CLAIMS}")
NO_NAMES = "--ecs-fault=dns-timeout"
NO_REPLY = "--ecs-fault=logs-unreachable"
"""Connections come about there, and TLS: the call is on its way when the run is ended."""
PATIENCE = 60.0
"""Seconds that a busy machine may take; nothing here waits longer than it must."""


@dataclass(frozen=True, slots=True)
class Running:
    """A run whose every cell waits for an answer that never comes."""

    process: subprocess.Popen[str]
    mark: str
    folder: Path
    temporary: Path

    @property
    def pids(self) -> set[int]:
        """The processes of this run: they and their children carry its mark."""
        return {int(each.parent.name) for each in _environs() if self.mark in _read(each)}

    @property
    def inhabitants(self) -> dict[int, str]:
        """The network namespace of each process that is in one of this run's, marked or not."""
        networks = {int(each.parent.name): _network(int(each.parent.name)) for each in _environs()}
        own = {networks.get(pid, "") for pid in self.pids} - {"", _network(os.getpid())}
        return {pid: network for pid, network in networks.items() if network in own}

    @property
    def folders(self) -> set[Path]:
        """What stands in the run's own TMPDIR, less what pytest keeps of its workers."""
        return {each for each in self.temporary.iterdir() if "pytest-of" not in each.name}

    def end(self) -> Finished:
        """Wait for the run to end."""
        out, err = self.process.communicate(timeout=PATIENCE)
        return Finished(code=self.process.returncode, out=out, err=err, folder=self.folder)


def _environs() -> Iterator[Path]:
    return Path("/proc").glob("[0-9]*/environ")


def _read(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(errors="replace")
    return ""


def _network(pid: int) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(f"/proc/{pid}/ns/net")
    return ""


def _who_stayed(inhabitants: Mapping[int, str]) -> list[int]:
    # Nobody else is asked: the kernel gives the number of a namespace that is gone to the next.
    return [pid for pid, network in inhabitants.items() if _network(pid) == network]


def _comes_true(fact: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not (true := fact()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return true


@contextlib.contextmanager
def stuck(folder: Path, *arguments: str) -> Iterator[Running]:
    """Start a run; yield once its audits have passed and only silent cells are left."""
    mark = f"ECS_ACCEPTANCE={uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory(prefix="ecs-", dir="/tmp") as temporary:
        name, _, value = mark.partition("=")
        process = subprocess.Popen(
            command(*SILENT, *arguments),
            cwd=folder,
            env=environment(**{name: value, "TMPDIR": temporary, "PYTHONUNBUFFERED": "1"}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            running = Running(process, mark, folder, Path(temporary))
            _await_audits(process)
            yield running
        finally:
            process.kill()
            process.communicate()
            for pid in running.pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


def _await_audits(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    passed = 0
    for line in process.stdout:
        passed += "test_audit[" in line and "PASSED" in line
        if passed == AUDITS:
            return
    pytest.fail(f"the run ended with {process.wait()} before it began")


@pytest.mark.parametrize(
    ("send", "mode", "fault"),
    [
        pytest.param(lambda pid: os.killpg(pid, signal.SIGINT), "-n2", NO_NAMES, id="ctrl-c"),
        pytest.param(lambda pid: os.kill(pid, signal.SIGTERM), "-n0", NO_NAMES, id="sigterm"),
        pytest.param(
            lambda pid: os.killpg(pid, signal.SIGINT), "-n0", NO_REPLY, id="ctrl-c-in-a-call"
        ),
        pytest.param(
            lambda pid: os.kill(pid, signal.SIGTERM), "-n0", NO_REPLY, id="sigterm-in-a-call"
        ),
    ],
)
def test_an_interrupted_run_reports_and_leaves_nothing(
    tmp_path: Path, send: Callable[[int], None], mode: str, fault: str
) -> None:
    """Ctrl-C and SIGTERM end the run with a report in which no unjudged cell is green."""
    with stuck(tmp_path, mode, fault) as running:
        inhabitants = running.inhabitants
        assert len(set(inhabitants.values())) >= 4, "a router and three subnets"
        assert running.folders != set()
        send(running.process.pid)
        ended = running.end()
        assert (ended.code, ended.err) == (2, "")
        assert running.pids == set()
        assert _who_stayed(inhabitants) == []
        assert running.folders == set()
    assert violations(ended.report, SCHEMA) == []
    assert (ended.report["run"]["status"], ended.report["run"]["exit_code"]) == ("interrupted", 2)
    assert ended.report["run"]["cells"] == {"required": 66, "probed": 0}
    told = [
        (each["claim"] == "audit", each["verdict"], each["reason"])
        for each in ended.report["checks"]
    ]
    assert told.count((True, "passed", None)) == AUDITS
    assert (
        told.count((False, "error", "the run ended before this cell was judged")) == CELLS - AGENTS
    )
    assert len(told) == TESTS - AGENTS
    assert (
        f"nothing was proven: the run ended before this cell was judged ({CELLS - AGENTS} cells); "
        "0 of 66 required cells probed; every subnet has a vantage"
    ) in ended.lines


def test_a_killed_run_leaves_nothing(tmp_path: Path) -> None:
    """SIGKILL leaves no time to report, and still no process, namespace or folder."""
    with stuck(tmp_path, "-n2", NO_NAMES) as running:
        inhabitants = running.inhabitants
        assert len(set(inhabitants.values())) >= 4, "a router and three subnets"
        running.process.kill()
        assert running.end().code == -signal.SIGKILL
        assert _comes_true(lambda: running.pids == set()), running.pids
        assert _who_stayed(inhabitants) == []
        assert _comes_true(lambda: running.folders == set()), running.folders
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_cannot_start_says_so(runs: Runs) -> None:
    """A set-up that fails is one line on standard error, and the same in the report."""
    run = runs("--ecs-lab", "--ecs-fault=no-such")
    assert run.code == 4
    assert run.out == ""
    told, end = run.err.split("\n", 1)
    assert end.strip() == ""
    assert told.startswith("ERROR: --ecs-fault 'no-such': there is none; choose from ")
    assert violations(run.report, SCHEMA) == []
    facts = run.report["run"]
    assert (facts["status"], facts["exit_code"]) == ("not-started", 4)
    assert facts["error"] == told.removeprefix("ERROR: ")
    assert (run.report["checks"], facts["api_calls"]) == ([], {})

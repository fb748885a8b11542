"""However pytest distributes a run, it proves the same, with the same calls to AWS."""

import re

import pytest
from lab_runs import TASKS, TESTS, Finished, Runs
from report_schema import SCHEMA, violations

BROKEN = (
    "--ecs-lab",
    "--ecs-fault=endpoint-missing",
    "--ecs-fault=s3-gateway-no-route",
    "--color=no",
)
NOT_PASSED = {
    "audit[endpoint-missing-*]": ("failed", "endpoint-missing", "derived"),
    **{
        f"{claim}[private-{letter}-logs]": (verdict, "dns-public-answer", "probed")
        for claim, verdict in (("private-dns", "failed"), ("tcp-443", "skipped"))
        for letter in "abc"
    },
    **{
        f"awslogs[private-{letter}-logs]": ("failed", "logs-unreachable", "probed")
        for letter in "abc"
    },
    "audit[s3-gateway-no-route-*]": ("failed", "s3-gateway-no-route", "derived"),
    "private-dns[private-c-s3]": ("failed", "s3-gateway-no-route", "probed"),
    "tcp-443[private-c-s3]": ("skipped", "s3-gateway-no-route", "probed"),
    "ecr-pull[private-c-ecr.dkr]": ("failed", "ecr-layer", "probed"),
}
MODES = {
    "n0": ("-n0",),
    "n2": ("-n2",),
    "n4": ("-n4",),
    **{
        dist: ("-n2", f"--dist={dist}")
        for dist in ("loadscope", "loadfile", "loadgroup", "worksteal", "each")
    },
}
KILLER = """
import os, signal, pytest

@pytest.mark.ecs_claim("private-dns")
def test_names(ecs_check, ecs_subnet, ecs_endpoint):
    if (ecs_subnet.name, ecs_endpoint.service) == ("private-b", "logs"):
        os.kill(os.getpid(), signal.SIGKILL)
    assert ecs_check.verdict.holds
"""


@pytest.fixture(scope="module")
def alone(runs: Runs) -> Finished:
    """Run in one process, as if xdist were not installed."""
    return runs(*BROKEN, "-p", "no:xdist")


def test_without_xdist(alone: Finished) -> None:
    """One process finds what is broken, and only that."""
    assert alone.code == 1
    assert len(alone.verdicts) == TESTS
    assert {id: told for id, told in alone.verdicts.items() if told[0] != "passed"} == NOT_PASSED
    assert re.fullmatch(
        rf"=+ 10 failed, {TESTS - 14} passed, 4 skipped, {TASKS} deselected in [\d.]+s =+",
        alone.lines[-1],
    )


@pytest.mark.parametrize("mode", MODES)
def test_every_mode_agrees(runs: Runs, alone: Finished, mode: str) -> None:
    """Ids, verdicts, codes, causes and the number of AWS calls do not depend on the mode."""
    run = runs(*BROKEN, *MODES[mode])
    assert (run.code, run.err) == (1, "")
    assert list(run.verdicts.items()) == list(alone.verdicts.items())
    assert run.report["run"]["api_calls"] == alone.report["run"]["api_calls"]
    assert run.report["run"]["cells"] == alone.report["run"]["cells"]
    told = [
        [(each["id"], each["code"], len(each["explains"])) for each in one.report["causes"]]
        for one in (run, alone)
    ]
    assert told[0] == told[1] == [("c1", "endpoint-missing", 10), ("c2", "s3-gateway-no-route", 4)]
    assert violations(run.report, SCHEMA) == []


def test_workers_are_counted(runs: Runs) -> None:
    """The report tells how many processes ran the tests."""
    workers = {mode: runs(*BROKEN, *MODES[mode]).report["run"]["workers"] for mode in MODES}
    assert workers == {**dict.fromkeys(MODES, 2), "n0": 1, "n4": 4}


def test_each_counts_tests_twice_and_cells_once(runs: Runs, alone: Finished) -> None:
    """``--dist=each`` runs every test on every worker; the matrix shows one VPC all the same."""
    each = runs(*BROKEN, *MODES["each"])
    assert re.fullmatch(
        rf"=+ 20 failed, {2 * TESTS - 28} passed, 8 skipped in [\d.]+s =+", each.lines[-1]
    )
    matrices = [one.lines[one.lines.index(_title(one)) + 1 :] for one in (each, alone)]
    squares = [[line for line in lines if "✔" in line or "✘" in line] for lines in matrices]
    assert squares[0] == squares[1]
    assert len(squares[0]) == 12


def test_a_worker_that_dies_leaves_nothing_green_unproven(runs: Runs) -> None:
    """A cell whose test killed its worker is "could not look"; all others are judged."""
    run = runs("--ecs-lab", "-n2", "test_deadly.py", files={"test_deadly.py": KILLER})
    assert run.code == 1
    assert violations(run.report, SCHEMA) == []
    assert len(run.verdicts) == 33
    assert {id: told for id, told in run.verdicts.items() if told[0] != "passed"} == {
        "private-dns[private-b-logs]": ("error", None, "derived")
    }
    assert run.report["run"]["cells"] == {"required": 27, "probed": 26}
    assert "? 1 error: the run ended before this cell was judged" in run.lines


def test_no_worker_left_leaves_every_cell_an_error(runs: Runs) -> None:
    """Where no worker takes a dead one's place, what it had to prove is "could not look"."""
    run = runs(
        *("--ecs-lab", "-n1", "--max-worker-restart=0", "-k", "private-b-logs"),
        "test_deadly.py",
        files={"test_deadly.py": KILLER},
    )
    assert run.code == 1
    assert run.verdicts == {"private-dns[private-b-logs]": ("error", None, "derived")}
    assert (
        "nothing was proven: the run ended before this cell was judged (1 cell); "
        "0 of 1 required cell probed; every subnet has a vantage"
    ) in run.lines


@pytest.mark.parametrize(
    "spec",
    ["ssh=user@host//python=python3", "2*ssh=host", "python=python3//ssh=host", "socket=h:1"],
)
def test_remote_workers_are_refused(runs: Runs, spec: str) -> None:
    """Workers elsewhere could not reach the broker: one line says so before anything starts."""
    run = runs("--ecs-lab", "--tx", spec)
    assert (run.code, run.out) == (4, "")
    assert run.err.splitlines() == [
        "ERROR: --tx: ecs-privatelink's workers share this machine with the controller; use -n",
        "",
    ]


def _title(run: Finished) -> str:
    return next(line for line in run.lines if " ecs-privatelink ==" in line)

"""What a user's own tests may do to a run without making it lie."""

from pathlib import Path

from lab_runs import CELLS, TASKS, Runs

CLAIM = """
import pytest

@pytest.mark.ecs_claim("tcp-443")
@pytest.mark.ecs_endpoint("logs")
"""


def test_a_failed_check_is_red_without_an_assertion(runs: Runs) -> None:
    """A test that asks for a check and asserts nothing fails with the check's own words."""
    run = runs(
        *("--ecs-lab", "--ecs-fault", "tls-certificate", "test_own.py"),
        files={"test_own.py": CLAIM + "def test_own(ecs_check): pass"},
    )
    assert run.code == 1
    assert "3 failed" in run.lines[-1]
    assert any(line.startswith("tls-certificate: ") for line in run.lines)


def test_foreign_properties_do_not_break_a_run(runs: Runs) -> None:
    """A property that a user's test records is the user's, whatever its name."""
    own = """
    record_property("ecs_id", "task-1")
    record_property("ecs_privatelink_id", "mine")
    """
    run = runs(
        *("--ecs-lab", "test_own.py", "-o", "junit_family=xunit1"),
        files={"test_own.py": f"def test_own(record_property):{own}"},
    )
    assert (run.code, run.report["checks"]) == (0, [])


def test_a_test_that_forks_is_told_so(runs: Runs) -> None:
    """A forked child has no broker: it gets one line at once, not a hang."""
    own = """
import os
import pytest
from pytest_ecs_privatelink.errors import VantageError


@pytest.mark.ecs_subnet("private-a")
def test_own(ecs_probe):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            ecs_probe.dns("logs.us-east-1.amazonaws.com")
        except VantageError as error:
            os.write(writer, str(error).encode())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reader, 4096).decode()
    assert told == "a test that forks cannot ask the broker of the process it left"
"""
    # Python 3.12 warns of every fork beside a thread.
    run = runs("--ecs-lab", "-W", "ignore", "test_own.py", files={"test_own.py": own})
    assert run.code == 0, run.out


def test_refreshing_keeps_the_runs_faults(runs: Runs) -> None:
    """What ``--ecs-fault`` broke stays broken in a lab that a test reads and builds again."""
    own = """
import pytest

@pytest.mark.ecs_subnet("private-a")
def test_own(ecs_lab, ecs_probe):
    ecs_lab.refresh()
    assert ecs_probe.tls("logs.us-east-1.amazonaws.com").status == "certificate"
"""
    fault = ("--ecs-lab", "--ecs-fault", "tls-certificate")
    run = runs(*fault, "test_own.py", files={"test_own.py": own})
    assert run.code == 0, run.out


def test_a_service_that_vanished_is_judged_as_one_without_endpoint(runs: Runs) -> None:
    """A check asked for after its endpoint was deleted is a verdict, not a traceback."""
    own = """
import pytest

@pytest.fixture(autouse=True)
def without_kms(ecs_lab):
    ec2 = ecs_lab.session.client("ec2")
    ec2.delete_vpc_endpoints(VpcEndpointIds=[ecs_lab.world.endpoints["kms"]])
    ecs_lab.refresh()

@pytest.mark.xfail(strict=True)
@pytest.mark.ecs_subnet("private-a")
@pytest.mark.ecs_endpoint("kms")
@pytest.mark.ecs_claim("private-dns")
def test_own(without_kms, ecs_check):
    assert ecs_check.code is None
"""
    run = runs("--ecs-lab", "test_own.py", files={"test_own.py": own})
    (check,) = run.report["checks"]
    assert (check["verdict"], check["code"]) == ("failed", "dns-public-answer"), run.out


def test_an_early_stop_is_an_interruption(runs: Runs) -> None:
    """A run that ``-x`` ended left cells unjudged, and its report says so."""
    run = runs("--ecs-lab", "--ecs-fault", "tls-certificate", "-x")
    assert run.code == 1
    assert run.report["run"]["status"] == "interrupted"
    reasons = {check["reason"] for check in run.report["checks"] if check["verdict"] == "error"}
    assert reasons == {"the run ended before this cell was judged"}


def test_stepwise_leaves_out_no_cell(runs: Runs) -> None:
    """Two runs under ``--sw`` judge together what one run judges."""
    steps = """
import subprocess, sys
for report, fault in (("one.json", ["--ecs-fault", "tls-certificate"]), ("two.json", [])):
    command = [sys.executable, "-P", "-m", "pytest", "--ecs-lab", "--sw", "-q"]
    subprocess.run([*command, *fault, "--ecs-json", report], stdout=subprocess.DEVNULL)
"""
    own = """
import json, pathlib, subprocess, sys

def test_own():
    subprocess.run([sys.executable, "-P", "steps.py"], check=True)
    judged = set()
    for name in ("one.json", "two.json"):
        checks = json.loads(pathlib.Path(name).read_text())["checks"]
        judged |= {check["id"] for check in checks if check["verdict"] in ("passed", "failed")}
    assert len([check for check in judged if not check.startswith("audit")]) == CELLS
"""
    own = own.replace("CELLS", str(CELLS + TASKS))
    run = runs("test_own.py", files={"test_own.py": own, "steps.py": steps})
    assert run.code == 0, run.out


def test_one_seam_and_one_finding_still_cost_one_timeout(runs: Runs) -> None:
    """An audit that looks at the wire looks with the user's seams: nothing is probed twice."""
    seam = """
import pytest

@pytest.fixture(scope="session")
def ecs_resolver_addresses():
    return ("169.254.169.253",)
"""
    run = runs(
        *("--ecs-lab", "--ecs-fault", "endpoint-missing", "--ecs-timeout", "2"),
        *("--ecs-fault", "endpoint-sg-ingress"),
        files={"conftest.py": seam},
    )
    silent = [each for each in run.report["checks"] if each["code"] == "tcp-timeout"]
    assert len(silent) == 30
    # One after the other they would take 54 s.
    assert run.report["run"]["duration_s"] < 27


def test_a_snapshot_of_another_region_is_refused(runs: Runs, snapshot: Path) -> None:
    """A Region that contradicts the snapshot is one line."""
    run = runs(
        "--ecs-snapshot",
        "prod.json",
        "--ecs-region",
        "eu-west-1",
        files={"prod.json": snapshot.read_text()},
    )
    assert run.code == 4
    assert run.err.strip() == (
        "ERROR: --ecs-region eu-west-1 and --ecs-snapshot prod.json contradict each other: "
        "that snapshot is of us-east-1"
    )


def test_a_report_that_cannot_be_written_is_one_line(runs: Runs) -> None:
    """A folder that vanishes during the run costs the report, and a line says so."""
    own = """
import pathlib, shutil

def test_own():
    shutil.rmtree("reports")
    pathlib.Path("reports").write_text("in the way")
"""
    run = runs(
        *("--ecs-lab", "--ecs-json", "reports/run.json", "test_own.py"),
        files={"test_own.py": own, "reports/.keep": ""},
    )
    assert "Traceback" not in run.out + run.err
    assert [line for line in run.err.splitlines() if line.startswith("ERROR: ")] == [
        "ERROR: --ecs-json: cannot write reports/run.json: File exists"
    ]

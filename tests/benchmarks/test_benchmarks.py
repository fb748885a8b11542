"""Benchmarks run, at their smallest size, and tell what they measured; no time is asserted."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_ecs_privatelink.audits.register import AUDITS

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SMALL = {
    "idle": ("--pairs=1", "--no-instructions"),
    "lab_start": ("--runs=1", "--modes=no-xdist"),
    "sweep": ("--runs=1", "--sizes=1x4", "--modes=no-xdist"),
    "black_holes": (
        *("--subnets=2", "--services=4", "--closed=1", "--timeout=0.5", "--modes=no-xdist"),
    ),
    "reader_calls": ("--runs=1", "--sizes=1,2"),
    "audits": (
        *("--runs=1", "--subnets=4", "--endpoints=16", "--groups=5", "--rules=6", "--times=1,2"),
    ),
    "diagnosis": ("--runs=1", "--subnets=4", "--services=5", "--findings=3"),
    "referee": ("--worlds=3",),
    "instances": ("--runs=1", "--hosts=2", "--services=2"),
    "pull": ("--runs=1", "--large=64"),
    "deaths": ("--faults=s3-gateway-policy",),
    "alike": ("--faults=none", "--ways=machine://{instance_id}"),
}

Row = dict[str, object]


def run(name: str, folder: Path) -> list[Row]:
    """Run the benchmark at its smallest size; return the rows of all its tables."""
    report = folder / "report.json"
    # A script finds its neighbours beside it, which "safe path" forbids.
    environment = {key: text for key, text in os.environ.items() if key != "PYTHONSAFEPATH"}
    ended = subprocess.run(
        [sys.executable, BENCHMARKS / f"{name}.py", *SMALL[name], "--json", report],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    tables = json.loads(report.read_text())["tables"]
    assert all(table["title"] in ended.stdout for table in tables)
    return [row for table in tables for row in table["rows"]]


def test_every_benchmark_is_run_here() -> None:
    """A script that defines ``main`` and takes ``--json`` is one of those below."""
    scripts = {
        each.stem for each in BENCHMARKS.glob("*.py") if "parser(__doc__)" in each.read_text()
    }

    assert scripts == set(SMALL)


def test_idle_imports_only_the_plugin_s_own_few_modules(tmp_path: Path) -> None:
    """The unused plugin brings no module but its own, and tells what it costs."""
    rows = run("idle", tmp_path)

    measures = [row["measure"] for row in rows if "measure" in row]
    assert measures[:2] == ["wall [ms]", "CPU [ms]"]
    modules = [str(row["module"]) for row in rows if "module" in row]
    assert modules.pop() == "registering the options"
    assert modules.pop() == "all imports, after pytest's own"
    assert {name.split(".")[0] for name in modules} == {"pytest_ecs_privatelink"}


def test_lab_start_tells_every_stage_in_order(tmp_path: Path) -> None:
    """From session start to end, no stage is reached before the one above it."""
    rows = run("lab_start", tmp_path)

    reached = [float(str(row["no-xdist"])) for row in rows]
    assert [row["stage"] for row in rows][:: len(rows) - 1] == ["session start", "end"]
    assert reached == sorted(reached)


def test_sweep_proves_every_cell(tmp_path: Path) -> None:
    """One subnet and four endpoint services are eight passed checks."""
    (row,) = run("sweep", tmp_path)

    assert (row["subnets"], row["services"], row["checks"]) == (1, 4, 8)


def test_black_holes_send_every_probe_once(tmp_path: Path) -> None:
    """What the links saw is what the report says, no more and no less."""
    (row,) = run("black_holes", tmp_path)

    assert (row["checks"], row["black holes"]) == (16, 2)
    assert row["again"] == 0


def test_reader_s_calls_do_not_grow(tmp_path: Path) -> None:
    """A VPC of one subnet and one of two are read by the same calls."""
    rows = run("reader_calls", tmp_path)

    calls = [row for row in rows if ":" in str(row["measure"]) or row["measure"] == "all calls"]
    assert len(calls) > 10
    assert all(row["1"] == row["2"] for row in calls)


def test_audits_tell_each_audit_and_find_something(tmp_path: Path) -> None:
    """Every registered audit has a row, and a VPC with broken endpoints is not clean."""
    rows = run("audits", tmp_path)

    measures = {str(row["measure"]): row for row in rows}
    assert {audit.__name__ for _, audit in AUDITS} < set(measures)
    assert int(str(measures["findings"]["1"])) > 0


def test_diagnosis_names_causes_with_findings_and_without(tmp_path: Path) -> None:
    """All cells of each case failed, and every case has causes."""
    rows = run("diagnosis", tmp_path)

    assert [row["failed cells"] for row in rows] == [20] * 4
    assert [row["findings"] for row in rows] == [3, 3, 0, 0]
    assert all(int(str(row["causes"])) > 0 for row in rows)


def test_the_referee_compares_every_cell(tmp_path: Path) -> None:
    """Three random worlds are judged by audits and probes, and no cell is left out unnoticed."""
    (row,) = run("referee", tmp_path)

    assert (row["worlds"], row["disagreements"]) == (3, 0)
    assert int(str(row["left to probes"])) < int(str(row["cells"]))


@pytest.mark.skipif(
    shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin") is None
    or importlib.util.find_spec("testinfra") is None,
    reason="no OpenSSH server or no pytest-testinfra here",
)
def test_instances_are_compared_with_one_command_and_testinfra(tmp_path: Path) -> None:
    """All ways are measured, and nobody's check failed."""
    command, commands, batch, plain = run("instances", tmp_path)

    assert command["times one command"] == 1.0
    assert all(float(str(each["seconds"])) > 0 for each in (commands, batch, plain))


def test_from_a_task_s_death_alone_the_cause_is_the_audits_own(tmp_path: Path) -> None:
    """Layers are refused: both kinds of tasks die, everywhere, of the gateway's policy."""
    (row,) = run("deaths", tmp_path)

    assert (row["red tasks"], row["first cause"], row["right"]) == (6, "s3-gateway-policy", "yes")


@pytest.mark.skipif(
    importlib.util.find_spec("testinfra") is None, reason="no pytest-testinfra here"
)
def test_ways_of_probing_are_compared_cell_by_cell(tmp_path: Path) -> None:
    """In a world without fault every cell passes, by whatever way, and nothing differs."""
    (row,) = run("alike", tmp_path)

    assert (row["fault"], row["not passed"], row["by machine://{instance_id}"]) == ("none", 0, 0)
    assert int(str(row["cells"])) > 60


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_a_pull_takes_no_memory_for_a_large_layer(tmp_path: Path) -> None:
    """A layer of 64 MiB is verified at its full size with less than 40 MiB more than one of 1."""
    small, large, speed = run("pull", tmp_path)

    assert (small["layer MiB"], large["layer MiB"], speed["layer MiB"]) == (1, 64, 64)
    assert float(str(large["more"])) <= 40
    assert float(str(speed["pull"])) > 0


if sys.platform != "linux":
    pytestmark = pytest.mark.skip(reason="the lab's network is made of Linux namespaces")

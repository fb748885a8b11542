"""One-off tasks from end to end: started together, proven from inside, told, and gone."""

import shutil
import subprocess
from pathlib import Path

import pytest
from lab_runs import Finished, Runs, command, environment
from report_schema import SCHEMA, violations

TASKS = tuple(f"task-start[private-{each}-fargate]" for each in "abc")


@pytest.fixture(scope="module")
def fargate(runs: Runs) -> Finished:
    """Run what proves Fargate tasks, as a user types it."""
    return runs.with_tasks("--ecs-lab", "--ecs-launch-type", "fargate")


def test_a_task_starts_in_every_subnet(fargate: Finished) -> None:
    """Each is green by its own task, and what it reached inside is told."""
    assert (fargate.code, fargate.err) == (0, "")
    tasks = [each for each in fargate.report["checks"] if each["claim"] == "task-start"]
    assert [each["id"] for each in tasks] == list(TASKS)
    assert len({each["vantage"] for each in tasks}) == 3
    for each in tasks:
        assert (each["verdict"], each["basis"], each["service"]) == ("passed", "probed", None)
        assert each["launch_types"] == ["fargate"]
        assert each["vantage"].startswith("task:arn:aws:ecs:")
        assert each["observed"].startswith("a task started in ")
        assert each["observed"].endswith(
            "11 endpoint services answered inside, and ecr-pull, awslogs, secret passed there"
        )
    assert violations(fargate.report, SCHEMA) == []


def test_tasks_are_required_cells_and_a_row_of_the_matrix(fargate: Finished) -> None:
    """One mark in each subnet; a task of a launch type under test is required."""
    row = next(line for line in fargate.lines if line.startswith("task fargate"))
    assert row.split() == ["task", "fargate", "✔", "✔", "✔"]
    cells = fargate.report["run"]["cells"]
    assert cells["required"] == cells["probed"] == 51
    assert "task ec2" not in fargate.out


def test_nobody_watches_a_log(fargate: Finished) -> None:
    """How tasks are getting on is for terminals: a CI's log has nothing of it."""
    assert "starting" not in fargate.out
    assert "\x1b" not in fargate.out


@pytest.mark.skipif(shutil.which("unshare") is None, reason="util-linux is not installed")
def test_nobody_needs_to_be_root(tmp_path: Path) -> None:
    """The programs of other users have no capabilities, and their tasks run all the same."""
    run = subprocess.run(
        (
            *("unshare", "--user", "--map-user=1000", "--map-group=1000"),
            *command("--ecs-lab", "--ecs-claims=task-start", "--ecs-launch-type=fargate"),
        ),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, ""), run.stdout

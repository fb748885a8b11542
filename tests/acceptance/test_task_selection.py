"""Which tests of one-off tasks are collected: one a task, narrowed by markers and claims."""

from pathlib import Path

from lab_runs import Runs

IMAGE = "--ecs-image=123456789012.dkr.ecr.us-east-1.amazonaws.com/lab/app:latest"
MINE = """
import pytest

@pytest.mark.ecs_claim("task-start")
@pytest.mark.ecs_subnet("private-b")
def test_mine(ecs_task):
    assert ecs_task.verdict.holds
"""


def test_a_test_of_ones_own_runs_for_each_task(runs: Runs, snapshot: Path) -> None:
    """By ``ecs_task``, in each subnet and launch type that its markers leave."""
    files = {"test_mine.py": MINE}
    arguments = (f"--ecs-snapshot={snapshot}", IMAGE, "--collect-only", "-q", "test_mine.py")
    told = runs(*arguments, files=files)
    assert [line for line in told.lines if line.startswith("test_mine")] == [
        f"test_mine.py::test_mine[private-b-{kind}]" for kind in ("ec2", "fargate")
    ]


def test_launch_types_that_are_not_under_test_have_no_scenario(runs: Runs, snapshot: Path) -> None:
    """The other kind's bundled test is left out, not skipped."""
    told = runs(
        f"--ecs-snapshot={snapshot}", "--collect-only", "-q", IMAGE, "--ecs-launch-type=fargate"
    )
    tasks = [line for line in told.lines if "test_task_start.py" in line]
    assert len(tasks) == 3
    assert all("fargate/test_task_start.py" in line for line in tasks)

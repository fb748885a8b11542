"""One-off tasks in the lab overlap in time, and nothing of them is left, whatever ends the run."""

from lab_runs import Runs
from opened_runs import Opened, opened

from pytest_ecs_privatelink.catalogue.marks import MARK
from pytest_ecs_privatelink.lab.world_ecs import LOG_GROUP
from pytest_ecs_privatelink.verdict import Claim, LaunchType, Verdict


def definitions_of(run: Opened) -> list[str]:
    """Return the task definitions of ours that are there."""
    return [
        arn
        for kind in LaunchType
        for arn in run.lab.session.client("ecs").list_task_definitions(
            familyPrefix=f"{MARK}-{run.run.id}-{kind}", status="ACTIVE"
        )["taskDefinitionArns"]
    ]


def test_tasks_overlap_and_nothing_of_them_is_left() -> None:
    """Three run at the same time; others are under way as the run ends: those are stopped."""
    with opened(claims=(Claim.TASK_START,)) as run:
        before = run.streams()
        cells = run.select_tasks(LaunchType.FARGATE)
        assert run.run.exchange is not None
        checks = [run.run.exchange.check(each) for each in cells]
        tasks = run.tasks("STOPPED")
        run.select_tasks(LaunchType.EC2)
        run.wait_for_tasks()
        during = definitions_of(run)
        told = run.run.remove_traces()
        running, left, after = run.tasks("RUNNING"), definitions_of(run), run.streams()

    assert [each.verdict for each in checks] == [Verdict.PASSED] * 3, checks
    started = max(each["startedAt"] for each in tasks)
    assert started < min(each["stoppedAt"] for each in tasks)
    assert (len(tasks), len(during)) == (3, 2)
    assert told is None
    assert (running, left) == ([], [])
    assert before == after == {LOG_GROUP: set()}
    assert run.run.api_calls["ecs:StopTask"] >= 1


BREAKING = """
import os, signal
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_call(item):
    if "test_audit" in item.nodeid:  # tasks have ended by now, and their traces are there
        os.kill(os.getpid(), signal.SIGTERM)
"""


def test_a_signal_leaves_nothing_of_tasks(runs: Runs) -> None:
    """SIGTERM, as Ctrl-C: each definition is deregistered, each task's log stream is removed."""
    run = runs(
        "--ecs-lab",
        "--ecs-claims=task-start,audit",
        "--ecs-launch-type=fargate",
        "-p",
        "breaking",
        files={"breaking.py": BREAKING},
        PYTHONPATH=".",
    )

    assert (run.code, "could not remove" in run.err) == (2, False), run.out
    calls = run.report["run"]["api_calls"]
    assert calls["ecs:RunTask"] == 3
    assert calls["ecs:DeregisterTaskDefinition"] == calls["ecs:RegisterTaskDefinition"] == 1
    # Of each task its own stream, and the one that it was asked to write from inside.
    assert calls["logs:DeleteLogStream"] == 6

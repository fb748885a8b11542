"""A run that ends while tasks start or run leaves none of them, however it ends."""

import asyncio
import threading
import time
from dataclasses import replace

import pytest
from ecs_cloud import EcsCloud, ecs_cloud
from task_plans import FARGATE, OWN, PLAN, QUICK, RUN, is_whole

from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.targets.task_runs import TaskRuns


def test_who_stops_while_tasks_start_leaves_none() -> None:
    """RunTask is under way as the run ends: what it starts is stopped, and all of it goes."""
    release = threading.Event()
    with ecs_cloud(story=["PENDING"], hold=release, log=()) as cloud:
        ledger = Ledger(RUN, cloud.session)
        runs = TaskRuns(PLAN, cloud.session, ledger, QUICK)

        async def go() -> None:
            running = asyncio.create_task(runs.run(FARGATE, "errand", is_whole))
            while not cloud.definitions:  # registered: RunTask is next
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.05)
            threading.Timer(0.1, release.set).start()
            await runs.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(go())
        stopped = len(cloud.called("StopTask"))
        told = ledger.remove()

    assert stopped == 1
    assert told is None
    assert cloud.left == {}


def test_a_task_that_starts_after_the_end_stops_itself() -> None:
    """RunTask is answered when nobody waits any more, nor looks: it is stopped all the same."""
    release, impatient = threading.Event(), replace(QUICK, launch=0.05)
    with ecs_cloud(story=["PENDING"], hold=release, log=()) as cloud:
        runs = TaskRuns(OWN, cloud.session, Ledger(RUN, cloud.session), impatient)

        async def go() -> None:
            running = asyncio.create_task(runs.run(FARGATE, "", is_whole))
            while not cloud.held.is_set():
                await asyncio.sleep(0.01)
            await runs.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(go())
        assert cloud.tasks == {}
        release.set()
        assert cloud.stopped.wait(10)

    assert cloud.left == {}


def test_a_run_that_ends_at_once_is_tidied_up_by_its_ledger() -> None:
    """Nobody closes the runs (a second Ctrl-C): tasks are found by what started them."""
    with ecs_cloud(story=["RUNNING"], log=()) as cloud:
        ledger = Ledger(RUN, cloud.session)
        runs = TaskRuns(PLAN, cloud.session, ledger, QUICK)

        async def go() -> None:
            running = asyncio.create_task(runs.run(FARGATE, "errand", is_whole))
            while not cloud.tasks:
                await asyncio.sleep(0.01)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

        asyncio.run(go())
        told = ledger.remove()

    assert told is None
    assert cloud.left == {}
    assert ledger.calls["ecs:StopTask"] == 1


@pytest.mark.parametrize("code", ["ThrottlingException", "ServerException"])
def test_a_stop_that_is_refused_for_a_moment_is_tried_again(code: str) -> None:
    """Throttled, or ECS's own trouble: the run's end is not the task's if it is asked but once."""
    with ecs_cloud(story=["RUNNING"], log=()) as cloud:
        cloud.refuses = {"StopTask": (code, "again, please")}
        ledger = Ledger(RUN, cloud.session)
        runs = TaskRuns(OWN, cloud.session, ledger, replace(QUICK, attempts=1))

        async def go() -> None:
            await runs.run(FARGATE, "", is_whole)
            await runs.close()

        asyncio.run(go())
        tried = len(cloud.called("StopTask"))
        threading.Thread(target=_relent_after, args=(cloud, tried + 1), daemon=True).start()
        told = ledger.remove()

    assert told is None
    assert cloud.left == {}


def _relent_after(cloud: EcsCloud, stops: int) -> None:
    while len(cloud.called("StopTask")) < stops:
        time.sleep(0.01)
    cloud.refuses = {}


def test_what_ecs_does_not_let_go_of_is_told() -> None:
    """The line names what is left, and the command that looks for it, in its cluster."""
    refuses = {"StopTask": ("AccessDeniedException", "no")}
    with ecs_cloud(story=["RUNNING"], log=()) as cloud:
        ledger = Ledger(RUN, cloud.session)
        runs = TaskRuns(OWN, cloud.session, ledger, QUICK)

        async def go() -> None:
            cloud.refuses = refuses
            await runs.run(FARGATE, "", is_whole)
            await runs.close()

        asyncio.run(go())
        told = ledger.remove()

    assert told == (
        f"ecs-privatelink: could not remove tasks pytest-ecs-privatelink/{RUN} of app"
        " (AccessDeniedException for ecs:StopTask); later: pytest --ecs-cluster app"
        f" --ecs-cleanup {RUN}"
    )

"""Whoever follows a task can be told to stop waiting, whatever happens at that moment."""

import asyncio
import time

import pytest
from ecs_cloud import ecs_cloud
from task_plans import QUICK

from pytest_ecs_privatelink.targets.task_clients import TaskClients
from pytest_ecs_privatelink.targets.task_follow import Followed, Follower


@pytest.mark.parametrize("turns", range(4))
def test_news_at_the_moment_of_ctrl_c_do_not_drown_it(turns: int) -> None:
    """Who is cancelled as a status comes in waits no more; else a run would last its deadline."""

    async def go() -> bool:
        with ecs_cloud() as cloud:
            follower = Follower(TaskClients(cloud.session, 1), "app", QUICK)
            followed = Followed("arn", time.monotonic())
            end = time.monotonic() + 60
            waiting = asyncio.create_task(follower.until(followed, ("STOPPED",), end))
            for _ in range(5):
                await asyncio.sleep(0)
            followed.see({"lastStatus": "PENDING"})
            for _ in range(turns):
                await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait((waiting,), timeout=2)
            cancelled = waiting.cancelled()
            waiting.cancel()
            return cancelled

    assert asyncio.run(go())

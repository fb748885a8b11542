"""How tasks of the lab end where nobody stops them: with what they run in, or who ordered them."""

import os
import select
import signal
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

from task_client import TaskClient, groups_of, processes

from pytest_ecs_privatelink.lab.laboratory import Laboratory

HERE = Path(__file__).parent
ENDS = 20.0
"""Seconds in which a task is to be gone; it takes about a tenth."""


def ends(process: int) -> bool:
    """Whether a process of this descriptor ends in time."""
    ended = bool(select.select([process], [], [], ENDS)[0])
    os.close(process)
    return ended


def test_nothing_outlives_the_lab() -> None:
    """A task's process ends with the network it is in, and with the cloud that ordered it."""
    with closing(Laboratory(cloud=True, twin=True)) as lab:
        own = lab.build_world(())
        subnet = own.world.subnets["private-a"]
        client = TaskClient(lab, own.world)
        for seconds, kill in (("601", lab.renew_twin), ("602", lab.cloud.close)):
            lab.build_twin(own.reading.snapshot, (subnet,), groups_of(own.world))
            arn = client.start("FARGATE", subnet, ("sleep", seconds))
            client.follow(arn, until="RUNNING")
            (pid,) = processes(f"sleep {seconds}")
            end = os.pidfd_open(pid)

            kill()

            assert ends(end)
            if seconds == "601":
                (task,) = client.follow(arn)
                assert task["stopCode"] == "TaskFailedToStart"
        folder = lab.folder
    assert not folder.exists()


CONTROLLER = """
    import sys, time
    sys.path.insert(0, {here!r})
    from task_client import TaskClient, groups_of
    from pytest_ecs_privatelink.lab.laboratory import Laboratory
    lab = Laboratory(cloud=True, twin=True)
    own = lab.build_world(())
    subnet = own.world.subnets["private-a"]
    lab.build_twin(own.reading.snapshot, (subnet,), groups_of(own.world))
    client = TaskClient(lab, own.world)
    client.follow(client.start("EC2", subnet, ("sleep", "603")), until="RUNNING")
    print(lab.folder, flush=True)
    time.sleep(60)
"""


def test_a_task_ends_with_a_controller_that_is_killed() -> None:
    """No process is left of it, and no folder."""
    program = textwrap.dedent(CONTROLLER.format(here=str(HERE)))
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, text=True
    ) as controller:
        assert controller.stdout is not None
        folder = Path(controller.stdout.readline().strip())
        (pid,) = processes("sleep 603")
        end = os.pidfd_open(pid)
        assert folder.is_dir()
        controller.send_signal(signal.SIGKILL)

    assert ends(end)
    for _ in range(200):
        if not folder.exists():
            break
        select.select([], [], [], 0.1)
    assert not folder.exists()

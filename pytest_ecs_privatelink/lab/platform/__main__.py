"""The platform's process: ``python -m pytest_ecs_privatelink.lab.platform DESCRIPTOR``.

DESCRIPTOR is that of the network namespace in which containers run; it is in the one from which AWS
would pull. On standard input the first line is the order; any other asks for the task's stop, and
its end does. On standard output each line is an event:

    {"event": "pulling"}, {"event": "pulled"}, {"event": "running"}
    {"event": "failed", "reason": "...", "container": "app" or null, "containerReason": ...}
    {"event": "exited", "container": "app", "code": 0}, {"event": "ended"}
"""

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping

from pytest_ecs_privatelink.lab.platform.orders import read
from pytest_ecs_privatelink.lab.platform.starting import Task

_STANDARD_OUTPUT = 1


def main() -> None:
    """Run the task that is ordered, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    order = read(json.loads(sys.stdin.buffer.readline()))
    task = Task(order, int(sys.argv[1]), _tell)
    threading.Thread(target=_watch, args=(task,), daemon=True).start()
    task.carry_out()


def _watch(task: Task) -> None:
    while sys.stdin.buffer.readline():
        task.stop()
    task.stop()
    os._exit(0)  # whoever ordered it is gone, and with it whoever wants to know


def _tell(event: Mapping[str, object]) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(_STANDARD_OUTPUT, json.dumps(event).encode() + b"\n")


main()
os._exit(0)  # a name that is still looked up keeps nobody waiting

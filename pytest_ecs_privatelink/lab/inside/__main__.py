"""The twin's process: ``python -P -m pytest_ecs_privatelink.lab.inside FOLDER [PARENT]``.

It enters its namespaces, has the router (pid 1 of the PID namespace) do everything else, and waits
for one of two to end: the router, or the controller that started it. Whichever it is, nothing of
the twin survives: the kernel kills a PID namespace with its pid 1, and this process removes the
folder; of a controller that was killed, PARENT too. Replies to the controller are lines on standard
output, requests lines on standard input.
"""

import contextlib
import os
import select
import shutil
import signal
import sys
from pathlib import Path

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.inside import kernel
from pytest_ecs_privatelink.lab.inside.replies import reply

_MILLISECONDS_TO_DIE = 1000


def main() -> int:
    """Run a twin in the folder that the command line names; with none, only try the kernel."""
    # Ctrl-C reaches the whole process group; the controller decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        controller = os.pidfd_open(os.getppid())
        kernel.enter_namespaces()
    except (LabError, OSError) as error:
        reply(error)
        return 1
    from pytest_ecs_privatelink.lab.inside import router  # the imports of all to come

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    child = os.fork()
    if child == 0:
        kernel.die_with_parent()
        os._exit(router.run(folder))
    status = _wait(controller, child)
    if folder is not None and folder.exists():  # else the controller is closing this twin
        _clear_away(controller)
    return status


def _clear_away(controller: int) -> None:
    poll = select.poll()
    poll.register(controller, select.POLLIN)
    # A process that is killed closes its files, which ends the router, before it counts as dead.
    killed = poll.poll(_MILLISECONDS_TO_DIE)
    for folder in sys.argv[1:] if killed else sys.argv[1:2]:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(controller: int, child: int) -> int:
    router = os.pidfd_open(child)
    poll = select.poll()
    poll.register(controller, select.POLLIN)
    poll.register(router, select.POLLIN)
    poll.poll()
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# Not sys.exit: to take the interpreter apart would be the longest part of a twin's end.
os._exit(main())

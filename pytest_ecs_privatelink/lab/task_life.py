"""One task of the lab's cloud, from PROVISIONING to STOPPED: the platform acts, this keeps count.

Statuses by the developer guide's "Task lifecycle", fields by the API's type Task.
"""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_ecs_privatelink.lab.task_record import TaskRecord
from pytest_ecs_privatelink.lab.task_truth import TaskFacts

FAILED_TO_START, EXITED, BY_USER = "TaskFailedToStart", "EssentialContainerExited", "UserInitiated"
_ESSENTIAL_ENDED = "Essential container in task exited"
_STOP = b'{"stop": true}\n'


class TaskLife:
    """A task that was placed at the Unix socket ``path``; ``order`` is what the platform is told.

    ``record`` is what the API says of it.
    """

    def __init__(
        self, record: TaskRecord, path: str, order: Mapping[str, Any], facts: TaskFacts
    ) -> None:
        self.record = record
        self._path = path
        self._order = order
        self._facts = facts
        self._stopped = threading.Event()
        self._line = socket.socket(socket.AF_UNIX)
        self._open = False
        self._lock = threading.Lock()

    @property
    def vanished(self) -> bool:
        """Whether nobody is to hear of it any more."""
        return self._facts.vanishing and self.record.status != "PROVISIONING"

    def carry_out(self) -> None:
        """Live; in a thread of its own."""
        try:
            self._begin()
        except (OSError, ValueError, LookupError):
            self._end(FAILED_TO_START, "Task failed to start")
        finally:
            self._line.close()

    def stop(self, reason: str) -> None:
        """Have it end, for this reason of the user's."""
        self.record.stopping(BY_USER, reason)
        self._stopped.set()
        with self._lock, contextlib.suppress(OSError):
            if self._open:
                self._line.sendall(_STOP)

    def _begin(self) -> None:
        if self._facts.stuck:
            self._stopped.wait()
        self._pause()
        if self._stopped.is_set():
            self._wind_up("DEPROVISIONING")
            return
        self._line.connect(self._path)
        self._line.sendall(json.dumps(self._order).encode() + b"\n")
        with self._lock:
            self._open = True
            if self._stopped.is_set():  # while nobody could be told
                self._line.sendall(_STOP)
        self.record.attached()
        self.record.became("PENDING")
        self._pause()
        self._follow()

    def _follow(self) -> None:
        """Go where the platform's events lead."""
        ended = False
        for event in self._events():
            kind = event["event"]
            if kind in ("pulling", "pulled"):
                self.record.pulled(began=kind == "pulling")
            elif kind == "running":
                self.record.became("ACTIVATING")
                self._pause()
                self.record.became("RUNNING")
            elif kind == "failed":
                self.record.blamed(event["container"], event["containerReason"])
                self._end(FAILED_TO_START, event["reason"])
                ended = True
            elif kind == "exited":
                self.record.exited(event["container"], event["code"])
            elif kind == "ended" and not ended:
                self._end(EXITED, _ESSENTIAL_ENDED)
                ended = True
        if not ended:  # its host is gone, and with it the network of everything
            self._end(FAILED_TO_START, "Task failed to start")

    def _events(self) -> Iterator[Mapping[str, Any]]:
        with self._line.makefile("rb") as lines:
            for line in lines:
                yield json.loads(line)

    def _end(self, code: str, reason: str) -> None:
        started = self.record.status == "RUNNING"
        self.record.stopping(code, reason)
        for status in ("DEACTIVATING", "STOPPING", "DEPROVISIONING") if started else ():
            self.record.became(status)
            self._pause()
        self._wind_up(None if started else "DEPROVISIONING")

    def _wind_up(self, status: str | None) -> None:
        if status is not None:
            self.record.became(status)
            self._pause()
        self.record.ended()

    def _pause(self) -> None:
        time.sleep(self._facts.step)

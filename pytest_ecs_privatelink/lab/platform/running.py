"""A container as a process: its command in the task's network, its output into its log stream."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO

from pytest_ecs_privatelink.lab.inside import kernel
from pytest_ecs_privatelink.lab.platform.calls import RefusedError, call
from pytest_ecs_privatelink.lab.platform.dialling import Wire, WireError
from pytest_ecs_privatelink.lab.platform.orders import LogTarget
from pytest_ecs_privatelink.lab.platform.words import Words

_LONGEST_EVENT = 262_118
"""Bytes of a line that Docker's awslogs driver takes for one event; the rest is the next."""
_MOST_EVENTS, _MOST_BYTES, _BYTES_OF_EVENT = 10_000, 1_048_576, 26
_SECONDS_BETWEEN_SHIPMENTS = 0.1
_STAND_IN = ("sleep", "2147483647")
"""For the lab image's own command, which is no program that a machine could run."""
_OF_LAB_IMAGE = ("/bin/app",)


def find_command(command: Sequence[str], variables: Mapping[str, str], words: Words) -> list[str]:
    """Return what to execute; raises `StepError` where the machine has no such program."""
    wanted = _STAND_IN if tuple(command) == _OF_LAB_IMAGE else tuple(command)
    if shutil.which(wanted[0], path=variables.get("PATH")) is None:
        raise words.no_program(wanted[0])
    return list(wanted)


class Process:
    """A container that runs, in the network namespace of a file descriptor."""

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], inner: int) -> None:
        def enter() -> None:
            kernel.enter_network_namespace(inner)
            kernel.let_programs_change_nothing()
            kernel.die_with_parent()

        # As in a container: whatever it leaves behind goes with it, wherever that has gone.
        with kernel.bearing_in_new_pid_namespace():
            self._process = subprocess.Popen(  # noqa: S603  (what a task definition says)
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env=dict(variables),
                cwd="/",
                preexec_fn=enter,
                process_group=0,
            )

    @property
    def output(self) -> IO[bytes]:
        """What it prints."""
        assert self._process.stdout is not None
        return self._process.stdout

    def wait(self) -> int:
        """Return its exit code, as Docker has it: of a signal 128 and its number."""
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def stop(self, seconds: float) -> None:
        """Ask it to end, and kill it after ``seconds``."""
        self._signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)


class Shipper:
    """Brings a process's lines to its log stream, through the task's own way there."""

    def __init__(self, wire: Wire, target: LogTarget) -> None:
        self._wire = wire
        self._target = target
        self._waiting: list[tuple[int, str]] = []
        self._lock = threading.Lock()
        self._ended = threading.Event()

    def read(self, output: IO[bytes]) -> None:
        """Take lines until there are no more."""
        for line in output:
            now = int(time.time() * 1000)
            cut = [(now, each.decode(errors="replace")) for each in pieces(line)]
            with self._lock:
                self._waiting += cut
        self._ended.set()

    def ship(self, late: float) -> None:
        """Send what there is, again and again, until there is no more to come.

        With ``late`` nothing is sent before so many seconds after its end.
        """
        if late:
            self._ended.wait()
            time.sleep(late)
        while True:
            ended = self._ended.wait(_SECONDS_BETWEEN_SHIPMENTS)
            with self._lock:
                ready, self._waiting = self._waiting, []
            for batch in batches(ready):
                self._send(batch)
            if ended:
                return

    def _send(self, events: Sequence[tuple[int, str]]) -> None:
        # Whom nobody answers loses lines, and runs on: awslogs does not hold a container back.
        with contextlib.suppress(WireError, RefusedError):
            call(
                self._wire,
                "logs",
                self._target.region,
                "PutLogEvents",
                logGroupName=self._target.group,
                logStreamName=self._target.stream,
                logEvents=[{"timestamp": when, "message": text} for when, text in events],
            )


def pieces(line: bytes, longest: int = _LONGEST_EVENT) -> Iterator[bytes]:
    """Yield a line's text in as many pieces as it takes."""
    text = line.rstrip(b"\n")
    for at in range(0, len(text), longest):
        yield text[at : at + longest]


def batches(
    events: Iterable[tuple[int, str]], *, most: int = _MOST_EVENTS, most_bytes: int = _MOST_BYTES
) -> Iterator[list[tuple[int, str]]]:
    """Yield lists that one PutLogEvents takes; a line without text is no event."""
    batch: list[tuple[int, str]] = []
    size = 0
    for when, text in events:
        if not text:
            continue
        more = len(text.encode()) + _BYTES_OF_EVENT
        if batch and (size + more > most_bytes or len(batch) == most):
            yield batch
            batch, size = [], 0
        batch.append((when, text))
        size += more
    if batch:
        yield batch

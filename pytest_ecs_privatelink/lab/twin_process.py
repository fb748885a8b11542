"""The controller's end of the twin's process: requests and replies, a line of JSON each."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from typing import IO

from pytest_ecs_privatelink.errors import LabError

# The first three would send a host's own resolution elsewhere (resolver(5), hostname(7)).
_FOREIGN = ("LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "PYTHONWARNINGS")
_SECONDS_TO_END = 5.0


class TwinProcess:
    """A running ``pytest_ecs_privatelink.lab.inside``; its requests are answered in order."""

    def __init__(self, *arguments: str) -> None:
        self._words: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close())
        # Exec'ed, never forked from here: a user namespace wants a process with one thread.
        try:
            self._process = subprocess.Popen(  # noqa: S603  (this interpreter, this package)
                [sys.executable, "-P", "-m", "pytest_ecs_privatelink.lab.inside", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                env={name: text for name, text in os.environ.items() if name not in _FOREIGN},
            )
        except OSError as error:
            self._words.close()
            raise LabError(f"the twin's process cannot be started: {error}") from error

    @property
    def pid(self) -> int:
        """The process that supervises the twin's others."""
        return self._process.pid

    def request(self, value: object) -> None:
        """Send one request; what is wrong with it, or with the process, the reply tells."""
        assert self._process.stdin is not None
        # A process that has ended has said why, or its silence will be noticed.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(value).encode() + b"\n")
            self._process.stdin.flush()

    def await_reply(self, timeout: float) -> None:
        """Return once the request is fulfilled; raise `LabError` with the reason otherwise."""
        line = self._read_line(time.monotonic() + timeout)
        if line is None:
            raise LabError(f"the twin was not ready within {timeout:g} s: {self._last_words()}")
        if not line:
            raise LabError(f"the twin's process ended before it was ready: {self._last_words()}")
        error = json.loads(line)["error"]
        if error is not None:
            raise LabError(error)

    def close(self) -> None:
        """Hang up, wait until the process has cleared away, and kill it where it does not."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
        try:
            self._process.wait(_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()

    def _read_line(self, deadline: float) -> bytes | None:
        """Return the next line, nothing where the process has ended, None where time is up."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    return None
                piece = os.read(pipe, 65_536)
                if not piece:
                    return b""
                line += piece
        return line

    def _last_words(self) -> str:
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").splitlines()
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")

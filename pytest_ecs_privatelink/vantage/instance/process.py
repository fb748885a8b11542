"""A local program that talks to a host: fed, heard, and ended in time with all that it started."""

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

STOPPED = "the run ended before it answered"
"""Why a program was killed that somebody else gave up."""

_PIECE = 1 << 16
_MOST_OUTPUT = 32 << 20  # bytes: the answers of a VPC's worth of questions are a hundredth of that


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds until the ``greeting`` must have been heard, and until everything must be over."""

    greeting: bytes
    first: float
    whole: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How it ended. ``killed`` says why it was ended from here, and is empty if it was not."""

    rc: int
    stdout: bytes
    stderr: bytes
    greeted: bool
    killed: str = ""


class Process:
    """A program in a process group of its own, so that nothing outlives it."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._popen = subprocess.Popen(  # noqa: S603 - the user's own template says what to run
            arguments,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self._stopped = False
        self._over = False
        self._alone = threading.Lock()

    def converse(self, stdin: bytes, patience: Patience) -> Ended:
        """Feed ``stdin``, gather what is said, wait for the end or bring it about."""
        heard = _Heard(patience)
        try:
            killed = self._talk(stdin, heard)
        finally:
            with self._alone:
                self._kill()
                self._over = True
            self._let_go()
        if self._stopped:
            killed = STOPPED
        return Ended(
            rc=self._popen.returncode,
            stdout=bytes(heard.stdout),
            stderr=bytes(heard.stderr),
            greeted=heard.greeted,
            killed=killed,
        )

    def stop(self) -> None:
        """End it from another thread."""
        self._stopped = True
        with self._alone:
            # What is over has given its number back: by now it may be somebody else's.
            if not self._over:
                self._kill()

    def _talk(self, stdin: bytes, heard: "_Heard") -> str:
        """Return why it has to be killed; nothing where it has ended by itself."""
        popen, left = self._popen, memoryview(stdin)
        assert popen.stdin is not None
        assert popen.stdout is not None
        assert popen.stderr is not None
        with selectors.DefaultSelector() as selector:
            for stream in (popen.stdin, popen.stdout, popen.stderr):
                os.set_blocking(stream.fileno(), False)
            selector.register(popen.stdin, selectors.EVENT_WRITE)
            selector.register(popen.stdout, selectors.EVENT_READ, heard.stdout)
            selector.register(popen.stderr, selectors.EVENT_READ, heard.stderr)
            while any(key.events & selectors.EVENT_READ for key in selector.get_map().values()):
                if reason := heard.impatient():
                    return reason
                for key, _ in selector.select(heard.remaining()):
                    if key.fileobj is popen.stdin:
                        left = _feed(selector, key, left)
                    else:
                        _hear(selector, key)
        with contextlib.suppress(subprocess.TimeoutExpired):
            popen.wait(max(heard.remaining(), 0))
        return "" if popen.returncode is not None else heard.impatient()

    def _kill(self) -> None:
        # Its group may live on after it, as a jump host's connection does.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)

    def _let_go(self) -> None:
        self._popen.wait()
        for stream in (self._popen.stdin, self._popen.stdout, self._popen.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):  # what was not fed has nobody to read it
                    stream.close()


class _Heard:
    """What was said so far, and how long to go on listening."""

    def __init__(self, patience: Patience) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self._patience = patience
        self._began = time.monotonic()

    @property
    def greeted(self) -> bool:
        return self._patience.greeting in self.stdout

    def remaining(self) -> float:
        patience = self._patience
        limit = patience.whole if self.greeted else min(patience.first, patience.whole)
        return self._began + limit - time.monotonic()

    def impatient(self) -> str:
        if len(self.stdout) + len(self.stderr) > _MOST_OUTPUT:
            return f"it printed more than {_MOST_OUTPUT >> 20} MiB"
        if self.remaining() > 0:
            return ""
        if self.greeted:
            return f"no end within {self._patience.whole:g} s"
        return f"no shell answered within {self._patience.first:g} s"


def _feed(
    selector: selectors.BaseSelector, key: selectors.SelectorKey, left: memoryview
) -> memoryview:
    try:
        left = left[os.write(key.fd, left[:_PIECE]) :] if left else left
    except BlockingIOError:
        return left
    except OSError:  # it reads no more
        left = left[len(left) :]
    if not left:
        selector.unregister(key.fileobj)
        with contextlib.suppress(OSError):
            key.fileobj.close()  # type: ignore[union-attr]  # a pipe of Popen's
    return left


def _hear(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    try:
        piece = os.read(key.fd, _PIECE)
    except BlockingIOError:
        return
    if piece:
        key.data.extend(piece)
    else:
        selector.unregister(key.fileobj)

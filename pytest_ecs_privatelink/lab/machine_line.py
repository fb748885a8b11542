"""The line to a lab host's own shell: one request and one answer, each a line of JSON."""

import base64
import contextlib
import json
import socket
from dataclasses import dataclass
from pathlib import Path

_PIECE = 1 << 16
_SECONDS_OF_GRACE = 5.0
MOST_SECONDS = 600.0
"""What a host waits for at most."""
TIMED_OUT = 124
"""The exit code of what the host ended at its time limit, as of ``timeout`` (coreutils)."""
# A script comes by a pipe: as an argument it could not be longer than 128 KiB. It reads nothing.
_SHELL = "exec 3<&0 </dev/null; exec sh /dev/fd/3"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a script ended on a host, and what it printed."""

    code: int
    stdout: str
    stderr: str


class MachineLine:
    """One script on the host behind the Unix socket ``path``; `hang_up` from any thread."""

    def __init__(self, path: str | Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX)

    def open(self) -> None:
        """Reach the host; `OSError` where nobody is there."""
        self._socket.connect(self._path)

    def run(self, script: str, timeout: float) -> Ran:
        """Run ``script`` in a shell there, for at most ``timeout`` seconds.

        `OSError`, ValueError or LookupError where the host hangs up or says something else.
        """
        fed = base64.b64encode(script.encode()).decode()
        request = {"command": _SHELL, "stdin": fed, "timeout": timeout}
        self._socket.settimeout(timeout + _SECONDS_OF_GRACE)
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        line = bytearray()
        while not line.endswith(b"\n"):
            piece = self._socket.recv(_PIECE)
            if not piece:
                raise ConnectionError("the host hung up")
            line += piece
        said = json.loads(line)
        return Ran(int(said["rc"]), *(_text(said[name]) for name in ("stdout", "stderr")))

    def hang_up(self) -> None:
        """End the line, whoever waits on it."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _text(encoded: str) -> str:
    return base64.b64decode(encoded).decode(errors="replace")

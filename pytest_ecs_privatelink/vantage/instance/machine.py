"""The lab's own way into its hosts: a Unix socket that runs one command for each line.

One JSON line asks, ``{"command": "sh -c text", "stdin": base64 or null, "timeout": seconds}``, and
one answers, ``{"rc": 0, "stdout": base64, "stderr": base64}``.
"""

import base64
import contextlib
import json
import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

from testinfra.backend.base import BaseBackend, CommandResult

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.vantage.instance.troubles import NotAskedError

_GRACE_S = 5.0


class Machine(BaseBackend):  # type: ignore[misc]  # testinfra ships no type information
    """A host of the lab behind the Unix socket ``path``."""

    NAME = "machine"

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name)
        self._path = path
        self._links: set[socket.socket] = set()
        self._ended = False

    def execute(self, command: str, stdin: bytes, seconds: float) -> CommandResult:
        """Run ``command``; the machine itself ends it after ``seconds``."""
        request = {
            "command": command,
            "stdin": base64.b64encode(stdin).decode() if stdin else None,
            "timeout": seconds,
        }
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            link.settimeout(seconds + _GRACE_S)
            try:
                link.connect(self._path)
            except OSError as error:
                raise NotAskedError(f"cannot be asked: {error.strerror or error}") from None
            self._links.add(link)
            try:
                line = self._exchange(link, json.dumps(request).encode() + b"\n")
            finally:
                self._links.discard(link)
        return self._result(command, line)

    def run(self, command: str, *arguments: str, **_: Any) -> CommandResult:  # noqa: ANN401
        """Run a command as testinfra's own modules do."""
        return self.execute(self.get_command(command, *arguments), b"", 60.0)

    def end(self) -> None:
        """Hang up, however many talk at once."""
        self._ended = True
        for link in tuple(self._links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def _exchange(self, link: socket.socket, line: bytes) -> bytes:
        try:
            link.sendall(line)
            with link.makefile("rb") as answers:
                return answers.readline()
        except OSError as error:
            why = "the run ended" if self._ended else str(error.strerror or error)
            raise VantageError(f"the connection broke half-way: {why}") from None

    def _result(self, command: str, line: bytes) -> CommandResult:
        try:
            found = json.loads(line)
            stdout, stderr = (base64.b64decode(found[name]) for name in ("stdout", "stderr"))
            return CommandResult(self, int(found["rc"]), command.encode(), stdout, stderr)
        except (ValueError, LookupError, TypeError):
            told = "nothing" if not line else "something that is no answer"
            raise VantageError(f"the machine's socket said {told}") from None


def open_machine(spec: str) -> Machine:
    """Return the backend for ``machine://NAME?socket=PATH``."""
    parts = urlsplit(spec)
    return Machine(parts.netloc, parse_qs(parts.query)["socket"][0])

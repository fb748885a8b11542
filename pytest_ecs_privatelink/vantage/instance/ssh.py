"""SSH as testinfra does it, and then some: standard input, a deadline, no prompt, nothing left."""

import shlex
from typing import Any
from urllib.parse import parse_qs, urlsplit

from testinfra.backend import parse_hostspec
from testinfra.backend.base import CommandResult
from testinfra.backend.ssh import SshBackend

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.vantage.instance.process import STOPPED, Ended, Patience, Process
from pytest_ecs_privatelink.vantage.instance.troubles import NotAskedError, last_words, of_ssh

_GREETING = "pytest-ecs-privatelink: here"
_TRANSPORT_FAILED = 255
# The first word counts in ssh, so what the user says by ssh_extra_args goes before these.
_QUIETLY = (
    "-T -o BatchMode=yes -o ControlMaster=no -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
)


class Ssh(SshBackend):  # type: ignore[misc]  # testinfra ships no type information
    """testinfra's command and arguments, run with more care.

    The command says a greeting first: what does not come that far hangs, whatever it is later given
    time for. Nothing is logged, and no master connection is left behind.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as testinfra's
        super().__init__(*arguments, **{**options, "controlpersist": 0})
        self._processes: set[Process] = set()
        self._ended = False

    def execute(self, command: str, stdin: bytes, seconds: float) -> CommandResult:
        """Run ``command``; ``seconds`` begin when a connection may have been made."""
        asked = f"echo '{_GREETING}'; {self.get_command(command)}"
        # Twice: once for the connection, once for a jump host's or the login.
        first = 2.0 * self.timeout
        patience = Patience(greeting=_GREETING.encode(), first=first, whole=first + seconds)
        try:
            process = Process(("/bin/sh", "-c", f"exec {self._line(asked)}"))
        except OSError as error:
            raise NotAskedError(f"ssh cannot be started here: {error.strerror}") from None
        self._processes.add(process)
        if self._ended:
            process.stop()
        try:
            ended = process.converse(stdin, patience)
        finally:
            self._processes.discard(process)
        _judge(ended)
        # Without the greeting: what is left is the host's own, and told where no answer came.
        stdout = ended.stdout.replace(f"{_GREETING}\n".encode(), b"", 1)
        return CommandResult(self, ended.rc, command.encode(), stdout, ended.stderr)

    def run(self, command: str, *arguments: str, **_: Any) -> CommandResult:  # noqa: ANN401
        """Run a command as testinfra's own modules do."""
        return self.execute(self.quote(command, *arguments), b"", 60.0)

    def get_sudo_command(self, command: str, sudo_user: str | None) -> str:
        """Return testinfra's, with a sudo that asks nobody for a password."""
        return str(super().get_sudo_command(command, sudo_user)).replace("sudo ", "sudo -n ", 1)

    def end(self) -> None:
        """Kill all connections, also one that is only about to be made."""
        self._ended = True
        for process in tuple(self._processes):
            process.stop()

    def _line(self, command: str) -> str:
        words, arguments = self._build_ssh_command(command)
        words.insert(-1, _QUIETLY)
        return str(self.quote(" ".join(words), *arguments))


def open_ssh(spec: str) -> Ssh:
    """Return the backend for the host ``spec``; ``ssh_extra_args`` may be part of its query."""
    name, options = parse_hostspec(spec)
    options.pop("connection")
    if extra := parse_qs(urlsplit(spec).query).get("ssh_extra_args"):
        # Words of the user's own, for ssh alone: quoted one by one, no shell reads them.
        options["ssh_extra_args"] = shlex.join(shlex.split(extra[0]))
    return Ssh(name, **options)


def _judge(ended: Ended) -> None:
    stderr = ended.stderr.decode(errors="replace")
    if ended.killed == STOPPED:
        raise VantageError(STOPPED)
    if ended.killed:
        kind = VantageError if ended.greeted else NotAskedError
        helps = "see what runs there at login" if not ended.greeted else "see whether it hangs"
        raise kind(f"{ended.killed}, and the connection was ended: {helps}")
    if ended.greeted and ended.rc == _TRANSPORT_FAILED:
        raise VantageError(
            f"the connection broke half-way ({last_words(stderr)}): see whether it is up"
        )
    if ended.rc == _TRANSPORT_FAILED:
        raise of_ssh(stderr)
    if ended.rc == 127 and not ended.greeted:
        raise NotAskedError(
            f"no shell answered ({last_words(stderr)}): see that ssh is installed here, "
            "and that the user may run commands there"
        )

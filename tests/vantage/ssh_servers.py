"""A real OpenSSH server on loopback, without privileges, and hosts behind it that misbehave."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
LACKING = "no OpenSSH server and client here (apt install openssh-server)"
HONEST = 'exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"'


@dataclass(frozen=True, slots=True, kw_only=True)
class SshServer:
    """A server that listens on ``port``; ``config`` is an ssh_config that gets its ``Host`` in."""

    port: int
    config: Path
    log: Path
    forced: Path

    def behave(self, script: str) -> None:
        """Run ``script`` from now on, whatever is asked (as ``$SSH_ORIGINAL_COMMAND``)."""
        self.forced.write_text(f"#!/bin/sh\n{script}\n")
        self.forced.chmod(0o700)

    def spec(self, host: str = "host", query: str = "") -> str:
        """Return the testinfra host."""
        return f"ssh://{host}?ssh_config={self.config}{query}"

    @property
    def connections(self) -> int:
        """How many connections authenticated."""
        return self.log.read_text(errors="replace").count("Accepted publickey")


@contextlib.contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Run sshd in ``folder`` until closed; it skips the test where there is none."""
    if SSHD is None or shutil.which("ssh") is None:
        pytest.skip(LACKING)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name in ("host_key", "user_key"):
        _generate(folder / name)
    (folder / "authorized").write_text((folder / "user_key.pub").read_text())
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized\nPidFile none\n"
        f"ListenAddress 127.0.0.1\nPort {port}\nStrictModes no\nUsePAM no\nPrintMotd no\n"
        f"PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"ForceCommand {folder}/forced\n"
    )
    server = SshServer(
        port=port,
        config=_client_config(folder, port),
        log=folder / "log",
        forced=folder / "forced",
    )
    server.behave(HONEST)
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [*_as_root(), SSHD, "-D", "-e", "-f", folder / "sshd_config"],
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(server, process)
        yield server
    finally:
        # Sessions of its own may run on: they are in groups of theirs, and end with their clients.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def _as_root() -> tuple[str, ...]:
    """Give root's sshd the folder that it insists on, in a mount namespace of its own."""
    if os.geteuid() != 0 or Path("/run/sshd").is_dir():
        return ()
    make = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
    return ("unshare", "-m", "sh", "-c", make, "sh")


def _generate(path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)


def _client_config(folder: Path, port: int) -> Path:
    path = folder / "ssh_config"
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    path.write_text(
        f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {folder}/user_key\n"
        f"  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {known}\n"
        "  GlobalKnownHostsFile none\n  StrictHostKeyChecking yes\n"
    )
    return path


def _await(server: SshServer, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 10
    while "Server listening" not in server.log.read_text(errors="replace"):
        if process.poll() is not None:
            pytest.skip(f"sshd does not start here: {server.log.read_text(errors='replace')}")
        assert time.monotonic() < until, "sshd does not listen"
        time.sleep(0.01)

"""An OpenSSH server on loopback for benchmarks, with keys of its own, and services to reach."""

import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosts:
    """``config`` leads any host name to the server; by ``shared`` connections are shared."""

    config: Path
    shared: Path


@contextlib.contextmanager
def ssh_hosts(folder: Path) -> Iterator[Hosts]:
    """Run the server until closed; end the benchmark where there is no OpenSSH."""
    sshd = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin")
    if sshd is None or shutil.which("ssh") is None:
        raise SystemExit("needs OpenSSH: apt install openssh-server openssh-client")
    for name in ("host_key", "user_key"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True
        )
    shutil.copy(folder / "user_key.pub", folder / "authorized")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "sshd_config").write_text(
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized\nPidFile none\n"
        f"ListenAddress 127.0.0.1\nPort {port}\nStrictModes no\nUsePAM no\nPrintMotd no\n"
        "MaxSessions 64\n"
    )
    hosts = _write_configs(folder, port)
    command = [*_root_s_folder(), sshd, "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stderr=log, start_new_session=True)
    try:
        _await(port, folder / "log", server)
        yield hosts
    finally:
        server.terminate()
        server.wait(10)


@contextlib.contextmanager
def listening(count: int) -> Iterator[tuple[tuple[str, ...], int]]:
    """Accept connections on ``count`` addresses of loopback; yield them and their port."""
    addresses = tuple(f"127.0.0.{n}" for n in range(2, count + 2))
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(socket.create_server((addresses[0], 0), backlog=64))
        port = int(first.getsockname()[1])
        others = [
            stack.enter_context(socket.create_server((each, port), backlog=64))
            for each in addresses[1:]
        ]
        for listener in (first, *others):
            threading.Thread(target=_accept, args=(listener,), daemon=True).start()
        yield addresses, port


def _accept(listener: socket.socket) -> None:
    with contextlib.suppress(OSError):  # closed
        while True:
            listener.accept()[0].close()


def _write_configs(folder: Path, port: int) -> Hosts:
    known = folder / "known_hosts"
    known.write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    text = (
        f"Host *\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {folder}/user_key\n"
        f"  IdentitiesOnly yes\n  IdentityAgent none\n  UserKnownHostsFile {known}\n"
        "  StrictHostKeyChecking yes\n"
    )
    hosts = Hosts(config=folder / "ssh_config", shared=folder / "ssh_config_shared")
    hosts.config.write_text(text)
    hosts.shared.write_text(f"{text}  ControlPath {folder}/%n\n")
    return hosts


def _root_s_folder() -> tuple[str, ...]:
    """Give root's sshd the folder that it insists on, in a mount namespace of its own."""
    if os.geteuid() != 0 or Path("/run/sshd").is_dir():
        return ()
    make = 'mount -t tmpfs none /run && mkdir -m 755 /run/sshd && exec "$@"'
    return ("unshare", "-m", "sh", "-c", make, "sh")


def _await(port: int, log: Path, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + 10
    while "Server listening" not in log.read_text(errors="replace"):
        if server.poll() is not None or time.monotonic() > until:
            raise SystemExit(f"sshd does not listen on {port}: {log.read_text(errors='replace')}")
        time.sleep(0.01)

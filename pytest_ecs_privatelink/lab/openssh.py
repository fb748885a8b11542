"""OpenSSH around the lab: where its programs are, and what a client needs to reach the hosts.

No host is reached by its address: a relay connects its client to the Unix socket on which the
host's server is. Keys are made for one twin and lie in its folder.
"""

import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from pytest_ecs_privatelink.lab import ssh_relay

USER = "ec2-user"
HOST_KEY, CLIENT_KEY = "ssh_host_key", "ssh_key"
KNOWN_HOSTS, AUTHORIZED_KEYS = "known_hosts", "authorized_keys"
ALIAS = "host-of-the-lab"
"""What known_hosts calls every host: they are made together, and have one key."""

_USUAL_PLACES = "/usr/sbin:/usr/local/sbin:/sbin:/usr/bin"


def find_server(places: str = _USUAL_PLACES) -> str | None:
    """Return the path of sshd, which wants to be started by it; None where there is none."""
    return shutil.which("sshd") or shutil.which("sshd", path=places)


def is_installed() -> bool:
    """Return whether this machine has what serves and what asks."""
    return find_server() is not None and shutil.which("ssh") is not None


def client_config(twin: Path, hosts: Mapping[str, Path]) -> str:
    """Return the text of an ssh_config for the hosts of a twin: by what they are called.

    Whatever else is asked for is refused by the relay: nothing ever leaves for an address.
    """
    relay = [sys.executable, "-I", "-S", ssh_relay.__file__]
    blocks = [
        f"Host {name}\n  ProxyCommand {_command([*relay, str(path)])}\n"
        for name, path in hosts.items()
    ]
    return "".join(blocks) + (
        "Host *\n"
        f"  ProxyCommand {_command(relay)} %h\n"
        f"  User {USER}\n"
        f"  HostKeyAlias {ALIAS}\n"
        f"  IdentityFile {quoted(twin / CLIENT_KEY)}\n"
        "  IdentitiesOnly yes\n"
        "  IdentityAgent none\n"
        f"  UserKnownHostsFile {quoted(twin / KNOWN_HOSTS)}\n"
        "  GlobalKnownHostsFile none\n"
        "  UpdateHostKeys no\n"
        "  StrictHostKeyChecking yes\n"
        "  BatchMode yes\n"
        "  ControlMaster no\n"
        "  ControlPath none\n"
        "  LogLevel ERROR\n"
    )


def quoted(path: Path) -> str:
    """Return a path as OpenSSH's files want it."""
    return '"{}"'.format(str(path).replace("%", "%%"))


def _command(arguments: list[str]) -> str:
    return shlex.join(arguments).replace("%", "%%")

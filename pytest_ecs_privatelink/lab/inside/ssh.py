"""A host's OpenSSH server: one sshd for each connection, which is its standard input and output.

As root, sshd wants to change its user, which a namespace with one user does not allow. So it runs
as the unprivileged `openssh.USER`, in a user namespace where that is who we are.
"""

import asyncio
import os
import socket
from functools import partial
from pathlib import Path
from subprocess import SubprocessError

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from pytest_ecs_privatelink.lab.inside import kernel
from pytest_ecs_privatelink.lab.inside.surroundings import variables
from pytest_ecs_privatelink.lab.openssh import (
    ALIAS,
    AUTHORIZED_KEYS,
    CLIENT_KEY,
    HOST_KEY,
    KNOWN_HOSTS,
    USER,
    quoted,
)

_USER_ID = 1000
_MOST_AT_ONCE = 16
_CONFIG = "sshd_config"
_ACCOUNTS = {
    "passwd": f"root:x:0:0::/:/bin/sh\n{USER}:x:{_USER_ID}:{_USER_ID}::/tmp:/bin/sh\n",
    "group": f"root:x:0:\n{USER}:x:{_USER_ID}:\n",
}
_SETTINGS = """\
HostKey {key}
AuthorizedKeysFile {authorized}
PidFile none
LogLevel VERBOSE
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
DisableForwarding yes
PermitTTY no
PermitUserRC no
PrintMotd no
UseDNS no
SetEnv {variables}
"""


def prepare(folder: Path) -> None:
    """Write the keys of a twin's hosts and of whom they let in, and how their servers are set."""
    keys = {HOST_KEY: Ed25519PrivateKey.generate(), CLIENT_KEY: Ed25519PrivateKey.generate()}
    for name, key in keys.items():
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as file:
            file.write(pem)
    (folder / AUTHORIZED_KEYS).write_text(f"{_public(keys[CLIENT_KEY])}\n")
    (folder / KNOWN_HOSTS).write_text(f"{ALIAS} {_public(keys[HOST_KEY])}\n")
    told = " ".join(f'"{name}={text}"' for name, text in variables(folder).items())
    settings = _SETTINGS.format(
        key=quoted(folder / HOST_KEY), authorized=quoted(folder / AUTHORIZED_KEYS), variables=told
    )
    (folder / _CONFIG).write_text(settings)
    for name, text in _ACCOUNTS.items():
        (folder / name).write_text(text)


def mount_accounts(folder: Path) -> None:
    """Make `openssh.USER` known in this mount namespace."""
    for name in _ACCOUNTS:
        kernel.bind_over(folder / name, Path("/etc", name))


def serve_ssh(path: Path, log: Path, sshd: str) -> asyncio.Task[None]:
    """Let ``sshd`` answer on the Unix socket ``path``, and note connections in ``log``."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.setblocking(False)
    listener.bind(str(path))
    listener.listen()
    return asyncio.create_task(_accept(listener, log, sshd))


async def _accept(listener: socket.socket, log: Path, sshd: str) -> None:
    loop = asyncio.get_running_loop()
    places = asyncio.Semaphore(_MOST_AT_ONCE)
    with listener:
        async with asyncio.TaskGroup() as conversations:
            while True:
                await places.acquire()
                connection, _ = await loop.sock_accept(listener)
                conversation = conversations.create_task(_converse(connection, log, sshd))
                conversation.add_done_callback(lambda _: places.release())


async def _converse(connection: socket.socket, log: Path, sshd: str) -> None:
    with connection:
        connection.setblocking(True)
        try:
            server = await asyncio.create_subprocess_exec(
                *(sshd, "-i", "-f", str(log.parent / _CONFIG), "-E", str(log)),
                stdin=connection.fileno(),
                stdout=connection.fileno(),
                stderr=asyncio.subprocess.DEVNULL,
                env=variables(log.parent),
                preexec_fn=partial(kernel.become, _USER_ID, os.getuid(), os.getgid()),
            )
        except (OSError, SubprocessError) as error:
            with log.open("a") as file:
                file.write(f"{sshd} cannot be started as {USER}: {error}\n")
            return
    await server.wait()


def _public(key: Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

"""Commands over a Unix socket: what they bring, and that none of them holds up the others."""

import asyncio
import json
import os
import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine_client import exchange, run

from pytest_ecs_privatelink.lab.inside import machine

ENDS = 10.0
"""Seconds in which what was killed is to be gone."""


@pytest.fixture(scope="module")
def path() -> Iterator[Path]:
    """Run commands in a thread of this process."""
    listening, ended = threading.Event(), threading.Event()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder, "machine.sock")

        async def serve() -> None:
            server = await machine.serve_commands(path, {"PATH": "/usr/bin:/bin"})
            listening.set()
            await asyncio.to_thread(ended.wait)
            server.close()

        thread = threading.Thread(target=asyncio.run, args=(serve(),))
        thread.start()
        assert listening.wait(30)
        yield path
        ended.set()
        thread.join()


def ends(pid: int) -> bool:
    """Whether a process is gone, or goes in time."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    ended = bool(select.select([descriptor], [], [], ENDS)[0])
    os.close(descriptor)
    return ended


def test_command(path: Path) -> None:
    """A command reads what it is fed, byte for byte, and both its outputs and its status return."""
    everything = bytes(range(256)) * 1000
    done = run(path, "cat; echo why >&2; exit 7", everything)
    assert (done.rc, done.stdout, done.stderr) == (7, everything, b"why\n")


def test_command_that_reads_nothing(path: Path) -> None:
    """A command need not read what it is fed."""
    assert run(path, "true", bytes(1 << 20)).rc == 0


def test_timeout_kills_the_group(path: Path) -> None:
    """At the timeout the command and what it started are killed; what it said till then is told."""
    done = run(path, "sleep 60 & echo $!; wait", timeout=0.3)
    assert done.rc == machine.TIMED_OUT
    assert ends(int(done.stdout))


def test_stream_that_somebody_else_keeps(path: Path) -> None:
    """A process that left the group and keeps a stream open is waited for until the timeout."""
    done = run(path, "setsid sh -c 'echo $$; exec sleep 2' & exit 0", timeout=0.3)
    assert done.rc == machine.TIMED_OUT
    os.kill(int(done.stdout), 9)


def test_flood(path: Path) -> None:
    """Of a command that says too much the first part is told, and it comes to its end."""
    done = run(path, "head -c 20000000 /dev/zero; echo end >&2")
    assert (done.rc, len(done.stdout), done.stderr) == (0, 1 << 23, b"end\n")


def test_commands_run_side_by_side(path: Path, tmp_path: Path) -> None:
    """Two commands on two connections can wait for each other."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writing = threading.Thread(target=run, args=(path, f"echo met > {fifo}"))
    writing.start()
    assert run(path, f"cat {fifo}").stdout == b"met\n"
    writing.join()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("noise", "Expecting value: line 1 column 1 (char 0)"),
        ('{"command": 7}', "$.command: str expected, int found"),
        ('{"command": "true", "stdin": "%"}', "Only base64 data is allowed"),
        ('{"command": "true", "timeout": NaN}', "$.timeout: seconds up to 3600 expected"),
        ('{"command": "true", "timeout": 3601}', "$.timeout: seconds up to 3600 expected"),
    ],
)
def test_line_that_is_no_command(path: Path, line: str, error: str) -> None:
    """A line that cannot be understood is answered by the reason, and the next one is heard."""
    said, done = exchange(path, line, json.dumps({"command": "echo heard"}))
    assert said == {"error": error}
    assert done["rc"] == 0


def test_line_that_never_ends(path: Path) -> None:
    """Who sends a line that is too long is hung up on, and others are served."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.settimeout(30)
        with pytest.raises(ConnectionError):
            client.sendall(bytes(1 << 26))
    assert run(path, "true").rc == 0

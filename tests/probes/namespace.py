"""Run a script in a user, mount and network namespace of its own: no way out, and own files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_LOOPBACK_UP = """
import fcntl, socket, struct
with socket.socket() as _sock:
    fcntl.ioctl(_sock, 0x8914, struct.pack("16sh14s", b"lo", 0x41, b""))  # SIOCSIFFLAGS, UP
"""


def run(source: str, *, files: dict[str, Path] | None = None, seconds: float = 30) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Run ``source`` with loopback up and ``files`` bound over; return the JSON it prints."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("needs unshare of util-linux")
    isolate = [unshare, "--user", "--map-root-user", "--net", "--mount"]
    if subprocess.run([*isolate, "true"], capture_output=True, check=False).returncode:
        pytest.skip("the kernel or its policy offers no user namespaces")
    binds = "".join(f"mount --bind {mine} {theirs} && " for theirs, mine in (files or {}).items())
    command = [*isolate, "sh", "-c", binds + 'exec "$@"', "sh", sys.executable, "-c"]
    done = subprocess.run(
        [*command, _LOOPBACK_UP + source],
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

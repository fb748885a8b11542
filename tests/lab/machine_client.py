"""Run commands on a container instance of the lab, through the Unix socket that it has for them."""

import base64
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ran:
    """What a command brought."""

    rc: int
    stdout: bytes
    stderr: bytes


def exchange(path: Path, *lines: str) -> list[dict[str, Any]]:
    """Send lines on one connection; return the object that answers each."""
    with socket.socket(socket.AF_UNIX) as client, client.makefile("rb") as answers:
        client.connect(str(path))
        client.settimeout(30)
        client.sendall("".join(f"{line}\n" for line in lines).encode())
        return [json.loads(answers.readline()) for _ in lines]


def run(path: Path, command: str, stdin: bytes | None = None, timeout: float = 20.0) -> Ran:
    """Run ``command`` by the shell of the machine at ``path``."""
    fed = None if stdin is None else base64.b64encode(stdin).decode()
    (said,) = exchange(path, json.dumps({"command": command, "stdin": fed, "timeout": timeout}))
    stdout, stderr = (base64.b64decode(said[name]) for name in ("stdout", "stderr"))
    return Ran(said["rc"], stdout, stderr)


def python(path: Path, source: str) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Run ``source`` by the python3 of the machine at ``path``; return the JSON that it prints."""
    done = run(path, "exec python3 -I -", source.encode())
    assert done.rc == 0, done.stderr.decode()
    return json.loads(done.stdout)

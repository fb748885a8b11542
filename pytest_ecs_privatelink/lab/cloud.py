"""The lab's cloud: a moto server in a process of its own, and sessions that reach nothing else."""

import contextlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NoReturn, TypeAlias

from pytest_ecs_privatelink.errors import LabError

if TYPE_CHECKING:
    import boto3

REGION = "us-east-1"
ACCOUNT = "123456789012"
Client: TypeAlias = Any
"""A boto3 client: botocore makes its methods at run time."""

_FOREIGN = ("AWS_", "MOTO_", "TEST_SERVER_MODE", "TEST_PROXY_MODE", "PYTHONWARNINGS")
_ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "lab",
    "AWS_SECRET_ACCESS_KEY": "lab",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "false",
}


class Cloud:
    """An emulated AWS on a loopback port; ends with `close`, or with this process.

    Made by `launch`, which returns at once; everything else wants `wait` to have returned.
    """

    def __init__(self, process: subprocess.Popen[bytes], words: IO[bytes]) -> None:
        self._process = process
        self._words = words
        self._endpoint: str | None = None

    @classmethod
    def launch(cls, path: Path | None = None) -> "Cloud":
        """Start the process and return without waiting for it; `LabError` where there is none.

        With ``path`` it answers on that Unix socket too, which whoever may open it can do; the
        socket's folder is removed where this process is killed.
        """
        words = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close(); has no name on disk)
        try:
            process = subprocess.Popen(  # noqa: S603  (this interpreter, this package)
                [
                    *(sys.executable, "-P", "-m", "pytest_ecs_privatelink.lab.cloud_server"),
                    str(os.getpid()),
                    *([] if path is None else [str(path)]),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=words,
                env=_environment(),
                process_group=0,
            )
        except OSError as error:
            words.close()
            raise LabError(f"the lab's cloud cannot be started: {error}") from error
        return cls(process, words)

    @property
    def pid(self) -> int:
        """The process that serves."""
        return self._process.pid

    @property
    def endpoint(self) -> str:
        """``http://127.0.0.1:PORT``, once `wait` has returned."""
        if self._endpoint is None:
            raise LabError("the lab's cloud is not ready: wait() for it")
        return self._endpoint

    def wait(self, timeout: float = 30.0) -> None:
        """Return once the cloud answers; `LabError` if it ends, or after ``timeout`` seconds."""
        if self._endpoint is not None:
            return
        line = self._first_line(timeout)
        if not line.endswith(b"\n"):
            self._give_up(timeout)
        self._endpoint = f"http://127.0.0.1:{json.loads(line)['port']}"

    def session(self) -> "boto3.Session":
        """Return a session of which every client talks to this cloud, whatever the environment."""
        from pytest_ecs_privatelink.lab.cloud_session import session_at

        return session_at(self.endpoint, REGION)

    def close(self) -> None:
        """End the process and let go of its pipes; more than once is fine."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._words):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._endpoint = None

    def __enter__(self) -> "Cloud":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _first_line(self, timeout: float) -> bytes:
        stdout = self._process.stdout
        assert stdout is not None  # a pipe, by launch()
        line = b""
        deadline = time.monotonic() + timeout
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    break
                piece = os.read(stdout.fileno(), 4096)
                if not piece:
                    break
                line += piece
        return line

    def _give_up(self, timeout: float) -> NoReturn:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        status = self._process.poll()
        self._words.seek(0)
        words = self._words.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(words) if line.strip()), "it said nothing")
        self.close()
        if status is None:
            raise LabError(f"the lab's cloud did not answer within {timeout:g} s: {last}")
        raise LabError(f"the lab's cloud ended with status {status} before it answered: {last}")


def _environment() -> dict[str, str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | _ENVIRONMENT

"""A pytest plugin (``-p tapped``): watches the run's twin from before its first probe.

At its end the controller writes what `tap` saw to the file ``BENCHMARK_TAP``.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_TWIN = b"pytest_ecs_privatelink.lab.inside"


class Tapped:
    """Hooks of the controller."""

    def __init__(self) -> None:
        self._tap: subprocess.Popen[str] | None = None

    def pytest_sessionstart(self) -> None:
        """Begin when the run is open (tryfirst) and no worker has started (xdist's trylast)."""
        tap = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("tap.py"), str(_twin_of(os.getpid()))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert tap.stdout is not None
        if tap.stdout.readline() != "ready\n":
            raise pytest.UsageError("the twin's links cannot be watched")
        self._tap = tap

    def pytest_sessionfinish(self) -> None:
        """Stop watching while the twin still stands."""
        if self._tap is not None:
            told, _ = self._tap.communicate()
            if self._tap.returncode != 0:
                raise pytest.UsageError("watching the twin's links broke off")
            Path(os.environ["BENCHMARK_TAP"]).write_text(told)


def _twin_of(controller: int) -> int:
    """Return the twin's first process, a child of the controller."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == controller and _TWIN in (folder / "cmdline").read_bytes():
                return int(folder.name)
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
    raise pytest.UsageError("this run has no twin to watch")


def pytest_configure(config: pytest.Config) -> None:
    """Take part on the controller alone."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Tapped(), "tap-of-controller")

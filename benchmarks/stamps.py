"""A pytest plugin (``-p stamps``) that notes when a run reached its stages.

At its end the controller writes them to the file ``BENCHMARK_STAMPS`` as JSON: seconds, by name,
since ``BENCHMARK_BEGAN`` on the monotonic clock, which all processes of a machine share.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


class Stamps:
    """Hooks of the controller; the first time of each stage counts."""

    def __init__(self) -> None:
        self._began = float(os.environ["BENCHMARK_BEGAN"])
        self._seen: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionstart(self) -> Iterator[None]:
        """Note both ends of opening the run; the lab's own stages lie between."""
        self._stamp("session start")
        self._watch_lab()
        yield
        self._stamp("session open")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the first and the last outcome."""
        if report.when == "call":
            self._stamp("first check")
            self._seen.pop("last check", None)
            self._stamp("last check")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Write the stages."""
        Path(os.environ["BENCHMARK_STAMPS"]).write_text(json.dumps(self._seen))

    def _watch_lab(self) -> None:
        from pytest_ecs_privatelink.lab import laboratory
        from pytest_ecs_privatelink.lab.cloud import Cloud

        self._note_return(Cloud, "wait", "cloud ready")
        self._note_return(laboratory, "build_world", "world seeded")
        self._note_return(laboratory.Laboratory, "read", "world read")
        self._note_return(laboratory.Laboratory, "build_twin", "twin ready")

    def _note_return(self, owner: Any, name: str, stage: str) -> None:  # noqa: ANN401  (a class or module)
        function: Callable[..., object] = getattr(owner, name)

        def noted(*arguments: object, **named: object) -> object:
            result = function(*arguments, **named)
            self._stamp(stage)
            return result

        setattr(owner, name, noted)

    def _stamp(self, stage: str) -> None:
        self._seen.setdefault(stage, round(time.monotonic() - self._began, 3))


def pytest_configure(config: pytest.Config) -> None:
    """Take part on the controller alone."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stamps(), "stamps-of-controller")

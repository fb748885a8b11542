"""Runs of pytest with the plugin, each made once however many tests (and workers) look at it."""

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ecs_privatelink.audits.register import audited_codes
from pytest_ecs_privatelink.verdict import Claim

CELLS = 78
"""Cells of the lab's world in three subnets: two claims at each of eleven endpoint services, an
image pulled, a log event delivered, and a secret and a parameter fetched."""
AUDITS = len(audited_codes())
TESTS = CELLS + AUDITS
TASKS = 6
"""One-off tasks of the lab's world, by two launch types."""
WITHOUT_TASKS = tuple(each for each in Claim if each is not Claim.TASK_START)
_FOREIGN = ("AWS_", "PYTEST_", "COV_", "PY_COLORS", "NO_COLOR", "FORCE_COLOR", "COLUMNS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A pytest that has ended: its exit code, what it printed, and its JSON report if any."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def lines(self) -> list[str]:
        """Standard output, line by line."""
        return self.out.splitlines()

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report; `FileNotFoundError` where none was written."""
        report: dict[str, Any] = json.loads((self.folder / "ecs.json").read_text(encoding="utf-8"))
        return report

    @property
    def verdicts(self) -> dict[str, tuple[str, str | None, str]]:
        """Verdict, code and basis by check id; subjects (new in each lab) read ``*``."""
        return {
            _without_subject(check): (check["verdict"], check["code"], check["basis"])
            for check in self.report["checks"]
        }


def _without_subject(check: Mapping[str, Any]) -> str:
    subject = check["subject"]
    return str(check["id"]).replace(subject, "*") if subject else str(check["id"])


def environment(**changes: str) -> dict[str, str]:
    """Return a user's environment: nothing of the outer pytest's, no AWS, then ``changes``."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    return {**kept, "AWS_EC2_METADATA_DISABLED": "true", "PYTHONUTF8": "1", **changes}


def command(*arguments: str, tasks: bool = False) -> list[str]:
    """Return the command line of a pytest that reports to ``ecs.json`` and forgives no warning.

    Without ``tasks`` a run in the lab that names no claims starts none, which are dear.
    """
    ours: tuple[str, ...] = (
        *("-p", "no:cacheprovider", "-W", "error"),
        *("--ecs-json", "ecs.json"),
    )
    named = any(each.startswith("--ecs-claims") for each in arguments)
    if "--ecs-lab" in arguments and not named and not tasks:
        ours += ("--ecs-claims", ",".join(WITHOUT_TASKS))
    return [sys.executable, "-P", "-m", "pytest", *ours, *arguments]


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """Write ``files`` (text by relative path) below ``folder``."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


class Runs:
    """Runs pytest in folders below ``base``; alike calls of all processes share one run."""

    def __init__(self, base: Path) -> None:
        self._base = base

    def __call__(
        self, *arguments: str, files: Mapping[str, str] | None = None, **changes: str
    ) -> Finished:
        """Return the run of pytest with ``arguments`` among ``files``, ``changes`` set."""
        return self._made(command(*arguments), files, changes)

    def with_tasks(self, *arguments: str) -> Finished:
        """Return the run of pytest with ``arguments``, which may start one-off tasks."""
        return self._made(command(*arguments, tasks=True), None, {})

    def _made(
        self, line: list[str], files: Mapping[str, str] | None, changes: Mapping[str, str]
    ) -> Finished:
        said = json.dumps([line, files, dict(changes)], sort_keys=True)
        name = hashlib.sha256(said.encode()).hexdigest()[:10]
        folder, done = self._base / name, self._base / f"{name}.json"
        with _alone(self._base / f"{name}.lock"):
            if not done.exists():
                folder.mkdir()
                write_files(folder, files or {})
                ended = subprocess.run(
                    line,
                    cwd=folder,
                    env=environment(**changes),
                    capture_output=True,
                    text=True,
                    timeout=120,
                    check=False,
                )
                done.write_text(json.dumps([ended.returncode, ended.stdout, ended.stderr]))
        code, out, err = json.loads(done.read_text())
        return Finished(code=code, out=out, err=err, folder=folder)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield

"""The JSON report, schema 1 (DESIGN section 6; docs/report-schema-1.json)."""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_ecs_privatelink import __version__
from pytest_ecs_privatelink.diagnosis.causes import explained_by
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.records import to_json
from pytest_ecs_privatelink.reporting.run import Run

SCHEMA = 1


def render(run: Run) -> dict[str, Any]:
    """Return ``run`` as the report's JSON value."""
    causes = explained_by(run.causes)
    return {
        "schema": SCHEMA,
        "tool": {"name": "pytest-ecs-privatelink", "version": __version__},
        "run": to_json(run.facts),
        "subnets": to_json(run.subnets),
        "services": to_json(run.services),
        "checks": [
            {
                **to_json(check),
                "nodeid": run.nodeids.get(check.id, ""),
                "cause": causes[check.id].id if check.id in causes else None,
            }
            for check in run.checks
        ],
        "causes": to_json(run.causes),
    }


def write(path: str | os.PathLike[str], report: dict[str, Any]) -> None:
    """Write ``report`` to ``path``: all of it or nothing, whenever the process dies.

    Missing folders are made; a link's target is replaced, not the link. `SettingsError` where the
    file cannot be written.
    """
    text = json.dumps(report, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    target = Path(os.path.realpath(path))
    with _told(path):
        target.parent.mkdir(parents=True, exist_ok=True)
        # Made by open(), not by tempfile: the report gets the permissions that the umask gives.
        draft = target.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with draft.open("x", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise `SettingsError` where `write` could not succeed; leaves no trace on the disk."""
    target = Path(os.path.realpath(path))
    with _told(path):
        if target.is_dir():
            raise IsADirectoryError("it is a folder")
        if target.exists() and not target.is_file():
            raise OSError("it is no regular file")
        folder = next(each for each in target.parents if each.exists())
        if not folder.is_dir():
            raise NotADirectoryError(f"{folder} is no folder")
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"folder {folder} is not writable")


@contextlib.contextmanager
def _told(path: str | os.PathLike[str]) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise SettingsError(f"--ecs-json: cannot write {os.fspath(path)}: {reason}") from None

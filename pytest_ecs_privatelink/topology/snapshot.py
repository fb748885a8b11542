"""Snapshots as files: deterministic JSON that is written atomically and read strictly."""

import contextlib
import errno
import json
import os
import tempfile

from pytest_ecs_privatelink.errors import SnapshotError
from pytest_ecs_privatelink.records import RecordError, from_json, to_json
from pytest_ecs_privatelink.topology.model import SCHEMA, Snapshot
from pytest_ecs_privatelink.topology.wellformed import misspelt

_AGAIN = "save it again with --ecs-vpc VPC --ecs-save-snapshot FILE"


def to_text(snapshot: Snapshot) -> str:
    """Return the snapshot as JSON text, the same for equal snapshots, ending in a newline."""
    return json.dumps(to_json(snapshot), indent=1, sort_keys=True) + "\n"


def from_text(text: str, source: str) -> Snapshot:
    """Return the snapshot that ``text`` holds; `SnapshotError` names ``source`` (a file)."""
    value = _parse(text, source)
    if not isinstance(value, dict) or "schema" not in value:
        raise SnapshotError(f"{source} is JSON, but no snapshot of a VPC: {_AGAIN}")
    if value["schema"] != SCHEMA:
        raise SnapshotError(
            f"{source} has snapshot schema {value['schema']!r}, this version reads {SCHEMA}: "
            f"{_AGAIN}, or use the version that wrote it"
        )
    try:
        snapshot = from_json(Snapshot, value)
    except RecordError as error:
        raise SnapshotError(f"{source} does not fit snapshot schema {SCHEMA}: {error}") from None
    for path, problem in misspelt(snapshot):
        raise SnapshotError(f"{source} at {path}: {problem}")
    return snapshot


def check_writable(path: str | os.PathLike[str]) -> None:
    """Raise the `SnapshotError` that `save` would, as far as the disk tells; writes nothing."""
    folder = os.path.dirname(os.fspath(path)) or "."
    if not os.path.isdir(folder):
        problem = errno.ENOENT
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = errno.EACCES
    elif os.path.isdir(path):
        problem = errno.EISDIR
    else:
        return
    raise _unwritable(path, OSError(problem, os.strerror(problem)))


def save(snapshot: Snapshot, path: str | os.PathLike[str]) -> None:
    """Write the snapshot to ``path``, readable by its owner only; all of it or nothing."""
    folder, name = os.path.split(os.fspath(path))
    try:
        handle, draft = tempfile.mkstemp(prefix=f".{name}.", dir=folder or ".")
    except OSError as error:
        raise _unwritable(path, error) from None
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(to_text(snapshot))
        os.replace(draft, path)
    except OSError as error:
        raise _unwritable(path, error) from None
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def load(path: str | os.PathLike[str]) -> Snapshot:
    """Return the snapshot in the file ``path``; every trouble is a `SnapshotError`."""
    source = os.fspath(path)
    try:
        with open(source, encoding="utf-8-sig") as file:
            text = file.read()
    except FileNotFoundError:
        raise SnapshotError(f"{source} does not exist: {_AGAIN}") from None
    except OSError as error:
        raise SnapshotError(f"{source} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SnapshotError(f"{source} is no JSON (not UTF-8 text): {_AGAIN}") from None
    return from_text(text, source)


def _parse(text: str, source: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        told = f"{source} is no JSON ({error.msg}, {where})"
        if not text.strip():
            raise SnapshotError(f"{told}: {_AGAIN}") from None
        raise SnapshotError(f"{told}: mend it there, or {_AGAIN}") from None
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{source} is no JSON that can be read ({error}): {_AGAIN}") from None


def _unwritable(path: str | os.PathLike[str], error: OSError) -> SnapshotError:
    return SnapshotError(f"{os.fspath(path)} cannot be written: {error.strerror}")

"""The Pythons that are installed here, as hosts that have nothing but one of them."""

import shutil
import subprocess
import sys
from pathlib import Path

from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.pieces import More
from pytest_ecs_privatelink.vantage.program import by_stdin, read

VERSIONS = ("3.9", "3.10", "3.11", "3.12", "3.13")


def pythons() -> dict[str, str]:
    """Return the interpreters by version: always this one, of others the ones that are there."""
    found = {f"{sys.version_info[0]}.{sys.version_info[1]}": sys.executable}
    for version in VERSIONS:
        pyenv = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python3"))
        for known in filter(None, (shutil.which(f"python{version}"), *map(str, pyenv))):
            if version not in found and (real := _real(known)) is not None:
                found[version] = real
    return found


def _real(python: str) -> str | None:
    """Return the interpreter itself, which a launcher launches here and may not there."""
    tried = subprocess.run(
        [python, "-ISc", "import ssl, asyncio, sys; print(sys.executable)"],
        capture_output=True,
        text=True,
        check=False,
    )
    return tried.stdout.strip() if tried.returncode == 0 else None


def host(folder: Path, python: str) -> dict[str, str]:
    """Return the environment of a host whose only ``python3`` is ``python``."""
    (folder / "bin").mkdir(exist_ok=True)
    link = folder / "bin" / "python3"
    link.write_text(f'#!/bin/sh\nexec {python} "$@"\n')
    link.chmod(0o755)
    return {"PATH": f"{folder / 'bin'}:/usr/bin:/bin"}


def run(batch: Batch, environ: dict[str, str], *, metadata: str = "http://127.0.0.1:9") -> Brought:
    """Ask a host as ssh would; the program must end by itself and say nothing else."""
    command, fed = by_stdin(batch, metadata=metadata)
    done = subprocess.run(
        ["sh", "-c", command], input=fed, capture_output=True, env=environ, timeout=60, check=False
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")
    found = read(done.stdout.decode(), batch)
    assert not isinstance(found, More)
    return found

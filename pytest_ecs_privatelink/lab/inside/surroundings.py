"""What programs on a host find around them: their own /run, a Python, and few variables."""

import os
import sys
from pathlib import Path

from pytest_ecs_privatelink.lab.inside import kernel

_PROGRAMS = "bin"


def prepare(folder: Path) -> None:
    """Put a ``python3`` without anybody's packages into ``folder``: what this one is built on."""
    programs = folder / _PROGRAMS
    programs.mkdir()
    interpreter = getattr(sys, "_base_executable", None) or sys.executable
    (programs / "python3").symlink_to(interpreter)


def variables(folder: Path) -> dict[str, str]:
    """Return the environment of a program: nothing in it is of the user who runs the lab."""
    path = f"{folder / _PROGRAMS}:/usr/local/bin:/usr/bin:/bin"
    return {"PATH": path, "LANG": "C.UTF-8", "HOME": "/tmp"}  # noqa: S108  (as a home, not a file)


def own_run() -> None:
    """Enter a mount namespace where /var/run can be written without the machine's being touched.

    Its folders and links stay: some have the files for temporary ones, or name resolution. What
    listens in it does not: another Docker may be there.
    """
    kernel.enter_mount_namespace()
    run = Path("/var/run").resolve()
    links = {each.name: each.readlink() for each in run.iterdir() if each.is_symlink()}
    folders = {
        each.name: os.open(each, os.O_PATH | os.O_DIRECTORY)
        for each in run.iterdir()
        if each.is_dir() and not each.is_symlink()
    }
    kernel.mount_empty(run)
    for name, target in links.items():
        (run / name).symlink_to(target)
    for name, descriptor in folders.items():
        (run / name).mkdir()
        kernel.bind_over(Path(f"/proc/self/fd/{descriptor}"), run / name)
        os.close(descriptor)

"""Look into a folder's wheel and sdist, and use each where nothing of the checkout is in reach."""

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections import Counter
from pathlib import Path

PACKAGE = "pytest_ecs_privatelink"
CELLS = 87
"""What the healthy lab has: three subnets times eleven endpoint services times two claims, and four
chains, an agent and two tasks from each subnet."""


def main(dist: Path) -> None:
    """Hold the one wheel and the one sdist of ``dist`` to what they are built for."""
    (wheel,) = dist.glob("*.whl")
    (sdist,) = dist.glob("*.tar.gz")
    look_into(wheel)
    # Far from the checkout: pytest takes the configuration of whatever folder it lies below.
    with tempfile.TemporaryDirectory(prefix="ecs-package-") as name:
        folder = Path(name).resolve()
        python = install(wheel, folder / "environment")
        run_the_lab(python, folder / "empty")
        run_the_tests(python, unpack(sdist, folder / "sdist"))


def look_into(wheel: Path) -> None:
    """Assert that the wheel is the package, its scenarios and its types, and nothing beside."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {PACKAGE}, names
    for needed in ("py.typed", "scenarios/conftest.py", "scenarios/test_tcp_443.py"):
        assert f"{PACKAGE}/{needed}" in names, needed
    assert not [name for name in names if "tests/" in name or "benchmarks/" in name], names


def install(wheel: Path, environment: Path) -> Path:
    """Return the interpreter of a new environment that has the wheel with the lab."""
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", f"{wheel}[lab]"], check=True)
    return python


def run_the_lab(python: Path, folder: Path) -> None:
    """Assert that the main job passes in an empty folder, and that pytest starts from there."""
    folder.mkdir()
    out = pytest(python, folder, "--ecs-lab", "--ecs-json", "ecs.json")
    assert f"rootdir: {folder}\n" in out, out
    assert "configfile:" not in out, out
    checks = json.loads((folder / "ecs.json").read_text(encoding="utf-8"))["checks"]
    cells = Counter(
        (check["verdict"], check["basis"]) for check in checks if check["claim"] != "audit"
    )
    assert cells == {("passed", "probed"): CELLS}, cells


def unpack(sdist: Path, folder: Path) -> Path:
    """Return the unpacked sdist's own folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (unpacked,) = folder.iterdir()
    return unpacked


def run_the_tests(python: Path, unpacked: Path) -> None:
    """Assert that the sdist's tests of the documents find the documents and ``.ci/run``."""
    assert os.access(unpacked / ".ci" / "run", os.X_OK), "the sdist lacks .ci/run"
    pytest(python, unpacked, "tests/packaging")


def pytest(python: Path, folder: Path, *arguments: str) -> str:
    """Return what pytest printed in ``folder``; ends the script where it failed."""
    command = [str(python), "-P", "-m", "pytest", "-p", "no:cacheprovider", *arguments]
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    print(ended.stdout, ended.stderr, sep="")
    assert ended.returncode == 0, f"pytest {' '.join(arguments)} ended with {ended.returncode}"
    return ended.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))

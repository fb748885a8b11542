"""Whole runs made once, an environment without the user's AWS, and an emulated one."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab_runs import Runs
from rehearsals import Emulated, emulate


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Clear the user's AWS, proxy and pytest variables and give dummy credentials."""
    for name in os.environ:
        if name.startswith(("AWS_", "PYTEST_", "ECS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/credentials")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return monkeypatch


@pytest.fixture(scope="session")
def emulated() -> Iterator[Emulated]:
    """Run one emulated AWS that holds the lab's healthy world."""
    with emulate() as emulated:
        yield emulated


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Run pytest; the same run is made once for all tests of all workers."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder = shared / "runs"
    folder.mkdir(exist_ok=True)
    return Runs(folder)


@pytest.fixture(scope="session")
def snapshot(runs: Runs) -> Path:
    """Return a saved snapshot of the lab's healthy world, which needs no lab to be planned for."""
    saved = runs("--ecs-lab", "--collect-only", "-q", "--ecs-save-snapshot=world.json")
    assert saved.code == 0, saved.out + saved.err
    return saved.folder / "world.json"

"""Keeps the bundled scenarios visible whatever a project's collection settings say."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Never let a project's settings ignore a scenario."""
    return False if HERE in collection_path.parents else None


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect our files although ``python_files`` may not name them."""
    ours = HERE in file_path.parents and file_path.match("test_*.py")
    listed = any(file_path.match(pattern) for pattern in parent.config.getini("python_files"))
    return pytest.Module.from_parent(parent, path=file_path) if ours and not listed else None


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[pytest.Item | pytest.Collector] | None:
    """Collect our functions, and nothing else of our files, whatever a project names its tests."""
    if HERE not in collector.path.parents:
        return None
    ours = name.startswith("test_") and callable(obj)
    return list(collector._genfunctions(name, obj)) if ours else []

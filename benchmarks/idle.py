"""What the installed but unused plugin costs a run: wall time, CPU, and the modules it imports.

Pairs of runs of one trivial test, with the plugin and with ``-p no:ecs-privatelink``, in turn.
"""

import tempfile
from pathlib import Path

from measuring import Table, Timed, median, parser, run_pytest, run_python, tell

OFF = ("-p", "no:ecs-privatelink")
HEAVY = frozenset({"boto3", "botocore", "dns", "asyncio", "ssl", "moto", "pyroute2", "trustme"})
"""What the unused plugin must never import."""


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--pairs", type=int, default=15)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="idle-") as name:
        folder = Path(name)
        (folder / "test_trivial.py").write_text("def test_trivial():\n    pass\n")
        tell((_costs(folder, chosen.pairs), _imports(folder, chosen.pairs)), chosen.json)


def _costs(folder: Path, pairs: int) -> Table:
    _run(folder)  # a first run compiles and warms up
    with_: list[Timed] = []
    without: list[Timed] = []
    for turn in range(pairs):
        for off in ((), OFF) if turn % 2 else (OFF, ()):
            (without if off else with_).append(_run(folder, *off))
    return Table(
        title=f"idle cost, {pairs} interleaved pairs of one trivial test",
        goal="at most 5 ms more than with -p no:ecs-privatelink (median of pairs)",
        columns=("measure", "with [ms]", "without [ms]", "median difference [ms]"),
        rows=tuple(
            (measure, *_compare([getattr(each, field) for each in with_],
                                [getattr(each, field) for each in without]))
            for measure, field in (("wall", "seconds"), ("CPU", "cpu_seconds"))
        ),
    )  # fmt: skip


def _run(folder: Path, *options: str) -> Timed:
    return run_pytest("-q", *options, "test_trivial.py", folder=folder)


def _compare(with_: list[float], without: list[float]) -> tuple[float, float, float]:
    differences = (one - other for one, other in zip(with_, without, strict=True))
    medians = (median((value * 1000 for value in values), 1) for values in (with_, without))
    return (*medians, median((each * 1000 for each in differences), 1))  # type: ignore[return-value]  # two and one


def _imports(folder: Path, turns: int) -> Table:
    """Compare what is imported where no other plugin is loaded that might have brought it."""
    ours = ("-p", "pytest_ecs_privatelink.plugin")
    (folder / "modules.py").write_text(_MODULES)
    loaded, bare = (_imported(folder, *options) for options in (ours, ()))
    added = sorted(loaded - bare)
    heavy = sorted({name.split(".")[0] for name in added} & HEAVY)
    cost = median((_import_alone(folder) for _ in range(turns)), 2)
    return Table(
        title="modules that are imported because of us, beside a pytest without other plugins",
        goal=f"none of {', '.join(sorted(HEAVY))}; found: {', '.join(heavy) or 'none'}",
        columns=("module", "import [ms]"),
        rows=(*((name, "") for name in added), ("all, after pytest", cost)),
    )


_MODULES = """
import sys, pytest

status = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:], "test_trivial.py"])
print("modules:", *sys.modules)
raise SystemExit(status)
"""
_IMPORT = """
import time, pytest
began = time.perf_counter()
import pytest_ecs_privatelink.plugin, pytest_ecs_privatelink.plugin.fixtures
print(time.perf_counter() - began)
"""


def _imported(folder: Path, *options: str) -> frozenset[str]:
    ran = run_python("modules.py", *options, folder=folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    line = next(each for each in ran.output.splitlines() if each.startswith("modules: "))
    return frozenset(line.split()[1:])


def _import_alone(folder: Path) -> float:
    """Return the milliseconds that our own imports take in a process that has pytest."""
    return float(run_python("-c", _IMPORT, folder=folder).output) * 1000


if __name__ == "__main__":
    main()

"""What the installed but unused plugin costs a run: wall time, CPU, and the modules it imports.

Pairs of runs of one trivial test, with the plugin and with ``-p no:ecs-privatelink``, in turn. On a
busy machine their noise exceeds the plugin's cost; where valgrind is installed, instructions are
counted, too, which are the same every time.
"""

import re
import shutil
import tempfile
from argparse import BooleanOptionalAction
from collections.abc import Iterator
from pathlib import Path

from measuring import Table, Timed, median, parser, run_pytest, run_python, tell

ON: tuple[str, ...] = ()
OFF = ("-p", "no:ecs-privatelink")
HEAVY = frozenset({"boto3", "botocore", "dns", "asyncio", "ssl", "moto", "pyroute2", "trustme"})
"""What the unused plugin must never import."""


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--pairs", type=int, default=15)
    options.add_argument("--instructions", action=BooleanOptionalAction, default=True)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="idle-") as name:
        folder = Path(name)
        (folder / "test_trivial.py").write_text("def test_trivial():\n    pass\n")
        costs = _costs(folder, chosen.pairs, count=chosen.instructions)
        tell((costs, _imports(folder, chosen.pairs)), chosen.json)


def _costs(folder: Path, turns: int, *, count: bool) -> Table:
    """Time runs in turn; the second one without us shows what this machine's noise is worth."""
    _run(folder, ON)  # a first run compiles and warms up
    runs: dict[str, list[Timed]] = {"with": [], "without": [], "again": []}
    order = [("with", ON), ("without", OFF), ("again", OFF)]
    for turn in range(turns):
        shift = turn % len(order)
        for kind, switch in order[shift:] + order[:shift]:
            runs[kind].append(_run(folder, switch))
    timed = (
        _compare(measure, {kind: [getattr(each, field) * 1000 for each in found]
                           for kind, found in runs.items()})
        for measure, field in (("wall [ms]", "seconds"), ("CPU [ms]", "cpu_seconds"))
    )  # fmt: skip
    return Table(
        title=f"idle cost, median of {turns} interleaved pairs of one trivial test",
        goal="with - without at most 5 ms; without - without is this machine's noise",
        columns=("measure", "with", "without", "with - without", "without - without"),
        rows=(*timed, *(_instructions(folder) if count else ())),
    )


def _run(folder: Path, switch: tuple[str, ...]) -> Timed:
    return run_pytest("-q", *switch, "test_trivial.py", folder=folder)


def _compare(measure: str, found: dict[str, list[float]]) -> tuple[object, ...]:
    cost, noise = (
        median((one - other for one, other in zip(found[kind], found["without"], strict=True)), 1)
        for kind in ("with", "again")
    )
    return (measure, *(median(found[kind], 1) for kind in ("with", "without")), cost, noise)


def _instructions(folder: Path) -> Iterator[tuple[object, ...]]:
    """Yield a row of counted instructions where valgrind can count them."""
    valgrind = shutil.which("valgrind")
    if valgrind is not None:
        found = {kind: [_count(valgrind, folder, switch)]
                 for kind, switch in (("with", ON), ("without", OFF), ("again", OFF))}  # fmt: skip
        yield _compare("instructions [M]", found)


def _count(valgrind: str, folder: Path, switch: tuple[str, ...]) -> float:
    """Return millions of instructions of a run."""
    counting = (valgrind, "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null")
    ran = run_pytest(
        "-q", *switch, "test_trivial.py", folder=folder, under=counting, PYTHONHASHSEED="0"
    )
    (count,) = re.findall(r"I +refs: +([\d,]+)", ran.output)
    return int(count.replace(",", "")) / 1e6


def _imports(folder: Path, turns: int) -> Table:
    """Compare what is imported where no other plugin is loaded that might have brought it."""
    ours = ("-p", "pytest_ecs_privatelink.plugin")
    (folder / "modules.py").write_text(_MODULES)
    loaded, bare = (_imported(folder, *options) for options in (ours, ()))
    added = sorted(loaded - bare)
    heavy = sorted({name.split(".")[0] for name in added} & HEAVY)
    alone = [_alone(folder) for _ in range(turns)]
    imports, options = (median(column) for column in zip(*alone, strict=True))
    return Table(
        title="modules that are imported because of us, beside a pytest without other plugins",
        goal=f"none of {', '.join(sorted(HEAVY))}; found: {', '.join(heavy) or 'none'}",
        columns=("module", "ms"),
        rows=(
            *((name, "") for name in added),
            ("all imports, after pytest's own", imports),
            ("registering the options", options),
        ),
    )


_MODULES = """
import sys, pytest

status = pytest.main(["-q", "-p", "no:cacheprovider", *sys.argv[1:], "test_trivial.py"])
print("modules:", *sys.modules)
raise SystemExit(status)
"""
_ALONE = """
import time, pytest
from _pytest.config.argparsing import Parser
manager = pytest.PytestPluginManager()
began = time.perf_counter()
import pytest_ecs_privatelink.plugin, pytest_ecs_privatelink.plugin.fixtures
imported = time.perf_counter()
pytest_ecs_privatelink.plugin.pytest_addoption(Parser(_ispytest=True), manager)
print((imported - began) * 1000, (time.perf_counter() - imported) * 1000)
"""


def _imported(folder: Path, *options: str) -> frozenset[str]:
    ran = run_python("modules.py", *options, folder=folder, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    line = next(each for each in ran.output.splitlines() if each.startswith("modules: "))
    return frozenset(line.split()[1:])


def _alone(folder: Path) -> tuple[float, float]:
    """Return the milliseconds of our own imports, and of registering options, after pytest's."""
    imports, options = run_python("-c", _ALONE, folder=folder).output.split()
    return float(imports), float(options)


if __name__ == "__main__":
    main()

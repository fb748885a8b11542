"""What every benchmark needs: timed commands, medians, tables, and their results as JSON."""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
MODES: Mapping[str, tuple[str, ...]] = {
    "n0": ("-n0",),
    "n2": ("-n2",),
    "no-xdist": ("-p", "no:xdist"),
}
"""How a run is spread over processes, by the word for it: ``--modes n0,n2``."""

# An installed package is compiled, so benchmarks let Python keep what it compiles.
_FOREIGN = ("AWS_", "PYTEST_", "PYTHONDONTWRITEBYTECODE", "PYTHONSAFEPATH", "PYTHONWARNINGS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A command that has ended; seconds of wall time, and of CPU with all that it waited for."""

    seconds: float
    cpu_seconds: float
    output: str


def run_pytest(
    *arguments: str,
    folder: Path,
    expect: Sequence[int] = (0,),
    under: Sequence[str] = (),
    **environment: str,
) -> Timed:
    """Run ``pytest`` in ``folder`` with only ``environment`` added, and time it.

    ``under`` is a command that runs it, if any. Ends the benchmark with the run's last lines where
    its exit code is not among ``expect``.
    """
    ours = ("-m", "pytest", "-p", "no:cacheprovider")
    return run_python(*ours, *arguments, folder=folder, expect=expect, under=under, **environment)


def run_python(
    *arguments: str,
    folder: Path,
    expect: Sequence[int] = (0,),
    under: Sequence[str] = (),
    **environment: str,
) -> Timed:
    """Run this interpreter in ``folder``, like `run_pytest`."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(_FOREIGN)}
    ours = {"AWS_EC2_METADATA_DISABLED": "true", "PYTHONPATH": str(HERE)}
    before = _cpu_of_children()
    began = time.monotonic()
    ended = subprocess.run(
        [*under, sys.executable, *arguments],
        cwd=folder,
        env={**kept, **ours, "BENCHMARK_BEGAN": repr(began), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - began
    if ended.returncode not in expect:
        last = "\n".join(ended.stdout.splitlines()[-30:])
        raise SystemExit(f"{' '.join(arguments)} ended with {ended.returncode}:\n{last}")
    return Timed(seconds=seconds, cpu_seconds=_cpu_of_children() - before, output=ended.stdout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A benchmark's result: numbers are shown as they are, so round them before."""

    title: str
    goal: str
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]

    def text(self) -> str:
        """Return the table for people, its columns aligned."""
        cells = [self.columns, *(tuple(map(str, row)) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = (
            "  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
            for row in cells
        )
        return "\n".join((self.title, f"goal: {self.goal}", *lines))


def parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser that knows ``--json``."""
    made = argparse.ArgumentParser(description=description)
    made.add_argument("--json", type=Path, metavar="FILE", help="write the tables there, too")
    return made


def tell(tables: Iterable[Table], json_file: Path | None) -> None:
    """Print ``tables``; write them to ``json_file`` where one is asked for."""
    told = tuple(tables)
    load = f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}"
    print("\n\n".join(table.text() for table in told), f"\n({load})", sep="\n")
    if json_file is not None:
        tables_json = [
            {
                "title": table.title,
                "goal": table.goal,
                "rows": [dict(zip(table.columns, row, strict=True)) for row in table.rows],
            }
            for table in told
        ]
        json_file.write_text(json.dumps({"machine": load, "tables": tables_json}, indent=1) + "\n")


def median(values: Iterable[float], digits: int = 2) -> float:
    """Return the rounded median."""
    return round(statistics.median(values), digits)


def listed(text: str) -> tuple[str, ...]:
    """Return the parts of a comma-separated option."""
    return tuple(part for part in text.split(",") if part)


def sizes(text: str) -> tuple[tuple[int, int], ...]:
    """Return ``3x11,10x12`` as pairs of numbers."""
    pairs = (part.split("x") for part in listed(text))
    return tuple((int(subnets), int(services)) for subnets, services in pairs)


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

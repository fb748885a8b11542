"""How long proving a VPC of some size takes in the lab: every subnet against every endpoint."""

import json
import tempfile
from pathlib import Path

from measuring import MODES, Table, listed, median, parser, run_pytest, sizes, tell
from worlds import TASKS, make_snapshot

from pytest_ecs_privatelink.topology import snapshot as snapshots


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--sizes", type=sizes, default=((3, 11), (10, 12), (20, 12)))
    options.add_argument("--modes", type=listed, default=tuple(MODES), help=", ".join(MODES))
    options.add_argument("--runs", type=int, default=3)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        rows = tuple(
            _measure(Path(name), subnets, services, mode, chosen.runs)
            for subnets, services in chosen.sizes
            for mode in chosen.modes
        )
    table = Table(
        title=f"--ecs-lab --ecs-snapshot: seconds, median of {chosen.runs} runs",
        goal="none; it is to grow with the cells, and slowly",
        columns=("subnets", "services", "checks", "mode", "twin ready", "judging", "whole run"),
        rows=rows,
    )
    tell((table,), chosen.json)


def _measure(folder: Path, subnets: int, services: int, mode: str, runs: int) -> tuple[object, ...]:
    vpc, report, stamps = (folder / name for name in ("vpc.json", "report.json", "stamps.json"))
    snapshots.save(make_snapshot(subnets, services), vpc)
    times = []
    for _ in range(runs):
        ran = run_pytest(
            *("--ecs-lab", f"--ecs-snapshot={vpc}", f"--ecs-json={report}", "-q", "-p", "stamps"),
            f"--ecs-security-group={TASKS}",
            "--ecs-launch-type=fargate",
            *MODES[mode],
            folder=folder,
            BENCHMARK_STAMPS=str(stamps),
        )
        at = json.loads(stamps.read_text())
        times.append((at["twin ready"], at["last check"] - at["session open"], ran.seconds))
    passed = [each for each in json.loads(report.read_text())["checks"]
              if each["verdict"] == "passed" and each["basis"] == "probed"]  # fmt: skip
    if len(passed) != 2 * subnets * services:
        raise SystemExit(f"{len(passed)} checks of {2 * subnets * services} passed: no fair race")
    medians = (median(column) for column in zip(*times, strict=True))
    return (subnets, services, len(passed), mode, *medians)


if __name__ == "__main__":
    main()

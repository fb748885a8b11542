"""From the start of ``pytest --ecs-lab`` to its end, stage by stage."""

import json
import tempfile
from pathlib import Path

from measuring import MODES, Table, listed, median, parser, run_pytest, tell

STAGES = (
    *("session start", "cloud ready", "world seeded", "world read", "twin ready"),
    *("session open", "first check", "last check", "end"),
)


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--modes", type=listed, default=tuple(MODES), help=", ".join(MODES))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="lab-start-") as name:
        folder = Path(name)
        if chosen.runs > 1:
            _run(folder)  # compiles and warms up
        runs = {mode: [_run(folder, mode) for _ in range(chosen.runs)] for mode in chosen.modes}
    rows = (
        (stage, *(median(run[stage] for run in runs[mode]) for mode in chosen.modes))
        for stage in STAGES
    )
    table = Table(
        title=f"pytest --ecs-lab: seconds since its start, median of {chosen.runs} runs",
        goal="end at most 6 s on 2 cores",
        columns=("stage", *chosen.modes),
        rows=tuple(rows),
    )
    tell((table,), chosen.json)


def _run(folder: Path, mode: str = "n0") -> dict[str, float]:
    stamps = folder / "stamps.json"
    ran = run_pytest("--ecs-lab", "-q", "-p", "stamps", *MODES[mode],
                     folder=folder, BENCHMARK_STAMPS=str(stamps))  # fmt: skip
    stages: dict[str, float] = json.loads(stamps.read_text())
    return {**stages, "end": ran.seconds}


if __name__ == "__main__":
    main()

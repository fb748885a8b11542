"""Every fault of the lab, by what one-off tasks alone say of it: no path is probed, no audit asked.

A task of each launch type is started in each subnet. Each ends as the fault says that it should,
and where tasks fail of what audits know, the first cause is the one that the audits name.
"""

import sys
import time
from pathlib import Path

from measuring import Table, parser, tell

sys.path.append(str(Path(__file__).parents[1] / "tests" / "acceptance"))

from task_deaths import deaths_of

from pytest_ecs_privatelink.lab.faults import FAULTS, Fault


def main() -> int:
    """Break, start, judge and tell; the exit status is 1 where a task or a cause is another."""
    options = parser(__doc__)
    options.add_argument("--faults", default=",".join(FAULTS), help="which, by name")
    chosen = options.parse_args()
    judged = [_judge(FAULTS[name]) for name in chosen.faults.split(",")]
    table = Table(
        title="what tasks alone say of the lab's faults",
        goal="every task ends as its fault says; where audits know the cause, it comes first",
        columns=("fault", "red tasks", "unexpected", "first cause", "right", "seconds"),
        rows=tuple(judged),
    )
    tell((table,), chosen.json)
    return 0 if all(row[4] == "yes" for row in judged) else 1


def _judge(fault: Fault) -> tuple[str, int, str, str, str, float]:
    began = time.monotonic()
    died = deaths_of(fault)
    seconds = round(time.monotonic() - began, 1)
    others = [
        f"{slug}-{kind}: {' '.join(map(str, outcome))}"
        for (slug, kind), outcome in died.outcomes.items()
        if outcome != died.expected[slug, kind]
    ]
    named = died.top is fault.code or not (fault.findings and died.red)
    right = "yes" if named and not others else "no"
    return (fault.name, died.red, "; ".join(others), str(died.top or ""), right, seconds)


if __name__ == "__main__":
    sys.exit(main())

"""How long audits of a large VPC take, and how that grows with subnets, groups and rules."""

import time
from argparse import Namespace
from dataclasses import replace

from audited import make_crowd
from measuring import Table, listed, parser, tell

from pytest_ecs_privatelink.audits.register import AUDITS, judge
from pytest_ecs_privatelink.audits.scene import Scene, scene_of
from pytest_ecs_privatelink.plugin.plan import make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.wearing import wearers_of
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Basis, LaunchType

GOAL = "1 s for 200 subnets, 100 endpoints, 500 groups of 60 rules; 12 times that for ten times"
SETTINGS = Settings(lab=True, launch_types=tuple(LaunchType))
ALL, PLAN = "all audits", "make_plan, with all of them"


def main() -> None:
    """Measure and tell."""
    options = parser(__doc__)
    options.add_argument("--subnets", type=int, default=200)
    options.add_argument("--endpoints", type=int, default=100)
    options.add_argument("--groups", type=int, default=500)
    options.add_argument("--rules", type=int, default=60, help="of each group")
    options.add_argument("--times", type=listed, default=("1", "10"), help="two sizes")
    options.add_argument("--runs", type=int, default=2)
    chosen = options.parse_args()
    tell((_table(chosen, apart=False), _table(chosen, apart=True)), chosen.json)


def _table(chosen: Namespace, *, apart: bool) -> Table:
    small, large = (
        _measure(
            make_crowd(
                subnets=chosen.subnets * factor,
                endpoints=chosen.endpoints,
                groups=chosen.groups * factor,
                rules=chosen.rules,
                apart=apart,
            ),
            chosen.runs,
        )
        for factor in map(int, chosen.times)
    )
    shared = "each subnet has its own route table and ACL" if apart else "ten tables and ten ACLs"
    return Table(
        title=f"seconds of CPU, best of {chosen.runs} runs, of a VPC and one that is "
        f"{chosen.times[1]} times as large; {shared}",
        goal=GOAL,
        columns=("measure", chosen.times[0], chosen.times[1], "ratio"),
        rows=tuple((name, small[name], large[name], _ratio(small[name], large[name]))
                   for name in small),
    )  # fmt: skip


def _measure(snapshot: Snapshot, runs: int) -> dict[str, float]:
    """Return seconds by measure; ``findings`` counts what audits found."""
    times: dict[str, list[float]] = {}
    found = 0
    for _ in range(runs):
        scene = _scene(snapshot)
        for _, audit in AUDITS:
            began = time.process_time()
            list(audit(scene))
            times.setdefault(audit.__name__, []).append(time.process_time() - began)
        scene = _scene(snapshot)  # what audits have looked up is kept with a snapshot
        began = time.process_time()
        found = len(judge(scene)[0])
        times.setdefault(ALL, []).append(time.process_time() - began)
        fresh = replace(snapshot)
        began = time.process_time()
        make_plan(SETTINGS, fresh, basis=Basis.PROBED, ca_file=None)
        times.setdefault(PLAN, []).append(time.process_time() - began)
    return {**{name: round(min(each), 3) for name, each in times.items()}, "findings": found}


def _scene(snapshot: Snapshot) -> Scene:
    fresh = replace(snapshot)
    plan = make_plan(SETTINGS, fresh, basis=Basis.PROBED, ca_file=None)
    fresh = replace(snapshot)
    return scene_of(
        fresh,
        subnets=plan.selection.subnets,
        requirements=plan.requirements,
        launch_types=plan.launch_types,
        wearers=wearers_of(SETTINGS, fresh),
    )


def _ratio(small: float, large: float) -> float | str:
    return round(large / small, 1) if small else "-"


if __name__ == "__main__":
    main()

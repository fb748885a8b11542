"""Whether it matters how a subnet is probed: every fault of the lab, by each way, cell by cell.

Each fault breaks one lab, which is probed by its own vantage and then from its container instances.
A cell differs where its verdict, code or basis does. OpenSSH is used where it is installed.
"""

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from measuring import Table, listed, parser, tell

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.lab.faults import FAULTS
from pytest_ecs_privatelink.lab.openssh import is_installed
from pytest_ecs_privatelink.plugin.lab_instances import open_lab_instances
from pytest_ecs_privatelink.plugin.run import Run, open_run
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.targets.discretion import discreet
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Check

WAYS = ("ssh://ec2-user@{private_ip}", "ssm://{instance_id}", "machine://{instance_id}")
NONE = "none"
Judged = Mapping[Cell, Check]
Row = tuple[object, ...]


def main() -> None:
    """Compare and tell."""
    options = parser(__doc__)
    options.add_argument("--faults", type=listed, help=f"default: {NONE}, and all")
    options.add_argument("--ways", type=listed, default=WAYS[:2])
    options.add_argument("--timeout", type=float, default=2.0, help="of one probe, in seconds")
    options.add_argument("--minutes", type=float, default=60.0, help="begin no fault after these")
    chosen = options.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    ways = [way for way in chosen.ways if is_installed() or not way.startswith("ssh:")]
    worlds = chosen.faults or (NONE, *FAULTS)
    rows: list[Row] = []
    unlike: list[Row] = []
    for fault in worlds:
        if time.monotonic() < until:
            row, found = _compare(fault, ways, chosen.timeout)
            rows.append(row)
            unlike += found
            print(*row, file=sys.stderr, flush=True)
    compared = Table(
        title=f"cells that differ from the lab's own vantage: {len(rows)} of {len(worlds)} worlds",
        goal="none, in all worlds",
        columns=("fault", "cells", "not passed", *(f"by {way}" for way in ways), "seconds"),
        rows=tuple(rows),
    )
    differing = Table(
        title="what differs",
        goal="nothing",
        columns=("fault", "way", "claim", "service", "the lab's own", "the instance's"),
        rows=tuple(unlike),
    )
    tell((compared, differing), chosen.json)


def _compare(fault: str, ways: Sequence[str], timeout: float) -> tuple[Row, list[Row]]:
    """Return what one world came to, and a row for each cell that differs."""
    began = time.monotonic()
    own, others = _judge(fault, ways, timeout)
    unlike: list[Row] = [
        (fault, way, cell.claim, cell.service, _told(own[cell]), _told(others[way][cell]))
        for way in ways
        for cell in own
        if _word(own[cell]) != _word(others[way][cell])
    ]
    counts = [sum(row[1] == way for row in unlike) for way in ways]
    red = sum(check.verdict != "passed" for check in own.values())
    return (fault, len(own), red, *counts, round(time.monotonic() - began, 1)), unlike


def _judge(fault: str, ways: Sequence[str], timeout: float) -> tuple[Judged, Mapping[str, Judged]]:
    settings = Settings(lab=True, faults=() if fault == NONE else (fault,), timeout=timeout)
    run = open_run(settings, probing=True)
    try:
        with discreet():
            return _checks(run), {way: _checks(_by(run, way)) for way in ways}
    finally:
        run.close()


def _by(run: Run, way: str) -> Run:
    """Go on with the same lab from its container instances."""
    assert run.part.lab is not None
    assert run.exchange is not None
    plan = run.part.plan
    plan = replace(plan, settings=replace(plan.settings, connect=way))
    opened = open_lab_instances(run.part.lab.laboratory, plan)
    run.exchange.restart(plan.terms, opened.vantages)
    return run


def _checks(run: Run) -> Judged:
    assert run.exchange is not None
    terms = run.part.plan.terms
    services = [each.service for each in terms.services]
    stands = [(claim, service) for claim in PATH_CLAIMS for service in services]
    stands += [stand for stand in CHAINS if stand[1] in services]
    cells = [Cell(claim, each.id, service) for claim, service in stands for each in terms.subnets]
    run.exchange.select(cells)
    return {cell: run.exchange.check(cell) for cell in cells}


def _word(check: Check) -> tuple[object, ...]:
    return check.verdict, check.code, check.basis


def _told(check: Check) -> str:
    return f"{check.verdict} {check.code or ''}: {check.reason or check.observed}"[:200]


if __name__ == "__main__":
    main()

"""Two breaks at once are two causes, the graver and larger first, and every red cell has one."""

import inspect
import uuid
from collections import Counter
from collections.abc import Iterator
from itertools import combinations

import pytest
from rehearsals import Emulated, rehearse

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.diagnosis.causes import explained_by
from pytest_ecs_privatelink.lab import faults
from pytest_ecs_privatelink.lab.expectations import outcome
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault
from pytest_ecs_privatelink.lab.world import INTERFACE_SERVICES, SUBNET_CIDRS, World, build_world
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import (
    PATH_CLAIMS,
    Check,
    Claim,
    Code,
    Severity,
    Verdict,
)

PAIRS = 18
Pair = tuple[Fault, Fault]
Cells = frozenset[tuple[Claim, str, str]]
CELLS = [
    (claim, subnet, service)
    for subnet in SUBNET_CIDRS
    for claim, service in (
        *((claim, each) for claim in PATH_CLAIMS for each in (*INTERFACE_SERVICES, "s3")),
        *CHAINS,
    )
]
OLD_ENDPOINTS = {Code.ENDPOINT_ORDER, Code.AGENT_STALE}
NO_ENDPOINTS = {Code.ENDPOINT_WRONG_REGION, Code.ECS_ENDPOINTS_INCOMPLETE}
WAY_OUT = {
    Code.ENDPOINT_MISSING_PUBLIC_PATH,
    Code.INTERNET_PATH_BLOCKED,
    Code.PUBLIC_SUBNET_NO_PUBLIC_IP,
    Code.ECR_LAYER_PATH,
}
"""Their worlds have a way to the internet, which makes other breaks milder or other codes."""


def breaks(fault: Fault) -> Cells:
    """Return the cells that do not pass with ``fault`` alone."""
    passed = (Verdict.PASSED, None)
    return frozenset(cell for cell in CELLS if outcome(fault.expected, *cell) != passed)


def hides(fault: Fault, other: Fault) -> bool:
    """Return whether ``other`` breaks no cell that ``fault`` leaves alone."""
    return bool(breaks(other)) and breaks(other) <= breaks(fault)


def conflict(first: Fault, second: Fault) -> str | None:
    """Return why two faults cannot be told apart, or not be made together; None where they can."""
    if hides(first, second) or hides(second, first):
        return "one hides the other: all its cells are broken by both"
    if {first.code, second.code} & WAY_OUT:
        return "a way out changes what the other break means"
    if {first.code, second.code} & OLD_ENDPOINTS and {first.code, second.code} & NO_ENDPOINTS:
        return "one is about when the three ecs endpoints were made, the other takes them away"
    if first.disproved or second.disproved:
        return "one is over when it is probed, and no cause"
    if first.code is second.code:
        return "both have one code, which would be told once either way"
    return None


def subjects() -> Iterator[tuple[str, Fault]]:
    """Yield each fault that the lab offers, with the name of the file that it is in."""
    for name, room in inspect.getmembers(faults, inspect.ismodule):
        for fault in getattr(room, "FAULTS", ()):
            if fault.name in FAULTS:
                yield name, fault


def choose() -> list[Pair]:
    """Return at most `PAIRS` pairs of different subjects, those first whose faults had no turn."""
    possible = [
        (one, two)
        for (room, one), (other, two) in combinations(list(subjects()), 2)
        if room != other and conflict(one, two) is None
    ]
    used: Counter[str] = Counter()
    chosen: list[Pair] = []
    while possible and len(chosen) < PAIRS:
        pair = min(possible, key=lambda each: max(used[each[0].name], used[each[1].name]))
        possible.remove(pair)
        used.update(each.name for each in pair)
        chosen.append(pair)
    return chosen


def test_there_are_pairs_of_many_subjects() -> None:
    """The rules leave enough to choose from: the bound is reached, and no fault is in half."""
    chosen = choose()
    turns = Counter(fault.name for pair in chosen for fault in pair)

    assert len(chosen) == PAIRS
    assert max(turns.values()) <= PAIRS // 2
    assert {fault.name for _, fault in subjects()} == set(FAULTS)


@pytest.mark.parametrize("pair", choose(), ids=lambda pair: "+".join(each.name for each in pair))
def test_both_breaks_are_named(emulated: Emulated, pair: Pair) -> None:
    """Both codes are causes, gravest and largest first, and no red cell is left or told twice."""
    world, snapshot = broken(emulated, pair)
    twin = tuple(each for fault in pair for each in fault.twin)

    judged = rehearse(
        snapshot,
        groups=world.task_groups,
        instance_groups=world.instance_groups,
        faults=twin,
        cloud=emulated.socket,
        session=emulated.session,
    )

    causes = judged.causes
    assert {fault.code for fault in pair} <= {cause.code for cause in causes}
    assert list(causes) == sorted(
        causes, key=lambda each: (each.severity is not Severity.ERROR, -len(each.explains))
    )
    told = Counter(key for cause in causes for key in cause.explains)
    assert set(told.values()) <= {1}
    red = {place: check.id for place, check in judged.checks.items() if is_red(check)}
    assert set(red.values()) <= set(explained_by(causes))
    own = [breaks(fault) - breaks(other) for fault, other in (pair, pair[::-1])]
    assert set(judged.not_passed) >= own[0] | own[1]


def is_red(check: Check) -> bool:
    """Return whether the check failed or warned."""
    return check.verdict in (Verdict.FAILED, Verdict.WARNED)


def broken(emulated: Emulated, pair: Pair) -> tuple[World, Snapshot]:
    """Make both breaks in one world of their own; return it, and what is read of it."""
    world = build_world(emulated.session, cluster=f"lab-{uuid.uuid4().hex[:8]}")
    for fault in pair:
        if fault.break_cloud is not None:
            fault.break_cloud(world, emulated.session)
    return world, emulated.laboratory.read(world, pair).snapshot

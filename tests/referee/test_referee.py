"""Audits and probes judge the same: for random VPCs, what one predicts the other observes."""

import sys

import pytest
from random_worlds import drawn
from refereeing import judge, judge_all
from shrinking import smallest, told

from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.verdict import Claim, Code

WORLDS = 12
"""Worlds for each seed; `benchmarks/referee.py --worlds 2000` judges more."""

SEEDS = range(4)

if sys.platform != "linux":
    pytestmark = pytest.mark.skip(reason="the lab's network is made of Linux namespaces")


@pytest.mark.parametrize("seed", SEEDS)
def test_audits_predict_what_probes_observe(seed: int) -> None:
    """In every world a cell is blocked by a finding if, and only if, its probe does not pass."""
    judged = list(judge_all(drawn(WORLDS, seed)))
    wrong = [each for each in judged if each.disagreements]
    assert not wrong, f"seed {seed}, {len(wrong)} of {WORLDS} worlds:\n{told(smallest(wrong[0]))}"


def test_a_disagreement_is_found_and_made_small() -> None:
    """What only the wire knows is noticed, and the world that shows it loses what is beside it."""
    silent = (TwinFault(code=Code.TCP_TIMEOUT, service="logs"),)
    world = next(
        world
        for world, judged in ((each, judge(each, silent)) for each in drawn(WORLDS, 0))
        if judged.disagreements
    )
    judged = judge(world, silent)
    small = smallest(judged, lambda each: judge(each, silent))
    assert {(each.cell.claim, each.cell.service) for each in judged.disagreements} == {
        (Claim.TCP_443, "logs")
    }
    assert len(snapshots.to_text(small.world.snapshot)) < len(snapshots.to_text(world.snapshot))
    assert told(small).startswith("tcp-443 of logs from subnet-")
    assert "  audits: nothing\n  probe: failed tcp-timeout: " in told(small)


def test_worlds_are_neither_all_red_nor_all_green() -> None:
    """Of worlds that are broken everywhere, or nowhere, a referee would learn nothing."""
    judged = list(judge_all(drawn(WORLDS, 0)))
    cells, red = sum(each.cells for each in judged), sum(each.red for each in judged)
    assert 0.2 < red / cells < 0.8
    assert sum(each.left for each in judged) < 0.1 * cells


def test_worlds_are_the_same_for_the_same_seed() -> None:
    """A seed that a failure names brings its worlds back, and another one brings others."""
    assert drawn(WORLDS, 1) == drawn(WORLDS, 1)
    assert drawn(WORLDS, 1) != drawn(WORLDS, 2)

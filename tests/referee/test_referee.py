"""Audits and probes judge the same: for random VPCs, what one predicts the other observes."""

import sys
from dataclasses import replace

import pytest
from random_worlds import World, drawn
from refereeing import Disagreement, Judgement, judge, judge_all
from shrinking import smallest, told

from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Claim, Code, Verdict

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


SILENT = (TwinFault(code=Code.TCP_TIMEOUT, service="logs"),)


def test_a_disagreement_is_found() -> None:
    """What only the wire knows is noticed, in exactly the cells that it breaks."""
    judged = [judge(world, SILENT) for world in drawn(3, 0)]
    found = [each for judgement in judged for each in judgement.disagreements]
    assert {(each.cell.claim, each.cell.service) for each in found} == {(Claim.TCP_443, "logs")}
    assert "  audits: nothing\n  probe: failed tcp-timeout: " in str(found[0])


def test_a_disagreement_is_made_small() -> None:
    """The world that shows one loses what is beside it, and keeps what it takes."""
    judged = next(each for each in judge_all(drawn(3, 0)[:1]) if each.cells)
    cell = Cell(Claim.TCP_443, "subnet-a", "logs")
    check = make_check_of(cell)
    shown = replace(judged, disagreements=(Disagreement(cell, (), check),))

    def needs_a_group(world: World) -> Judgement:
        egress = {each.id: each.egress for each in world.snapshot.security_groups or ()}
        return replace(shown, world=world) if egress["sg-tasks"] else replace(judged, world=world)

    small = smallest(shown, needs_a_group)
    assert small.world.snapshot.endpoints == ()
    assert small.world.need == ("logs",)
    assert all(each.default for each in small.world.snapshot.network_acls or ())
    assert told(small).startswith("tcp-443 of logs from subnet-a\n  audits: nothing\n  probe: ")


def make_check_of(cell: Cell) -> Check:
    """Return a check that failed."""
    return Check(
        id="tcp-443[private-a-logs]",
        claim=cell.claim,
        verdict=Verdict.FAILED,
        basis=Basis.PROBED,
        code=Code.TCP_TIMEOUT,
        expected="open",
        observed="silent",
    )


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

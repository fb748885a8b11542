"""Every fault of the lab turns exactly the cells red that it says, with exactly its codes."""

import json
from pathlib import Path

import pytest
from rehearsals import Emulated, rehearse

from pytest_ecs_privatelink.lab.expectations import Expected, outcome
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault
from pytest_ecs_privatelink.lab.world import INTERFACE_SERVICES, SUBNET_CIDRS
from pytest_ecs_privatelink.verdict import PROBED_CLAIMS, Claim, Code, Verdict

CELLS = [
    (claim, subnet, service)
    for claim in PROBED_CLAIMS
    for subnet in SUBNET_CIDRS
    for service in (*INTERFACE_SERVICES, "s3")
]


def expected_of(*faults: Fault) -> dict[tuple[Claim, str, str], tuple[Verdict, Code | None]]:
    """Return how each cell of the lab's world should end with all of ``faults`` in it."""
    said: tuple[Expected, ...] = tuple(each for fault in faults for each in fault.expected)
    return {cell: outcome(said, *cell) for cell in CELLS}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_breaks_what_it_says_and_nothing_else(emulated: Emulated, fault: Fault) -> None:
    """Packets from every subnet to every service end as declared; audits find as declared."""
    world, snapshot = emulated.broken(fault)

    judged = rehearse(snapshot, groups=world.task_groups, faults=fault.twin)

    assert judged.outcomes == expected_of(fault)
    assert {finding.code for finding in judged.plan.findings} == set(fault.findings)
    assert judged.plan.unseen == ()


def test_the_healthy_world_passes_whole(emulated: Emulated) -> None:
    """Without a fault every cell passes and audits find nothing."""
    judged = rehearse(emulated.snapshot, groups=emulated.world.task_groups)

    assert judged.outcomes == expected_of()
    assert judged.plan.findings == ()

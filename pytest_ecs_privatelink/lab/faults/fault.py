"""What a fault is: a named single break of the healthy world, and what it should turn red.

A fault's name is the code of its cause, with a suffix where one code has several faults.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pytest_ecs_privatelink.lab.expectations import Expected
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code

if TYPE_CHECKING:
    import boto3

BreakCloud: TypeAlias = Callable[[World, "boto3.Session"], None]
Edit: TypeAlias = Callable[[Snapshot, World], Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One break of the healthy world.

    Made in the cloud (``break_cloud``), in the twin (``twin``), or, for what an emulator's API
    cannot express, in the corrected snapshot (``edit``); in the cloud and in the twin where what
    the twin does wrong needs a way that the healthy world has not.
    ``code`` is what a run reports: an audit's where one names the cause, else the live one.
    ``expected`` are the cells that do not pass; ``findings`` the codes of what audits hold.
    ``disproved``: probes show that what audits hold is over, so that the run has no cause.
    """

    name: str
    code: Code
    summary: str
    break_cloud: BreakCloud | None = None
    edit: Edit | None = None
    twin: tuple[TwinFault, ...] = ()
    expected: tuple[Expected, ...] = ()
    findings: tuple[Code, ...] = ()
    disproved: bool = False

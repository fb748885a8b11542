"""The lab's faults: named single breaks of the healthy world, and what each should turn red."""

from collections.abc import Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.lab.faults import (
    agents,
    chain,
    ecs,
    endpoints,
    filters,
    names,
    policies,
    routes,
    wire,
)
from pytest_ecs_privatelink.lab.faults.fault import Fault

__all__ = ("FAULTS", "Fault", "describe")

FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        each.name: each
        for room in (endpoints, names, filters, routes, ecs, agents, policies, wire, chain)
        for each in room.FAULTS
    }
)


def describe() -> str:
    """Return one line per fault, names and summaries aligned: ``--ecs-fault list``."""
    width = max(map(len, FAULTS))
    return "\n".join(f"{each.name:<{width}}  {each.summary}" for each in FAULTS.values())

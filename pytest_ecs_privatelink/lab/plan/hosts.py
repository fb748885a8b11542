"""The hosts of a plan: one for each subnet that is probed, and where each of them dials from."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.plan.addresses import (
    highest_free,
    host_address,
    taken_addresses,
    usable,
)
from pytest_ecs_privatelink.lab.plan.agents import planned_agents
from pytest_ecs_privatelink.lab.plan.routes import planned_routes
from pytest_ecs_privatelink.lab.plan.sources import MOST_SOURCES, distinct_sources
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.twin_plan import Guise, Host, PlannedHost
from pytest_ecs_privatelink.topology.lookup import subnet_of
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import LaunchType

_Worn = tuple[str, ...] | None


def planned_hosts(
    snapshot: Snapshot,
    hosts: tuple[Host, ...],
    faults: tuple[TwinFault, ...] = (),
    *,
    tasks: bool = False,
) -> tuple[tuple[PlannedHost, ...], tuple[str, ...]]:
    """Return the hosts, and a sentence for each that dials from fewer places than there are.

    ``tasks``: beside them are places in which one-off tasks can run.
    """
    taken = taken_addresses(snapshot)
    agents = planned_agents(snapshot, faults)
    planned: dict[str, PlannedHost] = {}
    caveats: list[str] = []
    for host in hosts:
        subnet = subnet_of(snapshot, host.subnet)
        if subnet is None:
            raise ValueError(f"{host.subnet} is no subnet of {snapshot.vpc.id}")
        if host.subnet in planned:
            raise ValueError(f"{host.subnet} has two hosts; a twin takes one for each subnet")
        guises = _guises(snapshot, subnet, host.wearers, taken, caveats)
        agent = agents.get(host.subnet)
        planned[host.subnet] = PlannedHost(
            subnet=host.subnet,
            guises=guises if agent is None else _as_instance(guises),
            routes=planned_routes(snapshot, host.subnet),
            agent=agent,
            tasks=_places_for_tasks(subnet, guises, taken) if tasks else (),
        )
    return tuple(planned.values()), tuple(caveats)


def _guises(
    snapshot: Snapshot,
    subnet: Subnet,
    wearers: Wearers,
    taken: frozenset[str],
    caveats: list[str],
) -> tuple[Guise, ...]:
    guises: list[Guise] = []
    for groups, launch_types in _dressed(wearers):
        try:
            address = host_address(subnet, taken)
        except LabError:
            if not guises:
                raise
            caveats.append(
                f"{subnet.id} has no second free address: the twin does not dial from it as"
                f" {launch_types[0]}"
            )
            break
        sources = distinct_sources(snapshot, subnet, groups, taken)
        if len(sources) > MOST_SOURCES:
            caveats.append(
                f"rules treat the sources in {subnet.id} in {len(sources)} ways: the twin dials"
                f" from the {MOST_SOURCES} widest"
            )
        guise = Guise(
            launch_types=launch_types,
            groups=groups,
            address=address,
            sources=sources[:MOST_SOURCES],
        )
        guises.append(guise)
        taken = taken.union(guise.addresses)
    return tuple(guises)


def _places_for_tasks(
    subnet: Subnet, guises: tuple[Guise, ...], taken: frozenset[str]
) -> tuple[Guise, ...]:
    """Return a place dressed as each of ``guises``, as long as the subnet has addresses."""
    taken = taken.union(*(guise.addresses for guise in guises))
    places: list[Guise] = []
    for guise in guises:
        address = highest_free(usable(subnet.cidr), taken)
        if address is not None:
            places.append(replace(guise, address=address, sources=()))
            taken = taken.union((address,))
    return tuple(places)


def _as_instance(guises: tuple[Guise, ...]) -> tuple[Guise, ...]:
    """Return the guises with the container instances' first: what runs there leaves with it."""
    return tuple(sorted(guises, key=lambda guise: LaunchType.EC2 not in guise.launch_types))


def _dressed(wearers: Wearers) -> Iterator[tuple[_Worn, tuple[LaunchType, ...]]]:
    """Yield each set of groups that is worn, and by whom; those of unknown ones dress as the first.

    To dial as nobody knows whom would cost packets and prove nothing.
    """
    known = {kind: groups for kind in LaunchType if (groups := wearers.get(kind)) is not None}
    if not known:
        yield None, tuple(LaunchType)
        return
    first = next(iter(known.values()))
    sets = {kind: frozenset(known.get(kind, first)) for kind in LaunchType}
    for worn in dict.fromkeys(sets.values()):
        kinds = tuple(kind for kind in LaunchType if sets[kind] == worn)
        yield next(known[kind] for kind in kinds if kind in known), kinds

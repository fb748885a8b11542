"""The hosts of a plan: one for each subnet that is probed, and where each of them dials from."""

from pytest_ecs_privatelink.lab.plan.addresses import host_address, taken_addresses
from pytest_ecs_privatelink.lab.plan.routes import planned_routes
from pytest_ecs_privatelink.lab.plan.sources import MOST_SOURCES, distinct_sources
from pytest_ecs_privatelink.lab.twin_plan import Host, PlannedHost
from pytest_ecs_privatelink.topology.lookup import subnet_of
from pytest_ecs_privatelink.topology.model import Snapshot


def planned_hosts(
    snapshot: Snapshot, hosts: tuple[Host, ...]
) -> tuple[tuple[PlannedHost, ...], tuple[str, ...]]:
    """Return the hosts, and a sentence for each that dials from fewer places than there are."""
    taken = taken_addresses(snapshot)
    planned: dict[str, PlannedHost] = {}
    caveats = []
    for host in hosts:
        subnet = subnet_of(snapshot, host.subnet)
        if subnet is None:
            raise ValueError(f"{host.subnet} is no subnet of {snapshot.vpc.id}")
        if host.subnet in planned:
            raise ValueError(f"{host.subnet} has two hosts; a twin takes one for each subnet")
        sources = distinct_sources(snapshot, subnet, host, taken)
        if len(sources) > MOST_SOURCES:
            caveats.append(
                f"rules treat the sources in {host.subnet} in {len(sources)} ways: the twin dials"
                f" from the {MOST_SOURCES} widest"
            )
        planned[host.subnet] = PlannedHost(
            subnet=host.subnet,
            groups=host.groups,
            address=host_address(subnet, taken),
            routes=planned_routes(snapshot, host.subnet),
            sources=sources[:MOST_SOURCES],
        )
    return tuple(planned.values()), tuple(caveats)

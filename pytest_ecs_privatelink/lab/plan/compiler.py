"""The one function that makes a plan: collects the parts and refuses what cannot be known."""

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.plan.caveats import caveats
from pytest_ecs_privatelink.lab.plan.filters import filter_chains
from pytest_ecs_privatelink.lab.plan.hosts import planned_hosts
from pytest_ecs_privatelink.lab.plan.names import planned_resolver
from pytest_ecs_privatelink.lab.plan.policies import planned_gateways, planned_premises
from pytest_ecs_privatelink.lab.plan.servers import planned_servers
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.twin_plan import (
    Host,
    PlannedHost,
    PlannedServer,
    TwinPlan,
)
from pytest_ecs_privatelink.topology.model import Snapshot

# Without these no packet could be judged; a twin that left them out would prove what is not so.
_INDISPENSABLE = ("route_tables", "interfaces", "security_groups", "network_acls")


def compile_plan(
    snapshot: Snapshot,
    *,
    hosts: tuple[Host, ...],
    registries: tuple[str, ...],
    faults: tuple[TwinFault, ...] = (),
    cloud: str | None = None,
    tasks: bool = False,
) -> TwinPlan:
    """Return the plan of ``snapshot``'s twin, with a place to probe from for each of ``hosts``.

    The snapshot is a corrected one: interface addresses lie in their subnets. ``registries`` are
    the account ids whose ECR registries have public names, ``cloud`` is the Unix socket of the
    emulated AWS that its servers turn to; with ``tasks`` that one can start tasks there. Raises
    `LabError` where a part that decides about packets could not be read, and ValueError for a host
    in no subnet or a subnet with two hosts.
    """
    _refuse_unknown(snapshot)
    planned, too_many = planned_hosts(snapshot, hosts, faults, tasks=tasks)
    everywhere = planned_servers(snapshot, registries, faults)
    servers = _reached(everywhere, planned)
    resolver = planned_resolver(snapshot, everywhere, faults)
    return TwinPlan(
        hosts=planned,
        servers=servers,
        resolver=resolver,
        chains=filter_chains(snapshot, planned, servers, resolver.addresses),
        premises=planned_premises(snapshot),
        gateways=planned_gateways(snapshot, planned),
        cloud=cloud,
        caveats=(*caveats(snapshot, planned), *too_many),
    )


def _reached(
    servers: tuple[PlannedServer, ...], hosts: tuple[PlannedHost, ...]
) -> tuple[PlannedServer, ...]:
    """Leave out what no host has a way to: its packets would not arrive anyway."""
    ways = {route.way for host in hosts for route in host.routes}
    return tuple(server for server in servers if ways.intersection(server.ways))


def _refuse_unknown(snapshot: Snapshot) -> None:
    needed = [*_INDISPENSABLE, *(["prefix_lists"] if _names_prefix_lists(snapshot) else [])]
    missing = [part for part in needed if getattr(snapshot, part) is None]
    if not missing:
        return
    permissions = {each.part: each.permission for each in snapshot.unreadable}
    parts = ", ".join(
        f"{part.replace('_', ' ')} ({permissions.get(part, 'reason not recorded')})"
        for part in missing
    )
    raise LabError(
        f"no twin of {snapshot.vpc.id} can be built, for the snapshot lacks {parts}:"
        " read it again with these permissions"
    )


def _names_prefix_lists(snapshot: Snapshot) -> bool:
    routes = (route for table in snapshot.route_tables or () for route in table.routes)
    rules = (
        rule for group in snapshot.security_groups or () for rule in (*group.ingress, *group.egress)
    )
    return any(route.destination.startswith("pl-") for route in routes) or any(
        rule.prefix_list is not None for rule in rules
    )

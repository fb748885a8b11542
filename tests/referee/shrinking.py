"""A world that shows a disagreement, less what does not matter to it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeVar

from random_filters import EVERYTHING
from random_worlds import World
from referee_ids import TASKS
from refereeing import Disagreement, Judgement, judge

from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.model import DhcpOptions, SecurityGroup, Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

T = TypeVar("T")

Judge = Callable[[World], Judgement]


def smallest(judgement: Judgement, again: Judge = judge) -> Judgement:
    """Return the judgement of the smallest world found that shows the first disagreement."""
    wanted = _kind(judgement.disagreements[0])
    while True:
        for world in _smaller(judgement.world, judgement.disagreements[0]):
            found = again(world)
            alike = tuple(each for each in found.disagreements if _kind(each) == wanted)
            if alike:
                judgement = replace(found, disagreements=alike)
                break
        else:
            return judgement


def told(judgement: Judgement) -> str:
    """Return what to paste into an issue: the disagreements, and the world as JSON."""
    world = judgement.world
    worn = {str(kind): groups for kind, groups in world.wearers.items()}
    return "\n".join(
        (
            *map(str, judgement.disagreements),
            f"launch types {', '.join(world.launch_types)}; wearing {worn}; need "
            f"{', '.join(world.need) or 'as derived'}; require private {world.require_private}",
            snapshots.to_text(world.snapshot),
        )
    )


def _kind(found: Disagreement) -> object:
    codes = frozenset(each.code for each in found.findings)
    return found.cell.claim, codes, found.check.verdict, found.check.code


def _smaller(world: World, about: Disagreement) -> Iterator[World]:
    """Yield worlds that are simpler in one respect."""
    yield from (
        each
        for each in (
            replace(world, need=(about.cell.service,)),
            replace(world, launch_types=world.launch_types[:1]),
            replace(world, launch_types=world.launch_types[1:] or world.launch_types),
            replace(world, wearers=dict.fromkeys(LaunchType, (TASKS,))),
            replace(world, require_private=False),
        )
        if each != world
    )
    for snapshot in _simpler(world.snapshot, about):
        if snapshot != world.snapshot:
            yield replace(world, snapshot=snapshot)


def _simpler(snapshot: Snapshot, about: Disagreement) -> Iterator[Snapshot]:
    yield replace(
        snapshot,
        vpc=replace(snapshot.vpc, dns_support=True, dns_hostnames=True),
        dhcp_options=DhcpOptions(id="dopt-1", name_servers=("AmazonProvidedDNS",)),
    )
    yield replace(snapshot, block_public_access="off")
    yield replace(snapshot, hosted_zones=())
    for endpoint in snapshot.endpoints:
        yield replace(snapshot, endpoints=_without(snapshot.endpoints, endpoint))
    yield replace(snapshot, peerings=())
    homes = {each.subnet for each in snapshot.interfaces or ()} | {about.cell.subnet}
    for subnet in snapshot.subnets:
        if subnet.id not in homes and subnet.name != "public":
            yield replace(snapshot, subnets=_without(snapshot.subnets, subnet))
    yield from _simpler_filters(snapshot)
    yield from _simpler_routes(snapshot)


def _simpler_filters(snapshot: Snapshot) -> Iterator[Snapshot]:
    acls, groups = snapshot.network_acls or (), snapshot.security_groups or ()
    for acl in acls:
        if not acl.default:
            yield replace(snapshot, network_acls=_without(acls, acl))
            for entry in acl.entries:
                less = replace(acl, entries=_without(acl.entries, entry))
                yield replace(snapshot, network_acls=_with(acls, acl, less))
    for group in groups:
        for simple in _simpler_groups(group):
            yield replace(snapshot, security_groups=_with(groups, group, simple))


def _simpler_groups(group: SecurityGroup) -> Iterator[SecurityGroup]:
    if group.ingress not in (EVERYTHING, ()):
        yield replace(group, ingress=EVERYTHING)
        for rule in group.ingress:
            yield replace(group, ingress=_without(group.ingress, rule))
    if group.egress not in (EVERYTHING, ()):
        yield replace(group, egress=EVERYTHING)
        for rule in group.egress:
            yield replace(group, egress=_without(group.egress, rule))


def _simpler_routes(snapshot: Snapshot) -> Iterator[Snapshot]:
    tables = snapshot.route_tables or ()
    for table in tables:
        if not table.main:
            yield replace(snapshot, route_tables=_without(tables, table))
        for route in table.routes:
            less = replace(table, routes=_without(table.routes, route))
            yield replace(snapshot, route_tables=_with(tables, table, less))


def _without(items: tuple[T, ...], item: T) -> tuple[T, ...]:
    return tuple(each for each in items if each is not item)


def _with(items: tuple[T, ...], old: T, new: T) -> tuple[T, ...]:
    return tuple(new if each is old else each for each in items)

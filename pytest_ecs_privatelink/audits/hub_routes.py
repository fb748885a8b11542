"""Audit: addresses of another VPC's endpoints that a subnet has no way to."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.answering import By, answers
from pytest_ecs_privatelink.audits.hub_leads import Lead, leads_of
from pytest_ecs_privatelink.audits.lacks import cells
from pytest_ecs_privatelink.audits.remedies_hub import Ways, route_to, ways_beyond
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread, unread_at
from pytest_ecs_privatelink.audits.weighing import public_answer_weighs
from pytest_ecs_privatelink.audits.wording import counted, named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.topology.lookup import table_of
from pytest_ecs_privatelink.topology.model import Route, RouteTable, RouteTarget, Snapshot, Subnet
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.topology.routes import Network, best_matches
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

CODE = Code.ENDPOINT_ROUTE_MISSING
_READING = "ec2:DescribeRouteTables"
# Where the far end is another VPC, or something that may lead there.
_BEYOND = frozenset(
    {
        RouteTarget.TRANSIT_GATEWAY,
        RouteTarget.PEERING,
        RouteTarget.VPN_GATEWAY,
        RouteTarget.INSTANCE_OR_INTERFACE,
        RouteTarget.APPLIANCE_ENDPOINT,
    }
)
_INSIDE = _BEYOND | {RouteTarget.LOCAL}
_CARRYING_STATES = frozenset({"active", "available"})
_PRIVATE = Ranges.of(
    ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16")
)
# Nobody owns more public space than this; shorter prefixes are defaults, whole or split.
_SHORTEST_OWN_PREFIX = 8


def route_missing(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find hub addresses that hosted zones give, and to which a table has no active route (R10).

    One finding for each route table. An alias for another VPC's endpoint tells no address: a table
    without any route to another network cannot lead there, else only a probe can tell. Pattern:
    AWS whitepaper "Building a Scalable and Secure Multi-VPC AWS Network Infrastructure".
    """
    if scene.snapshot.hosted_zones is None and _looks_beyond(scene):
        reading = "route53:ListHostedZonesByVPC"
        yield from unread(scene.snapshot, "hosted_zones", reading, "hosted zones", CODE)
    leads = tuple(leads_of(scene))
    if leads and scene.snapshot.route_tables is None:
        yield from _unread(scene, leads)
    if not leads or scene.snapshot.route_tables is None:
        return
    aliased: dict[str, Lead] = {}
    dead, ways = _dead_ends(scene.snapshot), ways_beyond(scene.snapshot)
    judged: dict[tuple[Route, ...], tuple[tuple[_Stuck, ...], tuple[Lead, ...]]] = {}
    for table, subnets in _by_table(scene):
        if table.routes not in judged:  # most tables of a VPC are alike
            judged[table.routes] = _judge(scene.snapshot, table, subnets[0], leads, dead)
        stuck, doubtful = judged[table.routes]
        aliased.update({each.requirement.service: each for each in doubtful})
        if stuck:
            yield _finding(scene, table, subnets, stuck, ways)
    for service, lead in sorted(aliased.items()):
        reason = f"where {lead.alias} lies is not in the snapshot: only probing can tell"
        yield Unseen(code=CODE, subject=service, reason=reason)


def _looks_beyond(scene: Scene) -> bool:
    """Return whether a hosted zone might answer for a name for which no endpoint here does."""
    return any(
        answer.by is By.PUBLIC and not SERVICES[service].gateway
        for service, theirs in answers(scene).items()
        for answer in theirs
    )


def _by_table(scene: Scene) -> Iterator[tuple[RouteTable, tuple[Subnet, ...]]]:
    tables: dict[str, RouteTable] = {}
    subnets: dict[str, list[Subnet]] = defaultdict(list)
    for subnet in scene.subnets:
        table = table_of(scene.snapshot, subnet.id)
        if table is not None:
            tables[table.id] = table
            subnets[table.id].append(subnet)
    return ((table, tuple(subnets[id_])) for id_, table in sorted(tables.items()))


def _dead_ends(snapshot: Snapshot) -> frozenset[str]:
    """Return the connections that exist and carry nothing: one that is not accepted does not."""
    return frozenset(
        each.id for each in snapshot.peerings or () if each.state not in _CARRYING_STATES
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stuck:
    """A lead that ends, and what the table has for it."""

    lead: Lead
    match: tuple[Network, Route] | None


def _judge(
    snapshot: Snapshot,
    table: RouteTable,
    subnet: Subnet,
    leads: tuple[Lead, ...],
    dead: frozenset[str],
) -> tuple[tuple[_Stuck, ...], tuple[Lead, ...]]:
    """Return the leads that end in the subnet, and those of which nobody can say."""
    addresses = dict.fromkeys(each.address for each in leads if each.address is not None)
    matches = best_matches(snapshot, subnet.id, addresses)
    stuck = [
        _Stuck(lead=each, match=matches[each.address])
        for each in leads
        if each.address is not None and not _reaches(each.address, matches[each.address], dead)
    ]
    aliases = tuple(each for each in leads if each.address is None)
    if any(_carries(each, _BEYOND, dead) for each in table.routes):
        return tuple(stuck), aliases
    return (*stuck, *(_Stuck(lead=each, match=None) for each in aliases)), ()


def _reaches(address: str, match: tuple[Network, Route] | None, dead: frozenset[str]) -> bool:
    if match is None or not _carries(match[1], _INSIDE, dead):
        return False
    return address in _PRIVATE or match[0].prefixlen >= _SHORTEST_OWN_PREFIX


def _carries(route: Route, targets: frozenset[RouteTarget], dead: frozenset[str]) -> bool:
    return route.active and route.target in targets and route.target_id not in dead


def _finding(
    scene: Scene,
    table: RouteTable,
    subnets: tuple[Subnet, ...],
    stuck: tuple[_Stuck, ...],
    ways: Ways,
) -> Finding:
    hurt = tuple(dict.fromkeys(each.lead.requirement for each in stuck))
    kinds = {kind for each in hurt for kind in each.launch_types}
    places = counted(tuple(dict.fromkeys(each.lead.place for each in stuck)), "addresses")
    zones = tuple(dict.fromkeys(each.lead.zone for each in stuck))
    services = counted(tuple(each.service for each in hurt))
    return Finding(
        code=CODE,
        severity=_weight(scene, subnets, stuck),
        subject=table.id,
        summary=(
            f"{table.id} of {named(subnets)} has no active route to {places}, which "
            f"hosted zone{'s' if zones[1:] else ''} {counted(zones, 'in all')} "
            f"give{'' if zones[1:] else 's'} for {services}: no packet gets there"
        ),
        expected=f"an active route to {places} from {named(subnets)}",
        observed="; ".join(dict.fromkeys(_observed(each) for each in stuck)),
        remedy=route_to(scene.snapshot, table, stuck[0].lead.address, ways),
        reference=PAGES[CODE],
        launch_types=tuple(kind for kind in LaunchType if kind in kinds),
        blocks=tuple(cell for each in hurt for cell in cells(each, subnets)),
    )


def _weight(scene: Scene, subnets: tuple[Subnet, ...], stuck: tuple[_Stuck, ...]) -> Severity:
    """Return a warning where all that zones give is public, and a public path leads there."""
    weights = {
        public_answer_weighs(scene, each.lead.requirement.service, subnets)
        if each.lead.address is not None and each.lead.address not in _PRIVATE
        else Severity.ERROR
        for each in stuck
    }
    return Severity.ERROR if Severity.ERROR in weights else Severity.WARNING


def _observed(stuck: _Stuck) -> str:
    if stuck.lead.address is None:
        return "no route to any other network"
    if stuck.match is None:
        return f"no route to {stuck.lead.address}"
    network, route = stuck.match
    dead = "" if route.active else ", a blackhole"
    return f"{stuck.lead.address} is routed by {network} to {route.target_id}{dead}"


def _unread(scene: Scene, leads: tuple[Lead, ...]) -> Iterator[Unseen]:
    if scene.snapshot.emulated:
        return
    for service in dict.fromkeys(each.requirement.service for each in leads):
        part, what = "route_tables", "route tables"
        yield unread_at(scene.snapshot, service, part, _READING, what, CODE)

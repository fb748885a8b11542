"""Audits: route tables that do not lead all of S3 to its gateway endpoint."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from pytest_ecs_privatelink.audits.lacks import cells, elsewhere
from pytest_ecs_privatelink.audits.remedies import aws, block, text
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.fates import Fate, fates
from pytest_ecs_privatelink.topology.lookup import endpoints_for, s3_prefix_list, table_of
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
)
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.verdict import Code, Finding, Remedy, Severity

CODES = (Code.S3_GATEWAY_NO_ROUTE, Code.S3_ROUTE_SHADOWED)
_UNKNOWN_TABLE = "ROUTE_TABLE_ID"
_SPELT_OUT = 3  # ranges; more are counted, so that a line stays one
_SHUT = frozenset({Egress.NONE, Egress.PEERING})


@dataclass(frozen=True, slots=True)
class _Case:
    """One route table, and subnets under test that use it with the same weight."""

    scene: Scene
    requirement: Requirement
    gateways: tuple[Endpoint, ...]
    table: RouteTable | None
    subnets: tuple[Subnet, ...]
    severity: Severity

    @property
    def gateway(self) -> str:
        """Id of the gateway endpoint that the table should lead to."""
        return self.gateways[0].id


def s3_routes(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find route tables that send S3, whole or in part, past its gateway endpoint (R5)."""
    for requirement in scene.requirements:
        gateways = _gateways(scene.snapshot, requirement.service)
        if SERVICES[requirement.service].gateway and gateways and not _by_interface(scene):
            yield from _of_service(scene, requirement, gateways)


def _of_service(
    scene: Scene, requirement: Requirement, gateways: tuple[Endpoint, ...]
) -> Iterator[Finding | Unseen]:
    say = partial(_unseen, gateways[0].id)
    if scene.snapshot.route_tables is None:
        yield from say(scene, "route_tables", "ec2:DescribeRouteTables", CODES)
        return
    ranges = _ranges(scene.snapshot)
    if not ranges:
        permission = "ec2:GetManagedPrefixListEntries"
        yield from say(scene, "prefix_lists", permission, (Code.S3_ROUTE_SHADOWED,))
    other = elsewhere(scene, requirement.service)
    for case in _cases(scene, requirement, gateways):
        for finding in _judged(case, ranges):
            yield _left_to_probes(finding, other) if other else finding


def _left_to_probes(finding: Finding, other: str) -> Unseen:
    reason = f"{other} may answer for S3: only probing can tell"
    return Unseen(code=finding.code, subject=finding.subject, reason=reason)


def _unseen(
    subject: str, scene: Scene, part: str, permission: str, codes: tuple[Code, ...]
) -> Iterator[Unseen]:
    if scene.snapshot.emulated:
        return
    known = {entry.part: entry.permission for entry in scene.snapshot.unreadable}
    missing = known.get(part, permission)
    what = part.replace("_", " ")
    for code in codes:
        reason = f"the {what} could not be read: missing permission {missing}"
        yield Unseen(code=code, subject=subject, reason=reason, permissions=(missing,))


def _gateways(snapshot: Snapshot, service: str) -> tuple[Endpoint, ...]:
    found = endpoints_for(snapshot, service)
    return tuple(each for each in found if each.type is EndpointType.GATEWAY)


def _by_interface(scene: Scene) -> bool:
    """Return whether S3's names lead to interfaces, which need no route to the gateway."""
    return any(
        each.type is EndpointType.INTERFACE
        and each.state == "available"
        and each.private_dns
        and not each.private_dns_inbound_resolver_only
        for each in endpoints_for(scene.snapshot, "s3")
    )


def _ranges(snapshot: Snapshot) -> Ranges:
    prefix_list = s3_prefix_list(snapshot)
    return Ranges.of(prefix_list.cidrs if prefix_list is not None else ())


def _cases(
    scene: Scene, requirement: Requirement, gateways: tuple[Endpoint, ...]
) -> Iterator[_Case]:
    tables: dict[str, RouteTable | None] = {}
    users: dict[tuple[str, Severity], list[Subnet]] = {}
    for subnet in scene.subnets:
        table = table_of(scene.snapshot, subnet.id)
        id_ = "" if table is None else table.id
        tables[id_] = table
        users.setdefault((id_, _severity(scene, subnet)), []).append(subnet)
    for (id_, severity), subnets in users.items():
        yield _Case(scene, requirement, gateways, tables[id_], tuple(subnets), severity)


def _severity(scene: Scene, subnet: Subnet) -> Severity:
    """Weigh as the claims do: what a public path may carry is a warning (DESIGN, "Severity")."""
    excused = not scene.require_private and scene.egress[subnet.id] not in _SHUT
    return Severity.WARNING if excused else Severity.ERROR


def _judged(case: _Case, ranges: Ranges) -> Iterator[Finding]:
    if case.table is None or not _leads(case, case.table, ranges):
        yield _no_route(case)
        return
    parts = fates(case.scene.snapshot, case.table, ranges)
    lost = tuple(each for each in parts if not _is_led(case, each.route))
    if lost:
        yield _shadowed(case, lost)


def _leads(case: _Case, table: RouteTable, ranges: Ranges) -> bool:
    """Return whether the table has a route to the gateway, be it shadowed or not.

    Where the prefix list was not read, the association and the route's target tell.
    """
    prefix_list = s3_prefix_list(case.scene.snapshot) if ranges else None
    to_it = [each for each in table.routes if _is_led(case, each)]
    if prefix_list is not None:
        return any(each.destination == prefix_list.id for each in to_it)
    return bool(to_it) or any(table.id in each.route_tables for each in case.gateways)


def _is_led(case: _Case, route: Route | None) -> bool:
    """Return whether ``route`` leads to S3's gateway: one that is not listed is the VPC owner's."""
    if route is None or not route.active or route.target is not RouteTarget.GATEWAY_ENDPOINT:
        return False
    listed = case.scene.snapshot.index.endpoints.get(route.target_id or "")
    return listed is None or listed in case.gateways


def _no_route(case: _Case) -> Finding:
    snapshot, gateway, service = case.scene.snapshot, case.gateway, case.requirement.service
    table = _UNKNOWN_TABLE if case.table is None else case.table.id
    prefix_list = s3_prefix_list(snapshot)
    return _finding(
        case,
        Code.S3_GATEWAY_NO_ROUTE,
        summary=(
            f"{_called(case)} does not lead {service} to the gateway endpoint {gateway}, so "
            f"{named(case.subnets)} {_goes(case)}: {case.requirement.because}"
        ),
        expected=f"a route {_list_name(prefix_list)} -> {gateway} in {table}",
        observed=_found(case, prefix_list),
        remedy=Remedy(
            (
                aws(
                    snapshot,
                    *("modify-vpc-endpoint", "--vpc-endpoint-id", gateway),
                    *("--add-route-table-ids", table),
                ),
            ),
            block(
                "aws_vpc_endpoint_route_table_association",
                service,
                route_table_id=text(table),
                vpc_endpoint_id=text(gateway),
            ),
        ),
    )


def _goes(case: _Case) -> str:
    if case.severity is Severity.WARNING:
        return "can reach it only off the private path"
    if case.scene.require_private:
        return "cannot reach it on the private path"
    return "cannot reach it at all"


def _found(case: _Case, prefix_list: PrefixList | None) -> str:
    if case.table is None:
        return "no route table"
    mine = (
        each
        for each in case.table.routes
        if prefix_list is not None and each.destination == prefix_list.id
    )
    dead = "; ".join(map(_told, mine))
    return dead or "no such route, for the table is not associated with the endpoint"


def _shadowed(case: _Case, lost: tuple[Fate, ...]) -> Finding:
    snapshot, gateway = case.scene.snapshot, case.gateway
    routes = tuple(dict.fromkeys(each.route for each in lost if each.route is not None))
    told = "; ".join(map(_told, routes))
    return _finding(
        case,
        Code.S3_ROUTE_SHADOWED,
        summary=(
            f"{_called(case)} sends {_spelt(lost)} of {case.requirement.service} past the gateway "
            f"endpoint {gateway} from {named(case.subnets)}, for a more specific route wins "
            f"({told}): {case.requirement.because}"
        ),
        expected=f"all of {_list_name(s3_prefix_list(snapshot))} -> {gateway}",
        observed=told,
        remedy=_without(case, routes),
    )


def _without(case: _Case, routes: tuple[Route, ...]) -> Remedy:
    assert case.table is not None
    table = case.table.id
    mine = tuple(each for each in routes if each.target is not RouteTarget.LOCAL)
    return Remedy(
        tuple(
            aws(
                case.scene.snapshot,
                *("delete-route", "--route-table-id", table),
                *(_destination_option(each), each.destination),
            )
            for each in mine
        ),
        "\n".join(
            f"# remove the route to {each.destination} from aws_route_table {table}, or its"
            " aws_route"
            for each in mine
        ),
    )


def _destination_option(route: Route) -> str:
    listed = route.destination.startswith("pl-")
    return "--destination-prefix-list-id" if listed else "--destination-cidr-block"


def _spelt(lost: tuple[Fate, ...]) -> str:
    cidrs = [cidr for each in lost for cidr in each.part.cidrs()]
    return ", ".join(cidrs) if len(cidrs) <= _SPELT_OUT else f"{len(cidrs)} ranges"


def _told(route: Route) -> str:
    state = "" if route.active else " (blackhole)"
    return f"{route.destination} -> {route.target_id or route.target}{state}"


def _list_name(prefix_list: PrefixList | None) -> str:
    return "of the S3 prefix list" if prefix_list is None else prefix_list.id


def _called(case: _Case) -> str:
    if case.table is None:
        return f"{case.scene.snapshot.vpc.id}, which has no main route table,"
    return f"{case.table.id} ({case.table.name})" if case.table.name else case.table.id


def _finding(
    case: _Case, code: Code, *, summary: str, expected: str, observed: str, remedy: Remedy
) -> Finding:
    return Finding(
        code=code,
        severity=case.severity,
        subject=case.scene.snapshot.vpc.id if case.table is None else case.table.id,
        summary=summary,
        expected=expected,
        observed=observed,
        remedy=remedy,
        reference=PAGES[code],
        launch_types=case.requirement.launch_types,
        blocks=cells(case.requirement, case.subnets),
    )

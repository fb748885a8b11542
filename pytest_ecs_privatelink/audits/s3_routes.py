"""Audits: route tables that do not lead all of S3 to its gateway endpoint."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from pytest_ecs_privatelink.audits.lacks import elsewhere, is_shut
from pytest_ecs_privatelink.audits.s3_tables import Case, no_route, shadowed
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread_at
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.topology.fates import fates
from pytest_ecs_privatelink.topology.lookup import (
    answers_privately,
    endpoints_for,
    s3_prefix_list,
    table_of,
)
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Subnet,
)
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

CODES = (Code.S3_GATEWAY_NO_ROUTE, Code.S3_ROUTE_SHADOWED)


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
    if scene.snapshot.emulated and part == "prefix_lists":
        return  # emulators have S3's list without its ranges
    what = f"the {part.replace('_', ' ')}"
    for code in codes:
        yield unread_at(scene.snapshot, subject, part, permission, what, code)


def _gateways(snapshot: Snapshot, service: str) -> tuple[Endpoint, ...]:
    found = endpoints_for(snapshot, service)
    return tuple(each for each in found if each.type is EndpointType.GATEWAY)


def _by_interface(scene: Scene) -> bool:
    """Return whether S3's names lead to interfaces, which need no route to the gateway."""
    return any(
        each.state == "available" and answers_privately(each)
        for each in endpoints_for(scene.snapshot, "s3")
    )


def _ranges(snapshot: Snapshot) -> Ranges:
    prefix_list = s3_prefix_list(snapshot)
    return Ranges.of(prefix_list.cidrs if prefix_list is not None else ())


def _cases(
    scene: Scene, requirement: Requirement, gateways: tuple[Endpoint, ...]
) -> Iterator[Case]:
    tables: dict[str, RouteTable | None] = {}
    users: dict[tuple[str, Severity], list[Subnet]] = {}
    for subnet in scene.subnets:
        table = table_of(scene.snapshot, subnet.id)
        id_ = "" if table is None else table.id
        tables[id_] = table
        users.setdefault((id_, _severity(scene, subnet)), []).append(subnet)
    for (id_, severity), subnets in users.items():
        yield Case(scene, requirement, gateways, tables[id_], tuple(subnets), severity)


def _severity(scene: Scene, subnet: Subnet) -> Severity:
    """Weigh as the claims do: what a public path may carry is a warning (DESIGN, "Severity")."""
    excused = not (scene.require_private or is_shut(scene, subnet))
    return Severity.WARNING if excused else Severity.ERROR


def _judged(case: Case, ranges: Ranges) -> Iterator[Finding]:
    if (table := case.table) is None:
        yield no_route(case)
        return
    parts = fates(case.scene.snapshot, table, ranges)
    lost = tuple(each for each in parts if not _is_led(case, each.route))
    if any(each.route is None or not each.route.active for each in lost):
        case = replace(case, severity=Severity.ERROR)  # no public path takes what a blackhole does
    if not _leads(case, table, ranges):
        yield no_route(case)
    elif lost:
        yield shadowed(case, lost)


def _leads(case: Case, table: RouteTable, ranges: Ranges) -> bool:
    """Return whether the table has a route to the gateway, be it shadowed or not.

    Where the prefix list was not read, the association and the route's target tell.
    """
    prefix_list = s3_prefix_list(case.scene.snapshot) if ranges else None
    to_it = [each for each in table.routes if _is_led(case, each)]
    if prefix_list is not None:
        return any(each.destination == prefix_list.id for each in to_it)
    return bool(to_it) or any(table.id in each.route_tables for each in case.gateways)


def _is_led(case: Case, route: Route | None) -> bool:
    """Return whether ``route`` leads to S3's gateway: one that is not listed is the VPC owner's."""
    if route is None or not route.active or route.target is not RouteTarget.GATEWAY_ENDPOINT:
        return False
    listed = case.scene.snapshot.index.endpoints.get(route.target_id or "")
    return listed is None or listed in case.gateways

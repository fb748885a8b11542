"""What is said of a route table that does not lead all of S3 to its gateway endpoint."""

from dataclasses import dataclass

from pytest_ecs_privatelink.audits.commands import aws, block, text
from pytest_ecs_privatelink.audits.lacks import cells
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.audits.wording import named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.topology.fates import Fate
from pytest_ecs_privatelink.topology.lookup import s3_prefix_list
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    Subnet,
)
from pytest_ecs_privatelink.verdict import Code, Finding, Remedy, Severity

_UNKNOWN_TABLE = "ROUTE_TABLE_ID"
_SPELT_OUT = 3  # ranges; more are counted, so that a line stays one


@dataclass(frozen=True, slots=True)
class Case:
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


def no_route(case: Case) -> Finding:
    """Return the finding for a table without route to the gateway."""
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


def _goes(case: Case) -> str:
    if case.severity is Severity.WARNING:
        return "can reach it only off the private path"
    if case.scene.require_private:
        return "cannot reach it on the private path"
    return "cannot reach it at all"


def _found(case: Case, prefix_list: PrefixList | None) -> str:
    if case.table is None:
        return "no route table"
    mine = (
        each
        for each in case.table.routes
        if prefix_list is not None and each.destination == prefix_list.id
    )
    dead = "; ".join(map(_told, mine))
    return dead or "no such route, for the table is not associated with the endpoint"


def shadowed(case: Case, lost: tuple[Fate, ...]) -> Finding:
    """Return the finding for a table that sends the parts ``lost`` elsewhere."""
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


def _without(case: Case, routes: tuple[Route, ...]) -> Remedy:
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


def _called(case: Case) -> str:
    if case.table is None:
        return f"{case.scene.snapshot.vpc.id}, which has no main route table,"
    return f"{case.table.id} ({case.table.name})" if case.table.name else case.table.id


def _finding(
    case: Case, code: Code, *, summary: str, expected: str, observed: str, remedy: Remedy
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

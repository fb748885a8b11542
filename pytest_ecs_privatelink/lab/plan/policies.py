"""Whose policies the twin's servers enforce: an endpoint's own, and gateways' on the way."""

from pytest_ecs_privatelink.lab.plan.names import service_of
from pytest_ecs_privatelink.lab.twin_plan import (
    EndpointPolicy,
    PlannedGateway,
    PlannedHost,
    Premises,
)
from pytest_ecs_privatelink.lab.world_ecs import EXECUTION_ROLE
from pytest_ecs_privatelink.topology.lookup import table_of
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, RouteTarget, Snapshot


def policy_of(endpoint: Endpoint) -> EndpointPolicy | None:
    """Return an endpoint's policy; None is full access, which is what AWS gives without one."""
    return None if endpoint.policy is None else EndpointPolicy(endpoint.id, endpoint.policy)


def planned_gateways(
    snapshot: Snapshot, hosts: tuple[PlannedHost, ...]
) -> tuple[PlannedGateway, ...]:
    """Return the policies of S3 gateways, each with the addresses that reach S3 through it."""
    return tuple(
        PlannedGateway(policy, _behind(snapshot, endpoint, hosts))
        for endpoint in snapshot.endpoints
        if endpoint.type is EndpointType.GATEWAY
        and service_of(endpoint) == "s3"
        and (policy := policy_of(endpoint)) is not None
    )


def planned_premises(snapshot: Snapshot) -> Premises:
    """Return where the twin is; who asks is the first execution role, else the lab's own."""
    tasks = (snapshot.cluster.task_definitions or ()) if snapshot.cluster else ()
    roles = sorted({each.execution_role for each in tasks if each.execution_role})
    own = f"arn:{snapshot.partition}:iam::{snapshot.vpc.owner}:role/{EXECUTION_ROLE}"
    return Premises(
        region=snapshot.region,
        partition=snapshot.partition,
        account=snapshot.vpc.owner,
        vpc=snapshot.vpc.id,
        role=next(iter(roles), own),
    )


def _behind(
    snapshot: Snapshot, endpoint: Endpoint, hosts: tuple[PlannedHost, ...]
) -> tuple[str, ...]:
    return tuple(
        address
        for host in hosts
        if _leads_through(snapshot, host.subnet, endpoint)
        for address in host.everybodys
    )


def _leads_through(snapshot: Snapshot, subnet: str, endpoint: Endpoint) -> bool:
    table = table_of(snapshot, subnet)
    return table is not None and any(
        route.target is RouteTarget.GATEWAY_ENDPOINT and route.target_id == endpoint.id
        for route in table.routes
    )

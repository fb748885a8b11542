"""Faults of endpoints: missing, copied, not there yet."""

from dataclasses import replace
from functools import partial

from pytest_ecs_privatelink.lab import cloud_faults, cloud_faults_ways
from pytest_ecs_privatelink.lab.expectations import ended, public_but_working, unresolved
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.world import IN_ORDER, World
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Claim, Code, Verdict


def _set_pending(snapshot: Snapshot, world: World, service: str) -> Snapshot:
    name = f"com.amazonaws.{world.region}.{service}"
    endpoints = tuple(
        replace(each, state="pending") if each.service_name == name else each
        for each in snapshot.endpoints
    )
    return replace(snapshot, endpoints=endpoints)


FAULTS = (
    Fault(
        name="endpoint-missing",
        code=Code.ENDPOINT_MISSING,
        summary="no endpoint for logs, and no way out",
        break_cloud=partial(cloud_faults.drop_endpoint, service="logs"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "logs"),
        findings=(Code.ENDPOINT_MISSING,),
    ),
    Fault(
        name="endpoint-missing-public-path",
        code=Code.ENDPOINT_MISSING_PUBLIC_PATH,
        summary="no endpoint for logs, but a NAT gateway and groups that let 443 out to it",
        break_cloud=partial(cloud_faults_ways.drop_endpoint_beside_nat, service="logs"),
        expected=public_but_working("logs"),
        findings=(Code.ENDPOINT_MISSING_PUBLIC_PATH,),
    ),
    Fault(
        name="endpoint-missing-public-path-ecs",
        code=Code.ENDPOINT_MISSING_PUBLIC_PATH,
        summary="no endpoint for ecs beside a NAT gateway: agents are sent to public hosts",
        break_cloud=partial(cloud_faults_ways.drop_endpoint_beside_nat, service="ecs"),
        expected=(
            *public_but_working("ecs"),
            *ended(Claim.AGENT, Code.AGENT_PUBLIC_PATH, verdict=Verdict.WARNED),
        ),
        findings=(Code.ENDPOINT_MISSING_PUBLIC_PATH,),
    ),
    Fault(
        name="endpoint-wrong-region",
        code=Code.ENDPOINT_WRONG_REGION,
        summary="the three ecs endpoints are us-west-2's, copied with the template",
        break_cloud=cloud_faults.copy_ecs_endpoints_of_another_region,
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, *IN_ORDER),
        findings=(Code.ENDPOINT_WRONG_REGION,),
    ),
    Fault(
        name="endpoint-not-available",
        code=Code.ENDPOINT_NOT_AVAILABLE,
        summary="the endpoint for logs is still pending",
        edit=partial(_set_pending, service="logs"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "logs"),
        findings=(Code.ENDPOINT_NOT_AVAILABLE,),
    ),
    Fault(
        name="s3-gateway-missing",
        code=Code.S3_GATEWAY_MISSING,
        summary="no gateway endpoint for s3, and no way out",
        break_cloud=partial(cloud_faults.drop_endpoint, service="s3"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "s3"),
        findings=(Code.S3_GATEWAY_MISSING,),
    ),
    Fault(
        name="s3-interface-only",
        code=Code.S3_INTERFACE_ONLY,
        summary="s3 has an interface endpoint without private DNS in place of its gateway",
        break_cloud=cloud_faults.make_s3_an_interface,
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "s3"),
        findings=(Code.S3_INTERFACE_ONLY,),
    ),
)

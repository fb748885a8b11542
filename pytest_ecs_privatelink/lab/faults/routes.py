"""Faults of routes, of ways out, and of the room in a subnet."""

from dataclasses import replace
from functools import partial

from pytest_ecs_privatelink.lab import cloud_faults, cloud_faults_ways
from pytest_ecs_privatelink.lab.expectations import ended, unresolved
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.workload_edits import running
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Claim, Code


def _fill(snapshot: Snapshot, world: World, subnet: str) -> Snapshot:
    # An edit: no call sets the count, and filling the subnet takes an interface per address.
    subnets = tuple(
        replace(each, free_addresses=0) if each.id == world.subnets[subnet] else each
        for each in snapshot.subnets
    )
    return replace(snapshot, subnets=subnets)


def _show_cluster(snapshot: Snapshot, world: World) -> Snapshot:
    # Without it, nobody would know where tasks run, nor that they have no public address.
    return replace(snapshot, cluster=running(snapshot, world))


FAULTS = (
    Fault(
        name="s3-gateway-no-route",
        code=Code.S3_GATEWAY_NO_ROUTE,
        summary="private-c's route table is not associated with the s3 gateway",
        break_cloud=partial(cloud_faults.give_subnet_a_table_without_s3, subnet="private-c"),
        expected=unresolved(Code.S3_GATEWAY_NO_ROUTE, "s3", subnets=("private-c",)),
        findings=(Code.S3_GATEWAY_NO_ROUTE,),
    ),
    Fault(
        name="s3-route-shadowed",
        code=Code.S3_ROUTE_SHADOWED,
        summary="a route to 52.217.0.0/16, a part of S3, leads to a NAT gateway",
        break_cloud=partial(cloud_faults_ways.shadow_s3_by_nat, cidr="52.217.0.0/16"),
        # Layers arrive from the addresses that are routed to the gateway.
        expected=(
            *unresolved(Code.S3_GATEWAY_NO_ROUTE, "s3"),
            *ended(Claim.ECR_PULL, Code.ECR_LAYER_PATH),
        ),
        findings=(Code.S3_ROUTE_SHADOWED,),
    ),
    Fault(
        name="internet-path-blocked",
        code=Code.INTERNET_PATH_BLOCKED,
        summary="no endpoints for ecr.api and logs, and the NAT gateway meant for them is private",
        break_cloud=partial(
            cloud_faults_ways.drop_endpoints_beside_private_nat, services=("ecr.api", "logs")
        ),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "ecr.api", "logs"),
        findings=(Code.ENDPOINT_MISSING, Code.INTERNET_PATH_BLOCKED),
    ),
    Fault(
        name="public-subnet-no-public-ip",
        code=Code.PUBLIC_SUBNET_NO_PUBLIC_IP,
        summary="no endpoints for ecr.api and logs, and an internet gateway is no way for tasks",
        break_cloud=partial(
            cloud_faults_ways.drop_endpoints_beside_internet_gateway, services=("ecr.api", "logs")
        ),
        edit=_show_cluster,
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "ecr.api", "logs"),
        findings=(Code.ENDPOINT_MISSING, Code.PUBLIC_SUBNET_NO_PUBLIC_IP),
    ),
    Fault(
        name="subnet-addresses-exhausted",
        code=Code.SUBNET_ADDRESSES_EXHAUSTED,
        summary="private-c has no free address left for tasks",
        edit=partial(_fill, subnet="private-c"),
        findings=(Code.SUBNET_ADDRESSES_EXHAUSTED,),
    ),
)

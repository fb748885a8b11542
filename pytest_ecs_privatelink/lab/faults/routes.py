"""Faults of routes, of ways out, and of the room in a subnet."""

from functools import partial

from pytest_ecs_privatelink.lab import cloud_faults
from pytest_ecs_privatelink.lab.expectations import unresolved
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.verdict import Code

FAULTS = (
    Fault(
        name="s3-gateway-no-route",
        code=Code.S3_GATEWAY_NO_ROUTE,
        summary="private-c's route table is not associated with the s3 gateway",
        break_cloud=partial(cloud_faults.give_subnet_a_table_without_s3, subnet="private-c"),
        expected=unresolved(Code.S3_GATEWAY_NO_ROUTE, "s3", subnets=("private-c",)),
    ),
)

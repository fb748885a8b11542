"""Faults of packet filters: security groups and network ACLs."""

from functools import partial

from pytest_ecs_privatelink.lab import cloud_faults
from pytest_ecs_privatelink.lab.expectations import (
    FOR_FARGATE,
    INTERFACES,
    Expected,
    tasks,
    unconnected,
)
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.verdict import Code, LaunchType, Verdict


def _cut_off(subnet: str) -> tuple[Expected, ...]:
    """Nothing beyond the subnet answers; the interfaces within it do."""
    return (
        *unconnected(Code.TCP_TIMEOUT, "s3", subnets=(subnet,)),
        *unconnected(Code.TCP_TIMEOUT, *INTERFACES, subnets=(subnet,), partly=True),
    )


FAULTS = (
    Fault(
        name="endpoint-sg-ingress",
        code=Code.ENDPOINT_SG_INGRESS,
        summary="the endpoints' security group does not admit 443",
        break_cloud=cloud_faults.close_endpoint_group,
        expected=unconnected(Code.TCP_TIMEOUT, *INTERFACES),
        findings=(Code.ENDPOINT_SG_INGRESS,),
    ),
    Fault(
        name="endpoint-sg-ingress-part",
        code=Code.ENDPOINT_SG_INGRESS,
        summary="the endpoints' security group admits 443 from half of private-a's range",
        break_cloud=cloud_faults.admit_half_of_a_subnet,
        expected=unconnected(Code.TCP_TIMEOUT, *INTERFACES, subnets=("private-a",)),
        findings=(Code.ENDPOINT_SG_INGRESS,),
    ),
    Fault(
        name="task-sg-egress",
        code=Code.TASK_SG_EGRESS,
        summary="the tasks' security group lets no 443 out to the endpoints",
        break_cloud=cloud_faults.close_task_groups_to_endpoints,
        expected=(
            *unconnected(Code.TCP_TIMEOUT, *FOR_FARGATE),
            *tasks(Verdict.PASSED, LaunchType.EC2),
        ),
        findings=(Code.TASK_SG_EGRESS,),
    ),
    Fault(
        name="task-sg-egress-ec2",
        code=Code.TASK_SG_EGRESS,
        summary="the container instances' security group lets no 443 out to the endpoints",
        break_cloud=cloud_faults.close_instance_groups_to_endpoints,
        expected=(
            *unconnected(Code.TCP_TIMEOUT, *INTERFACES),
            *tasks(Verdict.PASSED, LaunchType.FARGATE),
        ),
        findings=(Code.TASK_SG_EGRESS,),
    ),
    Fault(
        name="task-sg-egress-s3",
        code=Code.TASK_SG_EGRESS_S3,
        summary="the tasks' security group lets no 443 out to the S3 prefix list",
        break_cloud=cloud_faults.close_task_groups_to_s3,
        expected=(
            *unconnected(Code.TCP_TIMEOUT, "s3"),
            *tasks(Verdict.PASSED, LaunchType.EC2),
        ),
        findings=(Code.TASK_SG_EGRESS_S3,),
    ),
    Fault(
        name="nacl-blocks-return",
        code=Code.NACL_BLOCKS,
        summary="private-b's network ACL admits no return ports",
        break_cloud=partial(cloud_faults.block_return_ports, subnet="private-b"),
        # What stays within private-b passes no ACL, but each service has interfaces elsewhere.
        expected=_cut_off("private-b"),
        findings=(Code.NACL_BLOCKS,),
    ),
    Fault(
        name="nacl-blocks-egress",
        code=Code.NACL_BLOCKS,
        summary="private-c's network ACL denies 443 out",
        break_cloud=partial(cloud_faults.block_outbound_443, subnet="private-c"),
        expected=_cut_off("private-c"),
        findings=(Code.NACL_BLOCKS,),
    ),
    Fault(
        name="nacl-blocks-ingress",
        code=Code.NACL_BLOCKS,
        summary="private-c's network ACL denies 443 in: its interfaces serve private-c alone",
        break_cloud=partial(cloud_faults.block_inbound_443, subnet="private-c"),
        expected=unconnected(
            Code.TCP_TIMEOUT, *INTERFACES, subnets=("private-a", "private-b"), partly=True
        ),
        findings=(Code.NACL_BLOCKS,),
    ),
    Fault(
        name="endpoint-az-uncovered",
        code=Code.ENDPOINT_AZ_UNCOVERED,
        summary="the endpoint for logs has no interface in private-c's zone",
        break_cloud=partial(cloud_faults.leave_subnet, service="logs", subnet="private-c"),
        # Interfaces in other zones serve private-c as well: nothing turns red.
        findings=(Code.ENDPOINT_AZ_UNCOVERED,),
    ),
)

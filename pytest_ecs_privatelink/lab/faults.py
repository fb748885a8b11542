"""The lab's faults: named single breaks of the healthy world, and what each should turn red.

A fault's name is the code that DESIGN section 5 gives to its cause, with a suffix where one code
has several faults. Where no audit names that cause yet, runs report the live code alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from pytest_ecs_privatelink.lab import cloud_faults
from pytest_ecs_privatelink.lab.expectations import (
    INTERFACES,
    Expected,
    answered_by_a_stranger,
    public_but_working,
    unconnected,
    unresolved,
)
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.world import IN_ORDER, World
from pytest_ecs_privatelink.topology.lookup import endpoint_addresses, endpoints_for
from pytest_ecs_privatelink.topology.model import HostedZone, Snapshot, ZoneRecord
from pytest_ecs_privatelink.verdict import Code

if TYPE_CHECKING:
    import boto3

BreakCloud: TypeAlias = Callable[[World, "boto3.Session"], None]
Edit: TypeAlias = Callable[[Snapshot, World], Snapshot]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One break of the healthy world.

    Made in the cloud (``break_cloud``), in the twin (``twin``), or, for what an emulator's API
    cannot express, in the corrected snapshot (``edit``).
    ``code`` is what a run reports: an audit's where one names the cause, else the live one.
    ``expected`` are the cells that do not pass; ``findings`` the codes of what audits hold.
    """

    name: str
    code: Code
    summary: str
    break_cloud: BreakCloud | None = None
    edit: Edit | None = None
    twin: tuple[TwinFault, ...] = ()
    expected: tuple[Expected, ...] = ()
    findings: tuple[Code, ...] = ()


def _set_pending(snapshot: Snapshot, world: World, service: str) -> Snapshot:
    name = f"com.amazonaws.{world.region}.{service}"
    endpoints = tuple(
        replace(each, state="pending") if each.service_name == name else each
        for each in snapshot.endpoints
    )
    return replace(snapshot, endpoints=endpoints)


_FAR_ADDRESS = "10.200.0.5"  # a hub's, in no range of the world and on none of its routes


def _leave_it_to_a_hub(snapshot: Snapshot, _: World) -> Snapshot:
    return _hosted(snapshot, (_FAR_ADDRESS,))


def _mistake_kms_for_logs(snapshot: Snapshot, _: World) -> Snapshot:
    (kms,) = endpoints_for(snapshot, "kms")
    return _hosted(snapshot, endpoint_addresses(snapshot, kms))


def _hosted(snapshot: Snapshot, addresses: tuple[str, ...]) -> Snapshot:
    """Put a hosted zone in the place of the endpoint for logs."""
    logs = endpoints_for(snapshot, "logs")
    name = f"logs.{snapshot.region}.amazonaws.com"
    zone = HostedZone(
        id="Z0123456789LAB",
        name=name,
        records=(ZoneRecord(name=name, type="A", values=addresses),),
    )
    endpoints = tuple(each for each in snapshot.endpoints if each not in logs)
    return replace(
        snapshot, endpoints=endpoints, hosted_zones=(*(snapshot.hosted_zones or ()), zone)
    )


_IN_CLOUD = (
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
        break_cloud=partial(cloud_faults.drop_endpoint_beside_nat, service="logs"),
        expected=public_but_working("logs"),
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
        name="endpoint-private-dns-off",
        code=Code.DNS_PUBLIC_ANSWER,
        summary="the endpoint for logs has no private DNS",
        break_cloud=partial(cloud_faults.turn_private_dns_off, service="logs"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "logs"),
    ),
    Fault(
        name="vpc-dns-hostnames-off",
        code=Code.DNS_PUBLIC_ANSWER,
        summary="enableDnsHostnames is false: private DNS names are not in force",
        break_cloud=partial(cloud_faults.turn_vpc_attribute_off, attribute="EnableDnsHostnames"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, *INTERFACES),
    ),
    Fault(
        name="vpc-dns-support-off",
        code=Code.DNS_TIMEOUT,
        summary="enableDnsSupport is false: the VPC has no resolver",
        break_cloud=partial(cloud_faults.turn_vpc_attribute_off, attribute="EnableDnsSupport"),
        expected=unresolved(Code.DNS_TIMEOUT),
    ),
    Fault(
        name="endpoint-sg-ingress",
        code=Code.TCP_TIMEOUT,
        summary="the endpoints' security group does not admit 443",
        break_cloud=cloud_faults.close_endpoint_group,
        expected=unconnected(Code.TCP_TIMEOUT, *INTERFACES),
    ),
    Fault(
        name="task-sg-egress",
        code=Code.TCP_TIMEOUT,
        summary="the tasks' security group lets no 443 out to the endpoints",
        break_cloud=cloud_faults.close_task_groups_to_endpoints,
        expected=unconnected(Code.TCP_TIMEOUT, *INTERFACES),
    ),
    Fault(
        name="task-sg-egress-s3",
        code=Code.TCP_TIMEOUT,
        summary="the tasks' security group lets no 443 out to the S3 prefix list",
        break_cloud=cloud_faults.close_task_groups_to_s3,
        expected=unconnected(Code.TCP_TIMEOUT, "s3"),
    ),
    Fault(
        name="nacl-blocks-return",
        code=Code.TCP_TIMEOUT,
        summary="private-b's network ACL admits no return ports",
        break_cloud=partial(cloud_faults.block_return_ports, subnet="private-b"),
        # What stays within private-b passes no ACL, but each service has interfaces elsewhere.
        expected=unconnected(Code.TCP_TIMEOUT, subnets=("private-b",)),
    ),
    Fault(
        name="nacl-blocks-egress",
        code=Code.TCP_TIMEOUT,
        summary="private-c's network ACL denies 443 out",
        break_cloud=partial(cloud_faults.block_outbound_443, subnet="private-c"),
        expected=unconnected(Code.TCP_TIMEOUT, subnets=("private-c",)),
    ),
    Fault(
        name="nacl-blocks-ingress",
        code=Code.TCP_TIMEOUT,
        summary="private-c's network ACL denies 443 in: its interfaces serve private-c alone",
        break_cloud=partial(cloud_faults.block_inbound_443, subnet="private-c"),
        expected=unconnected(Code.TCP_TIMEOUT, *INTERFACES, subnets=("private-a", "private-b")),
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
    Fault(
        name="s3-gateway-no-route",
        code=Code.S3_GATEWAY_NO_ROUTE,
        summary="private-c's route table is not associated with the s3 gateway",
        break_cloud=partial(cloud_faults.give_subnet_a_table_without_s3, subnet="private-c"),
        expected=unresolved(Code.S3_GATEWAY_NO_ROUTE, "s3", subnets=("private-c",)),
    ),
    Fault(
        name="endpoint-route-missing",
        code=Code.ENDPOINT_ROUTE_MISSING,
        summary="a hosted zone gives a hub's endpoint for logs, and no route leads to the hub",
        edit=_leave_it_to_a_hub,
        expected=answered_by_a_stranger(Code.ENDPOINT_ROUTE_MISSING, "logs"),
    ),
    Fault(
        name="dns-foreign-answer",
        code=Code.DNS_FOREIGN_ANSWER,
        summary="a hosted zone gives the addresses of the endpoint for kms for logs",
        edit=_mistake_kms_for_logs,
        expected=answered_by_a_stranger(Code.TLS_CERTIFICATE, "logs"),
    ),
)


def _in_twin(
    code: Code, summary: str, expected: tuple[Expected, ...], service: str | None = "logs"
) -> Fault:
    return Fault(
        name=str(code),
        code=code,
        summary=summary,
        twin=(TwinFault(code, service),),
        expected=expected,
    )


_IN_TWIN = (
    _in_twin(
        Code.DNS_TIMEOUT, "the resolver is silent", unresolved(Code.DNS_TIMEOUT), service=None
    ),
    *(
        _in_twin(code, f"the resolver {does} for the name of logs", unresolved(code, "logs"))
        for code, does in (
            (Code.DNS_SERVFAIL, "answers SERVFAIL"),
            (Code.DNS_REFUSED, "answers REFUSED"),
            (Code.DNS_NXDOMAIN, "answers NXDOMAIN"),
            (Code.DNS_PUBLIC_ANSWER, "gives public addresses"),
        )
    ),
    *(
        _in_twin(code, f"the endpoint for logs {does}", unconnected(code, "logs"))
        for code, does in (
            (Code.TCP_TIMEOUT, "loses every packet"),
            (Code.TCP_REFUSED, "refuses connections"),
            (Code.TCP_UNREACHABLE, "is unreachable, says a router"),
            (Code.TLS_HANDSHAKE, "speaks plain text on 443"),
            (Code.TLS_CERTIFICATE, "presents an expired certificate"),
        )
    ),
)

FAULTS: Mapping[str, Fault] = MappingProxyType({each.name: each for each in _IN_CLOUD + _IN_TWIN})


def describe() -> str:
    """Return one line per fault, names and summaries aligned: ``--ecs-fault list``."""
    width = max(map(len, FAULTS))
    return "\n".join(f"{each.name:<{width}}  {each.summary}" for each in FAULTS.values())

"""Faults of names: DNS attributes, private DNS, hosted zones."""

from dataclasses import replace
from functools import partial

from pytest_ecs_privatelink.lab import cloud_faults, cloud_faults_names
from pytest_ecs_privatelink.lab.expectations import (
    INTERFACES,
    answered_by_a_stranger,
    unresolved,
)
from pytest_ecs_privatelink.lab.faults.fault import Fault
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.topology.lookup import endpoint_addresses, endpoints_for
from pytest_ecs_privatelink.topology.model import (
    DnsFirewall,
    GroupRule,
    HostedZone,
    Snapshot,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import Code

_FAR_ADDRESS = "10.200.0.5"  # a hub's, in no range of the world and on none of its routes


def _leave_it_to_a_hub(snapshot: Snapshot, world: World) -> Snapshot:
    # A route alone is to be missing: who wears these groups may dial the hub.
    out = GroupRule(protocol="tcp", from_port=443, to_port=443, cidr=f"{_FAR_ADDRESS}/32")
    groups = tuple(
        replace(each, egress=(*each.egress, out))
        if each.id in (*world.task_groups, *world.instance_groups)
        else each
        for each in snapshot.security_groups or ()
    )
    return _hosted(replace(snapshot, security_groups=groups), (_FAR_ADDRESS,))


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


def _put_a_firewall_before_names(snapshot: Snapshot, _: World) -> Snapshot:
    # moto implements no DNS Firewall.
    group = DnsFirewall(id="rslvr-frg-0123456789abcdef", priority=101, name="allow-list")
    return replace(snapshot, dns_firewalls=(group,))


FAULTS = (
    Fault(
        name="endpoint-private-dns-off",
        code=Code.ENDPOINT_PRIVATE_DNS_OFF,
        summary="the endpoint for logs has no private DNS",
        break_cloud=partial(cloud_faults.turn_private_dns_off, service="logs"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "logs"),
        findings=(Code.ENDPOINT_PRIVATE_DNS_OFF,),
    ),
    Fault(
        name="vpc-dns-hostnames-off",
        code=Code.VPC_DNS_HOSTNAMES_OFF,
        summary="enableDnsHostnames is false: private DNS names are not in force",
        break_cloud=partial(cloud_faults.turn_vpc_attribute_off, attribute="EnableDnsHostnames"),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, *INTERFACES),
        findings=(Code.VPC_DNS_HOSTNAMES_OFF,),
    ),
    Fault(
        name="vpc-dns-support-off",
        code=Code.VPC_DNS_SUPPORT_OFF,
        summary="enableDnsSupport is false: the VPC has no resolver",
        break_cloud=partial(cloud_faults.turn_vpc_attribute_off, attribute="EnableDnsSupport"),
        expected=unresolved(Code.DNS_TIMEOUT),
        findings=(Code.VPC_DNS_SUPPORT_OFF,),
    ),
    Fault(
        name="dhcp-custom-dns",
        code=Code.DHCP_CUSTOM_DNS,
        summary="the DHCP options name a server on premises: a warning, for it may forward",
        break_cloud=cloud_faults_names.name_own_servers,
        findings=(Code.DHCP_CUSTOM_DNS,),
    ),
    Fault(
        name="phz-shadows-name",
        code=Code.PHZ_SHADOWS_NAME,
        summary="ecr.dkr is left to a hosted zone without the wildcard for registry names",
        break_cloud=partial(
            cloud_faults_names.host_zone, service="ecr.dkr", zone="dkr.ecr", record="dkr.ecr"
        ),
        expected=unresolved(Code.DNS_NXDOMAIN, "ecr.dkr"),
        findings=(Code.PHZ_SHADOWS_NAME,),
    ),
    Fault(
        name="phz-shadows-name-misnamed",
        code=Code.PHZ_SHADOWS_NAME,
        summary="ecr.api is left to a hosted zone called ecr.api, while its host is api.ecr",
        break_cloud=partial(
            cloud_faults_names.host_zone, service="ecr.api", zone="ecr.api", record="ecr.api"
        ),
        expected=unresolved(Code.DNS_PUBLIC_ANSWER, "ecr.api"),
        findings=(Code.PHZ_SHADOWS_NAME,),
    ),
    Fault(
        name="resolver-rule-captures-name",
        code=Code.RESOLVER_RULE_CAPTURES_NAME,
        summary="a Resolver rule forwards the name of logs: a warning, for the twin does not",
        break_cloud=partial(cloud_faults_names.forward_names, service="logs"),
        findings=(Code.RESOLVER_RULE_CAPTURES_NAME,),
    ),
    Fault(
        name="dns-firewall-blocks",
        code=Code.DNS_FIREWALL_BLOCKS,
        summary="a DNS Firewall rule group is associated: a warning, for its rules are not read",
        edit=_put_a_firewall_before_names,
        findings=(Code.DNS_FIREWALL_BLOCKS,),
    ),
    Fault(
        name="endpoint-route-missing",
        code=Code.ENDPOINT_ROUTE_MISSING,
        summary="a hosted zone gives a hub's endpoint for logs, and no route leads to the hub",
        edit=_leave_it_to_a_hub,
        expected=answered_by_a_stranger(Code.ENDPOINT_ROUTE_MISSING, "logs"),
        findings=(Code.ENDPOINT_ROUTE_MISSING,),
    ),
    Fault(
        name="dns-foreign-answer",
        code=Code.DNS_FOREIGN_ANSWER,
        summary="a hosted zone gives the addresses of the endpoint for kms for logs",
        edit=_mistake_kms_for_logs,
        expected=answered_by_a_stranger(Code.DNS_FOREIGN_ANSWER, "logs"),
    ),
)

"""What an emulator's snapshot gets wrong, put right: the one place where that happens.

moto and LocalStack (whose EC2 is moto's) answer most Describe calls as AWS does. Where they do
not, every reader of a snapshot would have to know; so they read a corrected one instead.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    parse_service_name,
    private_dns_names,
)
from pytest_ecs_privatelink.lab.corrected_cluster import with_right_instances
from pytest_ecs_privatelink.lab.corrected_interfaces import with_endpoint_interfaces
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    GroupRule,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
)

# us-east-1's ranges of the S3 prefix list, as moto has them (AWS publishes them in ip-ranges.json).
_S3_RANGES = ("3.5.0.0/19", "52.216.0.0/15", "54.231.0.0/16")
_DEFAULT_EGRESS = (GroupRule(protocol="-1", cidr="0.0.0.0/0"),)
# How the reader words moto's HTTP 500 with an HTML page, and LocalStack's 501.
_UNIMPLEMENTED = ("the answer is not in AWS's format", "an HTML page", "InternalFailure")
_NONE: Mapping[str, Any] = {
    "block_public_access": "off",
    "dns_firewalls": (),
    "endpoint_services": (),
    "hosted_zones": (),
    "mount_targets": (),
    "peerings": (),
    "resolver_rules": (),
    "route53_profiles": (),
}
_GATEWAY_SERVICES = ("s3", "dynamodb", "s3express")


def correct(snapshot: Snapshot) -> Snapshot:
    """Return ``snapshot`` as AWS would have answered; one from real AWS is returned as it is.

    Idempotent and deterministic. An endpoint's state stays what it is, so that a lab fault's
    ``pending`` survives; only ``deleted`` endpoints, which AWS no longer lists, go.
    """
    if not snapshot.emulated:
        return snapshot
    for step in (
        _with_right_endpoints,
        with_endpoint_interfaces,
        _with_prefix_lists,
        _with_gateway_routes,
        _with_default_group,
        with_right_instances,
        _without_unimplemented,
    ):
        snapshot = step(snapshot)
    return snapshot


def _with_right_endpoints(snapshot: Snapshot) -> Snapshot:
    default = tuple(
        group.id
        for group in snapshot.security_groups or ()
        if group.name == "default" and group.vpc == snapshot.vpc.id
    )
    azs = {subnet.id: subnet.az for subnet in snapshot.subnets}
    endpoints = tuple(
        _right_endpoint(endpoint, default, sorted({azs[s] for s in endpoint.subnets if s in azs}))
        for endpoint in snapshot.endpoints
        if endpoint.state != "deleted"
    )
    return replace(snapshot, endpoints=endpoints)


def _right_endpoint(endpoint: Endpoint, default: tuple[str, ...], azs: list[str]) -> Endpoint:
    if _is_gateway(endpoint):
        return replace(
            endpoint, type=EndpointType.GATEWAY, private_dns=False, groups=(), dns_names=()
        )
    if endpoint.type is not EndpointType.INTERFACE:
        return endpoint
    return replace(endpoint, groups=endpoint.groups or default, dns_names=_dns_names(endpoint, azs))


def _is_gateway(endpoint: Endpoint) -> bool:
    if endpoint.type is not EndpointType.OTHER:
        return endpoint.type is EndpointType.GATEWAY
    # Created without a type, an endpoint is a gateway's; the emulator leaves the type out.
    parsed = parse_service_name(endpoint.service_name)
    return parsed is not None and parsed.service in _GATEWAY_SERVICES


def _dns_names(endpoint: Endpoint, azs: Iterable[str]) -> tuple[str, ...]:
    """Return the regional name, one per zone, and the private names, in DnsEntries' order."""
    parsed = parse_service_name(endpoint.service_name)
    if parsed is None or parsed.region is None:
        return endpoint.dns_names
    label = f"{endpoint.id}-{hashlib.sha256(endpoint.id.encode()).hexdigest()[:8]}"
    service = ".".join(reversed(parsed.service.split(".")))
    domain = f"{service}.{parsed.region}.vpce.{partition_of(parsed.region).dns_suffix}"
    own = (f"{label}.{domain}", *(f"{label}-{az}.{domain}" for az in azs))
    if not endpoint.private_dns or parsed.service not in SERVICES:
        return own
    return own + private_dns_names(parsed.service, parsed.region)


def _with_prefix_lists(snapshot: Snapshot) -> Snapshot:
    """Give S3's list its ranges, and every list that a gateway's route names a record."""
    if snapshot.prefix_lists is None:
        return snapshot
    known = {each.id: each for each in snapshot.prefix_lists}
    for endpoint in _gateways(snapshot):
        for route in _routes_to(endpoint, snapshot.route_tables or ()):
            missing = PrefixList(id=route.destination, name=endpoint.service_name, cidrs=())
            known.setdefault(route.destination, missing)
    return replace(snapshot, prefix_lists=tuple(_with_ranges(each) for each in known.values()))


def _with_ranges(prefix_list: PrefixList) -> PrefixList:
    if prefix_list.cidrs or not prefix_list.name.endswith(".s3"):
        return prefix_list
    return replace(prefix_list, cidrs=_S3_RANGES)


def _with_gateway_routes(snapshot: Snapshot) -> Snapshot:
    """Make association and route one thing, as they are on AWS.

    moto's ModifyVpcEndpoint changes the association and forgets the route.
    """
    if snapshot.route_tables is None or snapshot.prefix_lists is None:
        return snapshot
    tables = tuple(_with_routes_of_gateways(table, snapshot) for table in snapshot.route_tables)
    return replace(snapshot, route_tables=tables)


def _with_routes_of_gateways(table: RouteTable, snapshot: Snapshot) -> RouteTable:
    routes = [each for each in table.routes if each.target is not RouteTarget.GATEWAY_ENDPOINT]
    for endpoint in _gateways(snapshot):
        if table.id in endpoint.route_tables:
            routes += _routes_to(endpoint, (table,)) or _new_route(endpoint, snapshot)
    return replace(table, routes=tuple(routes)) if set(routes) != set(table.routes) else table


def _new_route(endpoint: Endpoint, snapshot: Snapshot) -> list[Route]:
    lists = [each.id for each in snapshot.prefix_lists or () if each.name == endpoint.service_name]
    target = RouteTarget.GATEWAY_ENDPOINT
    return [Route(destination=each, target=target, target_id=endpoint.id) for each in lists[:1]]


def _gateways(snapshot: Snapshot) -> tuple[Endpoint, ...]:
    return tuple(each for each in snapshot.endpoints if each.type is EndpointType.GATEWAY)


def _routes_to(endpoint: Endpoint, tables: Iterable[RouteTable]) -> list[Route]:
    return [
        route
        for table in tables
        for route in table.routes
        if route.target is RouteTarget.GATEWAY_ENDPOINT and route.target_id == endpoint.id
    ]


def _with_default_group(snapshot: Snapshot) -> Snapshot:
    """Have a VPC's untouched default group admit its own members (VPC guide, "Default groups").

    moto gives it the egress of AWS's, but not the ingress.
    """
    groups = snapshot.security_groups
    if groups is None:
        return snapshot
    return replace(snapshot, security_groups=tuple(_admitting_members(each) for each in groups))


def _admitting_members(group: SecurityGroup) -> SecurityGroup:
    untouched = group.name == "default" and not group.ingress and group.egress == _DEFAULT_EGRESS
    if not untouched:
        return group
    return replace(group, ingress=(GroupRule(protocol="-1", group=group.id),))


def _without_unimplemented(snapshot: Snapshot) -> Snapshot:
    """Say "none" where the emulator has no such call: what it cannot list it cannot hold."""
    absent = {
        each.part
        for each in snapshot.unreadable
        if each.part in _NONE and any(words in each.error for words in _UNIMPLEMENTED)
    }
    return replace(
        snapshot,
        **{part: _NONE[part] for part in absent},
        unreadable=tuple(each for each in snapshot.unreadable if each.part not in absent),
    )

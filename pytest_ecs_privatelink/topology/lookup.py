"""Who belongs to whom in a snapshot: groups, interfaces, tables, endpoints of a service."""

import ipaddress
import re
from collections.abc import Collection

from pytest_ecs_privatelink.catalogue.services import ServiceName, parse_service_name
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    Interface,
    NetworkAcl,
    PrefixList,
    RouteTable,
    SecurityGroup,
    Snapshot,
    Subnet,
)

# VpcEndpoint.State of the EC2 API, lower case.
_BEYOND_REPAIR = frozenset({"failed", "rejected", "expired"})
# Types that carry what ECS asks of AWS services (a gateway load balancer's endpoint does not).
_CARRYING = frozenset({EndpointType.INTERFACE, EndpointType.GATEWAY})
_TASK_INTERFACE = re.compile(r"arn:[a-z-]+:ecs:[^:]*:[^:]*:attachment/")


def subnet_of(snapshot: Snapshot, subnet_id: str) -> Subnet | None:
    """Return the subnet with this id, or None where the VPC has none."""
    return snapshot.index.subnets.get(subnet_id)


def default_group(snapshot: Snapshot) -> SecurityGroup | None:
    """Return the VPC's default security group, or None where groups could not be read."""
    return next(
        (
            group
            for group in snapshot.security_groups or ()
            if group.name == "default" and group.vpc == snapshot.vpc.id
        ),
        None,
    )


def effective_groups(snapshot: Snapshot, endpoint: Endpoint) -> tuple[SecurityGroup, ...]:
    """Return the groups that ``endpoint`` wears: its own, or the VPC's default group.

    A gateway endpoint wears none. A group that is not in the snapshot (it could not be read) is
    left out: compare with ``endpoint.groups`` where "unknown" and "none" must be told apart.
    """
    if endpoint.type is EndpointType.GATEWAY:
        return ()
    if not endpoint.groups:
        group = default_group(snapshot)
        return () if group is None else (group,)
    groups = snapshot.index.groups
    return tuple(groups[id_] for id_ in endpoint.groups if id_ in groups)


def answers_privately(endpoint: Endpoint) -> bool:
    """Return whether the VPC's own resolver answers by the endpoint's interfaces, once it serves.

    One that answers Resolver inbound endpoints only leaves the VPC to S3's gateway [Amazon S3 User
    Guide, "Private DNS"].
    """
    return (
        endpoint.type is EndpointType.INTERFACE
        and endpoint.private_dns
        and not endpoint.private_dns_inbound_resolver_only
    )


def interfaces_of(snapshot: Snapshot, endpoint: Endpoint) -> tuple[Interface, ...]:
    """Return the endpoint's interfaces that the snapshot knows, in the endpoint's order."""
    known = snapshot.index.interfaces
    return tuple(known[id_] for id_ in endpoint.interfaces if id_ in known)


def endpoint_addresses(snapshot: Snapshot, endpoint: Endpoint) -> tuple[str, ...]:
    """Return every private address, IPv4 and IPv6, of the endpoint's interfaces."""
    return tuple(
        address
        for interface in interfaces_of(snapshot, endpoint)
        for address in (*interface.addresses, *interface.ipv6_addresses)
    )


def task_interfaces(snapshot: Snapshot, subnet_id: str) -> tuple[Interface, ...]:
    """Return the interfaces in the subnet that ECS made for tasks, as far as they are known.

    ECS describes them by the ARN of the attachment (``arn:aws:ecs:REGION:ACCOUNT:attachment/...``).
    """
    return tuple(
        interface
        for interface in snapshot.index.interfaces_in.get(subnet_id, ())
        if _TASK_INTERFACE.match(interface.description or "")
    )


def table_of(snapshot: Snapshot, subnet_id: str) -> RouteTable | None:
    """Return the subnet's route table: the associated one, else the main one.

    None means that route tables could not be read.
    """
    return snapshot.index.tables_of.get(subnet_id, snapshot.index.main_table)


def acl_of(snapshot: Snapshot, subnet_id: str) -> NetworkAcl | None:
    """Return the network ACL that guards the subnet; None where ACLs could not be read."""
    return snapshot.index.acls_of.get(subnet_id, snapshot.index.default_acl)


def is_beyond_repair(endpoint: Endpoint) -> bool:
    """Return whether the endpoint exists, but carries no traffic and will not again."""
    return endpoint.state in _BEYOND_REPAIR


def aws_endpoints(
    snapshot: Snapshot, *, types: Collection[EndpointType] = _CARRYING
) -> tuple[tuple[Endpoint, ServiceName], ...]:
    """Return the endpoints that exist for AWS services, any Region's, in id order.

    Deleted ones do not exist; those beyond repair do.
    """
    return tuple(each for each in snapshot.index.of_aws if each[0].type in types)


def endpoints_for(
    snapshot: Snapshot,
    service: str,
    *,
    types: Collection[EndpointType] = _CARRYING,
    beyond_repair: bool = False,
) -> tuple[Endpoint, ...]:
    """Return the endpoints for this endpoint service (short name) of the VPC's own Region.

    Pending ones count; those beyond repair only where asked for. Cross-Region endpoints name
    another Region's service and are left out, as are other types than interface and gateway.
    """
    return tuple(
        endpoint
        for endpoint in snapshot.index.serving.get((service, snapshot.region), ())
        if endpoint.type in types and (beyond_repair or not is_beyond_repair(endpoint))
    )


def s3_prefix_list(snapshot: Snapshot) -> PrefixList | None:
    """Return the Region's S3 prefix list (``com.amazonaws.REGION.s3``), if it was read."""
    return next(
        (
            prefix_list
            for prefix_list in snapshot.prefix_lists or ()
            if _is_own_service(snapshot, prefix_list.name, "s3")
        ),
        None,
    )


def _is_own_service(snapshot: Snapshot, name: str, service: str) -> bool:
    parsed = parse_service_name(name)
    return parsed is not None and parsed.service == service and parsed.region == snapshot.region


def vpc_resolver(snapshot: Snapshot) -> str:
    """Return the VPC's base+2 address [VPC User Guide, "Amazon DNS server"]."""
    return str(ipaddress.ip_network(snapshot.vpc.cidrs[0]).network_address + 2)

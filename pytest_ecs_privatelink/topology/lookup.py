"""Who belongs to whom in a snapshot: groups, interfaces, tables, endpoints of a service."""

from pytest_ecs_privatelink.catalogue.services import parse_service_name
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

# VpcEndpoint.State of the EC2 API, lower case: these carry no traffic and will not again.
_GONE = frozenset({"deleting", "deleted", "failed", "rejected", "expired"})


def subnet_of(snapshot: Snapshot, subnet_id: str) -> Subnet | None:
    """Return the subnet with this id, or None where the VPC has none."""
    return next((subnet for subnet in snapshot.subnets if subnet.id == subnet_id), None)


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
    return tuple(group for group in snapshot.security_groups or () if group.id in endpoint.groups)


def interfaces_of(snapshot: Snapshot, endpoint: Endpoint) -> tuple[Interface, ...]:
    """Return the endpoint's interfaces that the snapshot knows, in the snapshot's order."""
    return tuple(
        interface for interface in snapshot.interfaces or () if interface.id in endpoint.interfaces
    )


def endpoint_addresses(snapshot: Snapshot, endpoint: Endpoint) -> tuple[str, ...]:
    """Return every private address, IPv4 and IPv6, of the endpoint's interfaces."""
    return tuple(
        address
        for interface in interfaces_of(snapshot, endpoint)
        for address in (*interface.addresses, *interface.ipv6_addresses)
    )


def table_of(snapshot: Snapshot, subnet_id: str) -> RouteTable | None:
    """Return the subnet's route table: the associated one, else the main one.

    None means that route tables could not be read.
    """
    tables = snapshot.route_tables or ()
    for table in tables:
        if subnet_id in table.subnets:
            return table
    return next((table for table in tables if table.main), None)


def acl_of(snapshot: Snapshot, subnet_id: str) -> NetworkAcl | None:
    """Return the network ACL that guards the subnet; None where ACLs could not be read."""
    acls = snapshot.network_acls or ()
    for acl in acls:
        if subnet_id in acl.subnets:
            return acl
    return next((acl for acl in acls if acl.default), None)


def endpoints_for(snapshot: Snapshot, service: str) -> tuple[Endpoint, ...]:
    """Return the endpoints for this endpoint service (short name) of the VPC's own Region.

    Endpoints that are gone or beyond repair are left out; pending ones are not. Cross-Region
    endpoints name another Region's service and are left out too.
    """
    return tuple(
        endpoint
        for endpoint in snapshot.endpoints
        if endpoint.state not in _GONE and _is_own_service(snapshot, endpoint.service_name, service)
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

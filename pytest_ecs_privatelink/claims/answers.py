"""What kind of place an address is, seen from a subnet of the VPC."""

import ipaddress
from enum import StrEnum

from pytest_ecs_privatelink.claims.terms import ServiceUnderTest, Terms
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.lookup import endpoint_addresses, endpoints_for, s3_prefix_list
from pytest_ecs_privatelink.topology.model import EndpointType, Route, RouteTarget
from pytest_ecs_privatelink.topology.routes import route_for


class Place(StrEnum):
    """Where an answered address leads."""

    ENDPOINT = "this VPC's endpoint"
    GATEWAY = "S3 through the gateway endpoint"
    S3_ELSEWHERE = "S3, but not by way of the gateway endpoint"
    PRIVATE = "private, and routed"
    UNROUTED = "private, but no route leads there"
    PUBLIC = "public"
    UNKNOWN = "where that leads is not visible, the route tables could not be read"


# What no public server can have: RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291.
_NEVER_PUBLIC = tuple(
    ipaddress.ip_network(cidr)
    for cidr in (
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "169.254.0.0/16",
        "fc00::/7",
        "fe80::/10",
    )
)
_PRIVATE_WAYS = frozenset(
    {
        RouteTarget.LOCAL,
        RouteTarget.TRANSIT_GATEWAY,
        RouteTarget.PEERING,
        RouteTarget.VPN_GATEWAY,
        RouteTarget.INSTANCE_OR_INTERFACE,
        RouteTarget.APPLIANCE_ENDPOINT,
    }
)
# Whether the last three lead out cannot be seen from the VPC: dialling tells.
_MAY_LEAD_OUT = frozenset({Egress.NAT, Egress.IGW, Egress.TRANSIT, Egress.APPLIANCE, Egress.VPN})


def place_of(address: str, service: ServiceUnderTest, subnet: str, terms: Terms) -> Place:
    """Return what ``address`` is for ``service``, seen from the subnet with id ``subnet``.

    Being inside an RFC 1918 range decides nothing: VPCs use ranges such as 20.10.0.0/16, too.
    """
    if address in _own_addresses(service, terms):
        return Place.ENDPOINT
    if service.service == "s3" and _in_s3_ranges(address, terms):
        return _s3_way(address, subnet, terms)
    if terms.snapshot.route_tables is None:
        return Place.UNKNOWN
    public = not any(ipaddress.ip_address(address) in each for each in _NEVER_PUBLIC)
    route = route_for(terms.snapshot, subnet, address)
    if route is not None and _leads_inside(route, public=public):
        return Place.PRIVATE
    return Place.PUBLIC if public else Place.UNROUTED


def _leads_inside(route: Route, *, public: bool) -> bool:
    """Return whether ``route`` keeps an address private: a default route keeps no public one."""
    anywhere = route.destination in ("0.0.0.0/0", "::/0")
    return route.active and route.target in _PRIVATE_WAYS and not (public and anywhere)


def _own_addresses(service: ServiceUnderTest, terms: Terms) -> frozenset[str]:
    return frozenset(
        address
        for endpoint in endpoints_for(terms.snapshot, service.service)
        if endpoint.type is EndpointType.INTERFACE
        for address in endpoint_addresses(terms.snapshot, endpoint)
    )


def _in_s3_ranges(address: str, terms: Terms) -> bool:
    ranges = s3_prefix_list(terms.snapshot)
    return ranges is not None and any(
        ipaddress.ip_address(address) in ipaddress.ip_network(cidr) for cidr in ranges.cidrs
    )


def _s3_way(address: str, subnet: str, terms: Terms) -> Place:
    if terms.snapshot.route_tables is None:
        return Place.UNKNOWN
    route = route_for(terms.snapshot, subnet, address)
    if route is None or not route.active or route.target is not RouteTarget.GATEWAY_ENDPOINT:
        return Place.S3_ELSEWHERE
    gateways = {endpoint.id for endpoint in endpoints_for(terms.snapshot, "s3")}
    return Place.GATEWAY if route.target_id in gateways else Place.S3_ELSEWHERE


def has_gateway(service: ServiceUnderTest, terms: Terms) -> bool:
    """Return whether a gateway endpoint is there for ``service``; only S3's matters to ECS (R5)."""
    endpoints = endpoints_for(terms.snapshot, service.service)
    return any(endpoint.type is EndpointType.GATEWAY for endpoint in endpoints)


def public_path_excuses(service: ServiceUnderTest, subnet: str, terms: Terms) -> bool:
    """Return whether a public answer for ``service`` is a warning only (DESIGN, "Severity").

    It is where a public path works (or may, its end not being visible), nobody asked for the
    private one, and no endpoint of the service claims the name by private DNS.
    """
    if terms.require_private or terms.egress[subnet] not in _MAY_LEAD_OUT:
        return False
    claimed = any(
        endpoint.private_dns and endpoint.type is EndpointType.INTERFACE
        for endpoint in endpoints_for(terms.snapshot, service.service)
    )
    return not claimed

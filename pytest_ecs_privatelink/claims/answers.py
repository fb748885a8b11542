"""What kind of place an address is, seen from a subnet of the VPC."""

import ipaddress
from enum import StrEnum

from pytest_ecs_privatelink.claims.terms import ServiceUnderTest, Terms
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.lookup import (
    answers_privately,
    endpoint_addresses,
    endpoints_for,
    s3_prefix_list,
)
from pytest_ecs_privatelink.topology.model import EndpointType, Route, RouteTarget, Snapshot
from pytest_ecs_privatelink.topology.public_address import none_public
from pytest_ecs_privatelink.topology.routes import Network, best_match

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Place(StrEnum):
    """Where an answered address leads."""

    ENDPOINT = "this VPC's endpoint"
    GATEWAY = "S3 through the gateway endpoint"
    S3_ELSEWHERE = "S3, but not by way of the gateway endpoint"
    PRIVATE = "private, and routed"
    UNROUTED = "private, but no route leads there"
    NOWHERE = "no address of any network"
    PUBLIC = "public"
    UNREAD_ROUTES = "where that leads is unknown: the route tables could not be read"
    UNREAD_INTERFACES = "whose that is is unknown: the network interfaces could not be read"
    UNREAD_S3_RANGES = "whether that is S3 is unknown: its prefix list could not be read"


UNREAD_PARTS = {
    Place.UNREAD_ROUTES: "route_tables",
    Place.UNREAD_INTERFACES: "interfaces",
    Place.UNREAD_S3_RANGES: "prefix_lists",
}
"""Places that mean "could not look", and the part of the snapshot that is missing."""

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
_DNS64 = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052
# Nobody owns more public space than this; shorter prefixes are defaults, whole or split.
_SHORTEST_OWN_PREFIX = 8
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
# Whether the last four lead out cannot be seen from the VPC: dialling tells.
_MAY_LEAD_OUT = frozenset(
    {Egress.NAT, Egress.IGW, Egress.TRANSIT, Egress.APPLIANCE, Egress.VPN, Egress.UNKNOWN}
)


def place_of(address: str, service: ServiceUnderTest, subnet: str, terms: Terms) -> Place:
    """Return what ``address`` is for ``service``, seen from the subnet with id ``subnet``.

    Being inside an RFC 1918 range decides nothing: VPCs use ranges such as 20.10.0.0/16, too.
    """
    numeric = _behind_dns64(ipaddress.ip_address(address))
    if str(numeric) in _own_addresses(service, terms):
        return Place.ENDPOINT
    if numeric.is_loopback or numeric.is_unspecified or numeric.is_multicast:
        return Place.NOWHERE
    if service.service == "s3" and _in_s3_ranges(numeric, terms):
        return _s3_way(str(numeric), subnet, terms)
    return _elsewhere(numeric, service, subnet, terms)


def _behind_dns64(address: Address) -> Address:
    """Return the IPv4 address that a resolver's DNS64 has wrapped, else ``address`` itself."""
    if isinstance(address, ipaddress.IPv6Address) and address in _DNS64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _elsewhere(address: Address, service: ServiceUnderTest, subnet: str, terms: Terms) -> Place:
    public = not any(address in each for each in _NEVER_PUBLIC)
    if public and service.service == "s3" and s3_prefix_list(terms.snapshot) is None:
        return Place.UNREAD_S3_RANGES
    if terms.snapshot.route_tables is None:
        return Place.UNREAD_ROUTES
    match = best_match(terms.snapshot, subnet, str(address))
    if match is not None and _leads_inside(*match, public=public):
        own = service.endpoint is not None and match[1].target is RouteTarget.LOCAL
        unread = own and terms.snapshot.interfaces is None
        return Place.UNREAD_INTERFACES if unread else Place.PRIVATE
    return Place.PUBLIC if public else Place.UNROUTED


def _leads_inside(network: Network, route: Route, *, public: bool) -> bool:
    """Return whether ``route`` keeps an address private: a default route keeps no public one."""
    anywhere = network.prefixlen < _SHORTEST_OWN_PREFIX
    return route.active and route.target in _PRIVATE_WAYS and not (public and anywhere)


def _own_addresses(service: ServiceUnderTest, terms: Terms) -> frozenset[str]:
    return frozenset(
        address
        for endpoint in endpoints_for(terms.snapshot, service.service)
        if endpoint.type is EndpointType.INTERFACE
        for address in endpoint_addresses(terms.snapshot, endpoint)
    )


def _in_s3_ranges(address: Address, terms: Terms) -> bool:
    ranges = s3_prefix_list(terms.snapshot)
    return ranges is not None and any(
        address in ipaddress.ip_network(cidr) for cidr in ranges.cidrs
    )


def _s3_way(address: str, subnet: str, terms: Terms) -> Place:
    if terms.snapshot.route_tables is None:
        return Place.UNREAD_ROUTES
    match = best_match(terms.snapshot, subnet, address)
    if match is None or not match[1].active:
        return Place.S3_ELSEWHERE
    route = match[1]
    if route.target is not RouteTarget.GATEWAY_ENDPOINT:
        return Place.S3_ELSEWHERE
    # A participant of a shared VPC sees the route and not the owner's endpoint.
    others = {each.id for each in terms.snapshot.endpoints} - _gateways(terms)
    return Place.S3_ELSEWHERE if route.target_id in others else Place.GATEWAY


def _gateways(terms: Terms) -> set[str]:
    return {
        endpoint.id
        for endpoint in endpoints_for(terms.snapshot, "s3")
        if endpoint.type is EndpointType.GATEWAY
    }


def has_gateway(service: ServiceUnderTest, terms: Terms) -> bool:
    """Return whether a gateway endpoint is there for ``service``; only S3's matters to ECS (R5)."""
    endpoints = endpoints_for(terms.snapshot, service.service)
    return any(endpoint.type is EndpointType.GATEWAY for endpoint in endpoints)


def public_path_excuses(service: ServiceUnderTest, subnet: str, terms: Terms) -> bool:
    """Return whether a public answer for ``service`` is a warning only (DESIGN, "Severity").

    It is where a public path will do, and no endpoint of the service claims the name by private
    DNS.
    """
    return public_path_will_do(subnet, terms) and not any(
        answers_privately(endpoint) for endpoint in endpoints_for(terms.snapshot, service.service)
    )


def public_path_will_do(subnet: str, terms: Terms) -> bool:
    """Return whether a public path works (or may), and nobody asked for the private one.

    An internet gateway leads nobody out who is seen to have no public address.
    """
    egress = terms.egress[subnet]
    if terms.require_private or egress not in _MAY_LEAD_OUT:
        return False
    return egress is not Egress.IGW or not none_public(terms.snapshot, subnet)


def missing_permission(snapshot: Snapshot, part: str) -> str:
    """Return, as a clause or nothing, the permission without which ``part`` was not read."""
    permissions = [each.permission for each in snapshot.unreadable if each.part == part]
    return f" (missing permission {', '.join(permissions)})" if permissions else ""

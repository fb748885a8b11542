"""Endpoints of another VPC that hosted zones lead to: a hub's, shared by its spokes.

What a hub looks like inside is not in the snapshot. It is taken to work, so that the VPC's own side
is what is rehearsed: its zones, routes, groups and ACLs. Pattern: AWS whitepaper "Building a
Scalable and Secure Multi-VPC AWS Network Infrastructure", "Centralized access to VPC endpoints".
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from pytest_ecs_privatelink.lab.plan.routes import BEYOND
from pytest_ecs_privatelink.topology.model import HostedZone, Snapshot, ZoneRecord

ENDPOINT_NAME = ".vpce."

_FIRST_OFFSET = 10
# Where no route names a network of the hub, as behind a default route to a transit gateway.
_ELSEWHERE = ("10.255.255.0/24", "172.31.255.0/24", "192.168.255.0/24")


def canonical(name: str) -> str:
    r"""Return ``name`` as plans spell it; Route 53 writes a ``*`` as ``\052``."""
    return name.replace("\\052", "*").rstrip(".").lower()


def zone_records(snapshot: Snapshot) -> Iterator[tuple[HostedZone, ZoneRecord]]:
    """Yield every record of the VPC's hosted zones that could be read, with its zone."""
    for zone in snapshot.hosted_zones or ():
        for record in zone.records or ():
            yield zone, record


def hub_addresses(snapshot: Snapshot) -> Mapping[str, str]:
    """Return stand-in addresses for the endpoint names of other VPCs that aliases lead to.

    They lie in a network that routes of the VPC lead to, or else in one outside the VPC.
    """
    own = {canonical(name) for endpoint in snapshot.endpoints for name in endpoint.dns_names}
    aliases = {
        canonical(each.alias) for _, each in zone_records(snapshot) if each.alias is not None
    }
    foreign = sorted(name for name in aliases - own if ENDPOINT_NAME in name)
    network = next(_networks(snapshot), None)
    if network is None:
        return {}
    room = range(_FIRST_OFFSET, network.num_addresses - 1)
    return {name: str(network[offset]) for name, offset in zip(foreign, room, strict=False)}


def _networks(snapshot: Snapshot) -> Iterator[IPv4Network]:
    routed = {
        route.destination
        for table in snapshot.route_tables or ()
        for route in table.routes
        if route.target in BEYOND and ":" not in route.destination and "/" in route.destination
    }
    vpc = [IPv4Network(cidr) for cidr in snapshot.vpc.cidrs]
    for cidr in (*sorted(routed), *_ELSEWHERE):
        network = IPv4Network(cidr, strict=False)
        if network.prefixlen and not any(network.overlaps(own) for own in vpc):
            yield network

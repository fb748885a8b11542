"""A subnet's way out of the VPC for IPv4, judged from its default route."""

from enum import StrEnum

from pytest_ecs_privatelink.topology.lookup import subnet_of, table_of
from pytest_ecs_privatelink.topology.model import NatGateway, Route, RouteTarget, Snapshot
from pytest_ecs_privatelink.topology.routes import default_route


class Egress(StrEnum):
    """Ways out. ``NAT`` and ``IGW`` are seen to work; the others end where nobody can look."""

    NONE = "none"
    NAT = "nat"
    IGW = "igw"
    TRANSIT = "transit"
    APPLIANCE = "appliance"
    PEERING = "peering"
    VPN = "vpn"
    UNKNOWN = "unknown"


# Targets whose far end the VPC's owner does not see. What is absent here (an egress-only gateway,
# a local gateway, ...) is no IPv4 default route that we can judge.
_BEYOND = {
    RouteTarget.TRANSIT_GATEWAY: Egress.TRANSIT,
    RouteTarget.INSTANCE_OR_INTERFACE: Egress.APPLIANCE,
    RouteTarget.APPLIANCE_ENDPOINT: Egress.APPLIANCE,
    RouteTarget.PEERING: Egress.PEERING,
    RouteTarget.VPN_GATEWAY: Egress.VPN,
}


def egress_of(snapshot: Snapshot, subnet_id: str) -> Egress:
    """Return the subnet's way out; ``UNKNOWN`` where a part that decides could not be read.

    Block Public Access closes internet gateways; in its ingress-only mode NAT still leads out
    (docs.aws.amazon.com/vpc/latest/userguide/security-vpc-bpa.html).
    """
    return _walk(snapshot, subnet_id, frozenset())


def _walk(snapshot: Snapshot, subnet_id: str, passed: frozenset[str]) -> Egress:
    if table_of(snapshot, subnet_id) is None:
        return Egress.UNKNOWN
    route = default_route(snapshot, subnet_id)
    if route is None or not route.active or subnet_id in passed:
        return Egress.NONE
    if route.target is RouteTarget.INTERNET_GATEWAY:
        return _through_gateway(snapshot, subnet_id, behind_nat=False)
    if route.target is RouteTarget.NAT_GATEWAY:
        return _through_nat(snapshot, route, passed | {subnet_id})
    return _BEYOND.get(route.target, Egress.UNKNOWN)


def _through_gateway(snapshot: Snapshot, subnet_id: str, *, behind_nat: bool) -> Egress:
    way = Egress.NAT if behind_nat else Egress.IGW
    mode = _blocking(snapshot, subnet_id)
    if mode is None:
        return Egress.UNKNOWN
    if mode == "off" or (behind_nat and mode == "block-ingress"):
        return way
    return Egress.NONE


def _through_nat(snapshot: Snapshot, route: Route, passed: frozenset[str]) -> Egress:
    nat = snapshot.index.nat_gateways.get(route.target_id or "")
    # An active route to a gateway that is not listed: it belongs to another account's view.
    if nat is None:
        return Egress.UNKNOWN
    if nat.state != "available":
        return Egress.NONE
    return _behind_nat(snapshot, nat, passed)


def _behind_nat(snapshot: Snapshot, nat: NatGateway, passed: frozenset[str]) -> Egress:
    if not nat.subnet:
        return _through_regional_nat(snapshot, nat)
    onward = default_route(snapshot, nat.subnet)
    to_internet = (
        onward is not None and onward.active and onward.target is RouteTarget.INTERNET_GATEWAY
    )
    if not to_internet:
        return _walk(snapshot, nat.subnet, passed)
    # A private NAT gateway has no public address: the internet gateway drops its packets.
    return _through_gateway(snapshot, nat.subnet, behind_nat=True) if nat.public else Egress.NONE


def _through_regional_nat(snapshot: Snapshot, nat: NatGateway) -> Egress:
    """Judge a NAT gateway that stands in no subnet: AWS routes it to the VPC's gateway."""
    if snapshot.internet_gateways is None:
        return Egress.UNKNOWN
    if not (nat.public and snapshot.internet_gateways):
        return Egress.NONE
    return _through_gateway(snapshot, nat.subnet, behind_nat=True)


def _blocking(snapshot: Snapshot, subnet_id: str) -> str | None:
    """Return the Block Public Access mode in force there, or None where it is not known."""
    subnet = subnet_of(snapshot, subnet_id)
    if subnet is not None and subnet.block_public_access is not None:
        return subnet.block_public_access
    if snapshot.block_public_access is None and snapshot.emulated:
        return "off"  # no emulator has the feature
    return snapshot.block_public_access

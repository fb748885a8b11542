"""What tasks and container instances dial on 443: interfaces of endpoints that names lead to.

IPv4 only: names of ECS's endpoint services are asked for IPv4 addresses, and rules for IPv6 ones
admit none of these.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread_at
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, host_names
from pytest_ecs_privatelink.topology.lookup import (
    answers_privately,
    default_group,
    endpoint_addresses,
    endpoints_for,
    interfaces_of,
    table_of,
)
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    RouteTarget,
    Snapshot,
    Subnet,
    ZoneRecord,
)
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.verdict import Cell, Claim, Code

# Given out to nobody: the first four addresses and the last [VPC User Guide, "Subnet sizing"].
_RESERVED_AT_START = 4


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an endpoint stands in a subnet: its addresses there.

    Where they are not known ``exact`` is False, and ``addresses`` are the subnet's whole range.
    """

    subnet: str
    addresses: Ranges
    exact: bool


@dataclass(frozen=True, slots=True)
class Target:
    """An available interface endpoint that names lead to, because of a requirement."""

    requirement: Requirement
    endpoint: Endpoint
    groups: tuple[str, ...]
    spots: tuple[Spot, ...]

    @property
    def service(self) -> str:
        """The endpoint service's short name."""
        return self.requirement.service


def targets(scene: Scene) -> tuple[Target, ...]:
    """Return every interface endpoint that what is required leads to; ``groups`` are sorted ids."""
    snapshot = scene.snapshot
    default = default_group(snapshot)
    stand_in = () if default is None else (default.id,)
    return tuple(
        Target(
            requirement,
            endpoint,
            tuple(sorted(endpoint.groups)) or stand_in,
            tuple(_spots(snapshot, endpoint)),
        )
        for requirement in scene.requirements
        for endpoint in endpoints_for(snapshot, requirement.service)
        if _is_led_to(scene, requirement.service, endpoint)
    )


def usable(subnet: Subnet) -> Ranges:
    """Return the IPv4 addresses of ``subnet`` that AWS gives away; an IPv6-only one has none."""
    return Ranges(
        tuple(
            (first + _RESERVED_AT_START, last - 1)
            for first, last in Ranges.of((subnet.cidr,)).spans
        )
    )


def through_gateway(scene: Scene) -> tuple[Requirement, tuple[Subnet, ...]] | None:
    """Return the need of S3 and the subnets from which it goes through a gateway endpoint.

    None where no gateway is used, or where names lead to an interface endpoint instead.
    """
    snapshot = scene.snapshot
    for requirement in scene.requirements:
        if not SERVICES[requirement.service].gateway:
            continue
        endpoints = endpoints_for(snapshot, requirement.service)
        gateways = {each.id for each in endpoints if each.type is EndpointType.GATEWAY}
        if not gateways or any(_is_led_to(scene, requirement.service, each) for each in endpoints):
            return None
        return requirement, tuple(
            subnet for subnet in scene.subnets if _is_routed(snapshot, subnet, gateways)
        )
    return None


def tcp(subnet: str, service: str) -> Cell:
    """Return the cell that turns red where packets are dropped."""
    return Cell(Claim.TCP_443, subnet, service)


def unread(scene: Scene, code: Code, subject: str, part: str, permission: str) -> Unseen:
    """Return that ``part`` of the snapshot, which decides about ``subject``, could not be read."""
    words = part.replace("_", " ").replace("acls", "ACLs")
    return unread_at(scene.snapshot, subject, part, permission, f"its {words}", code)


def _is_led_to(scene: Scene, service: str, endpoint: Endpoint) -> bool:
    if endpoint.type is not EndpointType.INTERFACE or endpoint.state != "available":
        return False
    if answers_privately(endpoint):
        return True
    return bool(scene.snapshot.hosted_zones) and given_by_zone(scene, service, endpoint)


def given_by_zone(scene: Scene, service: str, endpoint: Endpoint) -> bool:
    """Return whether a hosted zone gives the endpoint for one of the names of ``service``."""
    own = {*endpoint.dns_names, *endpoint_addresses(scene.snapshot, endpoint)}
    known = scene.snapshot.index.records
    return any(
        not own.isdisjoint(_values(record))
        for host in host_names(service, scene.snapshot.region, scene.registries)
        for name in _names_for(host)
        for record in known.get(name, ())
    )


def _names_for(host: str) -> Iterator[str]:
    """Yield the names of records that may answer for ``host``: its own, and wildcards above it."""
    yield host
    _, dot, above = host.partition(".")
    while dot:
        yield f"*.{above}"
        _, dot, above = above.partition(".")


def _values(record: ZoneRecord) -> Iterator[str]:
    yield from (each.rstrip(".") for each in record.values)
    if record.alias is not None:
        yield record.alias.rstrip(".").removeprefix("dualstack.")


def _spots(snapshot: Snapshot, endpoint: Endpoint) -> Iterator[Spot]:
    """Yield where the endpoint stands; an address outside its subnet is an emulator's invention."""
    known = {each.subnet: each for each in interfaces_of(snapshot, endpoint)}
    for id_ in dict.fromkeys((*known, *endpoint.subnets)):
        subnet = snapshot.index.subnets.get(id_)
        if subnet is None:
            continue
        whole = Ranges.of((subnet.cidr,))
        interface = known.get(id_)
        addresses = Ranges.of(f"{each}/32" for each in interface.addresses) if interface else whole
        exact = interface is not None and bool(addresses) and whole.covers(addresses)
        yield Spot(id_, addresses if exact else whole, exact)


def _is_routed(snapshot: Snapshot, subnet: Subnet, gateways: set[str]) -> bool:
    table = table_of(snapshot, subnet.id)
    return table is None or any(
        route.target is RouteTarget.GATEWAY_ENDPOINT and route.target_id in gateways
        for route in table.routes
    )

"""Endpoint interfaces as AWS makes them: one per subnet, inside it, wearing the endpoint's groups.

Emulators draw their addresses at random from 10.0.0.0/8 and dress them in the VPC's default group.
"""

import hashlib
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    Interface,
    Snapshot,
    Subnet,
)

_RESERVED_AT_START = 4  # network, router, resolver, future use (VPC guide, "Subnet sizing")
_NOWHERE = "0.0.0.0"  # noqa: S104  (an address in no subnet: to be replaced)


def with_endpoint_interfaces(snapshot: Snapshot) -> Snapshot:
    """Return ``snapshot`` with right endpoint interfaces, and with no address outside its subnet.

    Addresses that fit stay; others become the subnet's lowest free ones, in an order that does not
    depend on random ids. Where a subnet has no free address left, the wrong one stays.
    """
    if snapshot.interfaces is None:
        return snapshot
    subnets = {subnet.id: subnet for subnet in snapshot.subnets}
    known = {each.id: each for each in snapshot.interfaces}
    owned = {
        endpoint.id: _interfaces_of(endpoint, known, subnets)
        for endpoint in snapshot.endpoints
        if endpoint.type is EndpointType.INTERFACE
    }
    endpoints = tuple(
        replace(each, interfaces=tuple(eni.id for eni in owned[each.id]))
        if each.id in owned
        else each
        for each in snapshot.endpoints
    )
    listed = {eni for each in snapshot.endpoints if each.id in owned for eni in each.interfaces}
    others = [each for each in snapshot.interfaces if each.id not in listed]
    interfaces = [*others, *(eni for each in owned.values() for eni in each)]
    rank = {eni: each.service_name for each in endpoints for eni in each.interfaces}
    return replace(snapshot, endpoints=endpoints, interfaces=_placed(interfaces, subnets, rank))


def _interfaces_of(
    endpoint: Endpoint, known: Mapping[str, Interface], subnets: Mapping[str, Subnet]
) -> list[Interface]:
    """Return one interface for each of the endpoint's subnets, in their order.

    moto's ModifyVpcEndpoint changes the subnets and forgets the interfaces.
    """
    by_subnet = {known[eni].subnet: known[eni] for eni in endpoint.interfaces if eni in known}
    return [
        replace(
            by_subnet.get(subnet) or _new_interface(endpoint, subnet),
            type="vpc_endpoint",
            groups=endpoint.groups,
            description=f"VPC Endpoint Interface {endpoint.id}",
        )
        for subnet in endpoint.subnets
        if subnet in subnets
    ]


def _new_interface(endpoint: Endpoint, subnet: str) -> Interface:
    digest = hashlib.sha256(f"{endpoint.id} {subnet}".encode()).hexdigest()
    return Interface(
        id=f"eni-{digest[:17]}", subnet=subnet, type="vpc_endpoint", addresses=(_NOWHERE,)
    )


def _placed(
    interfaces: Sequence[Interface], subnets: Mapping[str, Subnet], rank: Mapping[str, str]
) -> tuple[Interface, ...]:
    ordered = sorted(interfaces, key=lambda each: (each.subnet, rank.get(each.id, ""), each.id))
    taken: set[str] = set()
    keeps = {each.id: _fitting(each, subnets.get(each.subnet), taken) for each in ordered}
    free = {name: _free_addresses(subnet, taken) for name, subnet in subnets.items()}
    addresses = {
        each.id: tuple(
            address if address in keeps[each.id] else next(free[each.subnet], address)
            for address in each.addresses
        )
        for each in ordered
    }
    placed = (replace(each, addresses=addresses[each.id]) for each in interfaces)
    return tuple(sorted(placed, key=lambda each: each.id))


def _fitting(interface: Interface, subnet: Subnet | None, taken: set[str]) -> frozenset[str]:
    """Return the addresses that may stay, and note them in ``taken``."""
    if subnet is None:
        return frozenset(interface.addresses)
    network = ipaddress.ip_network(subnet.cidr)
    fitting = frozenset(
        address
        for address in interface.addresses
        if address not in taken and _is_assignable(ipaddress.ip_address(address), network)
    )
    taken |= fitting
    return fitting


def _is_assignable(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
    network: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    if address not in network:
        return False
    offset = int(address) - int(network.network_address)
    return _RESERVED_AT_START <= offset < network.num_addresses - 1


def _free_addresses(subnet: Subnet, taken: set[str]) -> Iterator[str]:
    network = ipaddress.ip_network(subnet.cidr)
    for offset in range(_RESERVED_AT_START, network.num_addresses - 1):
        address = str(network[offset])
        if address not in taken:
            taken.add(address)
            yield address

"""Who gets which address: hosts in their subnets, the resolver, and the public side."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network

from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.plan.s3_parts import s3_addresses
from pytest_ecs_privatelink.topology.lookup import s3_prefix_list
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet

LINK_LOCAL_RESOLVER = "169.254.169.253"

_RESERVED_AT_START = 4  # network, router, resolver, future use (VPC guide, "Subnet sizing")
# TEST-NET-3, -2 and -1 (RFC 5737): addresses that nobody has.
_NOBODYS = ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24")
_MOST_S3_ADDRESSES = 8


def resolver_addresses(snapshot: Snapshot) -> tuple[str, ...]:
    """Return where the VPC's resolver listens: primary CIDR plus two, and its link-local one.

    Source: VPC User Guide, "Amazon DNS server".
    """
    primary = IPv4Network(snapshot.vpc.cidrs[0])
    return (str(primary[2]), LINK_LOCAL_RESOLVER)


def taken_addresses(snapshot: Snapshot) -> frozenset[str]:
    """Return the addresses that no host may have: of interfaces, and the resolver's."""
    interfaces = (address for each in snapshot.interfaces or () for address in each.addresses)
    return frozenset((*interfaces, *resolver_addresses(snapshot)))


def host_address(subnet: Subnet, taken: frozenset[str]) -> str:
    """Return a free address for a host in ``subnet``: the highest one.

    `LabError` where it has none left: no task would start there either.
    """
    address = highest_free(usable(subnet.cidr), taken)
    if address is None:
        words = f"subnet {subnet.id} ({subnet.cidr}) has no free address for a host of the lab"
        raise LabError(words)
    return address


def usable(cidr: str) -> tuple[int, int]:
    """Return the first and the last address of a subnet that AWS gives away, as numbers."""
    network = IPv4Network(cidr)
    return int(network[_RESERVED_AT_START]), int(network[-1]) - 1


def highest_free(addresses: tuple[int, int], taken: frozenset[str]) -> str | None:
    """Return the highest address from the first to the last of ``addresses`` that is free."""
    first, last = addresses
    candidates = (str(IPv4Address(number)) for number in range(last, first - 1, -1))
    return next((address for address in candidates if address not in taken), None)


def public_addresses(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Return the public side's addresses of every service of the catalogue.

    S3 has one in each range of its prefix list, and in each part of a range that routes tell from
    the rest, so that whatever forgets a range or a part is found out.
    """
    free = _nobodys()
    addresses: dict[str, tuple[str, ...]] = {service: (next(free),) for service in sorted(SERVICES)}
    prefix_list = s3_prefix_list(snapshot)
    ranges = [cidr for cidr in (prefix_list.cidrs if prefix_list else ()) if ":" not in cidr]
    if ranges:
        addresses["s3"] = s3_addresses(snapshot, ranges)[:_MOST_S3_ADDRESSES]
    return addresses


def address_elsewhere() -> str:
    """Return the public address of what is S3 and outside its prefix list: the last one free."""
    return str(IPv4Network(_NOBODYS[-1])[-2])


def _nobodys() -> Iterator[str]:
    for cidr in _NOBODYS:
        yield from (str(address) for address in IPv4Network(cidr).hosts())

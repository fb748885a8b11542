"""Who gets which address: hosts in their subnets, the resolver, and the public side."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.topology.lookup import s3_prefix_list, subnet_of
from pytest_ecs_privatelink.topology.model import Snapshot

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


def host_addresses(snapshot: Snapshot, subnets: tuple[str, ...]) -> Mapping[str, str]:
    """Return a free address for a host in each of ``subnets``: the highest one.

    `LabError` where a subnet has none left: no task would start there either.
    """
    taken = {address for each in snapshot.interfaces or () for address in each.addresses}
    taken.update(resolver_addresses(snapshot))
    chosen = {}
    for subnet_id in subnets:
        subnet = subnet_of(snapshot, subnet_id)
        if subnet is None:
            raise ValueError(f"{subnet_id} is no subnet of {snapshot.vpc.id}")
        if subnet_id in chosen:
            raise ValueError(f"{subnet_id} has two hosts; a twin takes one for each subnet")
        chosen[subnet_id] = _highest_free(subnet_id, subnet.cidr, taken)
    return chosen


def public_addresses(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Return the public side's addresses of every service of the catalogue.

    S3 has one in each range of its prefix list, so that a rule which forgets a range is found out.
    """
    free = _nobodys()
    addresses: dict[str, tuple[str, ...]] = {service: (next(free),) for service in sorted(SERVICES)}
    prefix_list = s3_prefix_list(snapshot)
    ranges = [cidr for cidr in (prefix_list.cidrs if prefix_list else ()) if ":" not in cidr]
    if ranges:
        networks = (IPv4Network(cidr) for cidr in ranges[:_MOST_S3_ADDRESSES])
        addresses["s3"] = tuple(
            str(network[min(1, network.num_addresses - 1)]) for network in networks
        )
    return addresses


def _highest_free(subnet_id: str, cidr: str, taken: set[str]) -> str:
    network = IPv4Network(cidr)
    for offset in range(network.num_addresses - 2, _RESERVED_AT_START - 1, -1):
        address = str(network[offset])
        if address not in taken:
            return address
    raise LabError(f"subnet {subnet_id} ({cidr}) has no free address for a host of the lab")


def _nobodys() -> Iterator[str]:
    for cidr in _NOBODYS:
        yield from (str(address) for address in IPv4Network(cidr).hosts())

"""What is asked of a snapshot again and again, found at once instead of by search."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from pytest_ecs_privatelink.topology.cluster import Cluster, Placement
    from pytest_ecs_privatelink.topology.model import (
        Endpoint,
        Interface,
        NatGateway,
        NetworkAcl,
        PrefixList,
        RouteTable,
        SecurityGroup,
        Snapshot,
        Subnet,
    )


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A snapshot's records by id, and by the subnet that they belong to.

    Of a cluster: what ECS services place in a subnet, and the EC2 ids of its container instances.
    """

    subnets: "Mapping[str, Subnet]"
    endpoints: "Mapping[str, Endpoint]"
    groups: "Mapping[str, SecurityGroup]"
    interfaces: "Mapping[str, Interface]"
    interfaces_in: "Mapping[str, tuple[Interface, ...]]"
    prefix_lists: "Mapping[str, PrefixList]"
    nat_gateways: "Mapping[str, NatGateway]"
    tables_of: "Mapping[str, RouteTable]"
    main_table: "RouteTable | None"
    acls_of: "Mapping[str, NetworkAcl]"
    default_acl: "NetworkAcl | None"
    placements_in: "Mapping[str, tuple[Placement, ...]]"
    hosts_in: "Mapping[str, frozenset[str | None]]"


def index_of(snapshot: "Snapshot") -> Index:
    """Return the index; of several records with one key the first one counts."""
    tables, acls = snapshot.route_tables or (), snapshot.network_acls or ()
    inside: dict[str, list[Interface]] = defaultdict(list)
    for interface in snapshot.interfaces or ():
        inside[interface.subnet].append(interface)
    cluster = snapshot.cluster
    return Index(
        subnets=_by_id(snapshot.subnets),
        endpoints=_by_id(snapshot.endpoints),
        groups=_by_id(snapshot.security_groups or ()),
        interfaces=_by_id(snapshot.interfaces or ()),
        interfaces_in={subnet: tuple(found) for subnet, found in inside.items()},
        prefix_lists=_by_id(snapshot.prefix_lists or ()),
        nat_gateways=_by_id(snapshot.nat_gateways or ()),
        tables_of={id_: each for each in reversed(tables) for id_ in each.subnets},
        main_table=next((each for each in tables if each.main), None),
        acls_of={id_: each for each in reversed(acls) for id_ in each.subnets},
        default_acl=next((each for each in acls if each.default), None),
        placements_in=_placements_in(cluster) if cluster else {},
        hosts_in=_hosts_in(cluster) if cluster else {},
    )


def _placements_in(cluster: "Cluster") -> dict[str, tuple["Placement", ...]]:
    found: dict[str, list[Placement]] = defaultdict(list)
    for service in cluster.services or ():
        for placement in service.placements:
            for subnet in dict.fromkeys(placement.subnets):
                found[subnet].append(placement)
    return {subnet: tuple(placements) for subnet, placements in found.items()}


def _hosts_in(cluster: "Cluster") -> dict[str, frozenset[str | None]]:
    found: dict[str, set[str | None]] = defaultdict(set)
    for each in cluster.instances or ():
        if each.subnet is not None:
            found[each.subnet].add(each.instance)
    return {subnet: frozenset(ids) for subnet, ids in found.items()}


def _by_id(records: Iterable[_N]) -> dict[str, _N]:
    found: dict[str, _N] = {}
    for record in records:
        found.setdefault(record.id, record)
    return found

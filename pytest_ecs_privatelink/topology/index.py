"""What is asked of a snapshot again and again, found at once instead of by search."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from pytest_ecs_privatelink.catalogue.services import ServiceName, parse_service_name

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
        ZoneRecord,
    )


# VpcEndpoint.State of the EC2 API, lower case. Emulators go on listing deleted endpoints.
_DELETED = frozenset({"deleting", "deleted"})


class _Named(Protocol):
    @property
    def id(self) -> str: ...


_N = TypeVar("_N", bound=_Named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A snapshot's records by id, and by the subnet that they belong to.

    ``of_aws`` are the endpoints that exist for AWS services, any Region's, in id order, and
    ``serving`` the same by service and Region. Deleted ones do not exist; those beyond repair do.
    ``records`` are those of all hosted zones, by lower-case name without its last dot. Of a
    cluster: what ECS services place in a subnet, and the EC2 ids of its container instances.
    """

    subnets: "Mapping[str, Subnet]"
    endpoints: "Mapping[str, Endpoint]"
    of_aws: "tuple[tuple[Endpoint, ServiceName], ...]"
    serving: "Mapping[tuple[str, str | None], tuple[Endpoint, ...]]"
    groups: "Mapping[str, SecurityGroup]"
    interfaces: "Mapping[str, Interface]"
    interfaces_in: "Mapping[str, tuple[Interface, ...]]"
    prefix_lists: "Mapping[str, PrefixList]"
    nat_gateways: "Mapping[str, NatGateway]"
    tables_of: "Mapping[str, RouteTable]"
    main_table: "RouteTable | None"
    acls_of: "Mapping[str, NetworkAcl]"
    default_acl: "NetworkAcl | None"
    records: "Mapping[str, tuple[ZoneRecord, ...]]"
    placements_in: "Mapping[str, tuple[Placement, ...]]"
    hosts_in: "Mapping[str, frozenset[str | None]]"


def index_of(snapshot: "Snapshot") -> Index:
    """Return the index; of several records with one key the first one counts."""
    tables, acls = snapshot.route_tables or (), snapshot.network_acls or ()
    inside: dict[str, list[Interface]] = defaultdict(list)
    for interface in snapshot.interfaces or ():
        inside[interface.subnet].append(interface)
    cluster = snapshot.cluster
    of_aws = tuple(_of_aws(snapshot))
    return Index(
        subnets=_by_id(snapshot.subnets),
        endpoints=_by_id(snapshot.endpoints),
        of_aws=of_aws,
        serving=_by_service(of_aws),
        groups=_by_id(snapshot.security_groups or ()),
        interfaces=_by_id(snapshot.interfaces or ()),
        interfaces_in={subnet: tuple(found) for subnet, found in inside.items()},
        prefix_lists=_by_id(snapshot.prefix_lists or ()),
        nat_gateways=_by_id(snapshot.nat_gateways or ()),
        tables_of={id_: each for each in reversed(tables) for id_ in each.subnets},
        main_table=next((each for each in tables if each.main), None),
        acls_of={id_: each for each in reversed(acls) for id_ in each.subnets},
        default_acl=next((each for each in acls if each.default), None),
        records=_records(snapshot),
        placements_in=_placements_in(cluster) if cluster else {},
        hosts_in=_hosts_in(cluster) if cluster else {},
    )


def _of_aws(snapshot: "Snapshot") -> Iterator[tuple["Endpoint", ServiceName]]:
    for endpoint in sorted(snapshot.endpoints, key=lambda each: each.id):
        name = parse_service_name(endpoint.service_name)
        if name is not None and endpoint.state not in _DELETED:
            yield endpoint, name


def _by_service(
    of_aws: "Iterable[tuple[Endpoint, ServiceName]]",
) -> "dict[tuple[str, str | None], tuple[Endpoint, ...]]":
    found: dict[tuple[str, str | None], list[Endpoint]] = defaultdict(list)
    for endpoint, name in of_aws:
        found[name.service, name.region].append(endpoint)
    return {key: tuple(endpoints) for key, endpoints in found.items()}


def _records(snapshot: "Snapshot") -> "dict[str, tuple[ZoneRecord, ...]]":
    found: dict[str, list[ZoneRecord]] = defaultdict(list)
    for zone in snapshot.hosted_zones or ():
        for record in zone.records or ():
            found[record.name.rstrip(".").lower()].append(record)
    return {name: tuple(records) for name, records in found.items()}


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

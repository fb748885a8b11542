"""What the VPC's resolver knows: hidden zones of private DNS, hosted zones, public names."""

from collections.abc import Iterable, Mapping

from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    names_with_offers,
    parse_service_name,
    private_dns_names,
)
from pytest_ecs_privatelink.lab.plan.addresses import resolver_addresses
from pytest_ecs_privatelink.lab.plan.hub import (
    ENDPOINT_NAME,
    canonical,
    hub_addresses,
    zone_records,
)
from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.twin_plan import (
    DnsTrouble,
    PlannedRecord,
    PlannedServer,
    Resolver,
    Way,
    Zone,
)
from pytest_ecs_privatelink.topology.lookup import interfaces_of
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    EndpointType,
    HostedZone,
    Snapshot,
    ZoneRecord,
)
from pytest_ecs_privatelink.verdict import Code

_TROUBLES = (Code.DNS_TIMEOUT, Code.DNS_SERVFAIL, Code.DNS_REFUSED, Code.DNS_NXDOMAIN)


def endpoint_private_names(snapshot: Snapshot, endpoint: Endpoint) -> tuple[str, ...]:
    """Return the names that private DNS gives the endpoint.

    They are the catalogue's, those that AWS offers the service with in this Region (an emulator's
    offers are wrong), and the endpoint's own DNS entries.
    """
    parsed = parse_service_name(endpoint.service_name)
    known: tuple[str, ...] = ()
    if parsed is not None and parsed.region is not None and parsed.service in SERVICES:
        offers = () if snapshot.emulated else snapshot.endpoint_services or ()
        known = names_with_offers(
            parsed.service,
            parsed.region,
            (snapshot.vpc.owner,),
            ((offer.service_name, offer.private_dns_names) for offer in offers),
        ).private
    listed = tuple(canonical(name) for name in endpoint.dns_names if ENDPOINT_NAME not in name)
    return tuple(dict.fromkeys((*known, *listed)))


def vpce_names(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the endpoint's own DNS names: the regional one and one for each zone."""
    return tuple(canonical(name) for name in endpoint.dns_names if ENDPOINT_NAME in name)


def planned_resolver(
    snapshot: Snapshot, servers: Iterable[PlannedServer], faults: tuple[TwinFault, ...]
) -> Resolver:
    """Return the VPC's resolver, which also answers public names with addresses of ``servers``."""
    return Resolver(
        addresses=resolver_addresses(snapshot),
        answering=snapshot.vpc.dns_support is not False,
        zones=private_zones(snapshot, faults),
        public=public_records(snapshot, servers),
        troubles=dns_troubles(snapshot.region, faults),
    )


def service_of(endpoint: Endpoint) -> str:
    """Return the endpoint's short service name; a stranger's is its whole service name."""
    parsed = parse_service_name(endpoint.service_name)
    return endpoint.service_name if parsed is None else parsed.service


def private_zones(snapshot: Snapshot, faults: tuple[TwinFault, ...]) -> tuple[Zone, ...]:
    """Return the zones that answer inside the VPC, hidden ones and hosted ones, sorted by apex.

    Both need both DNS attributes of the VPC [VPC User Guide, "DNS attributes for your VPC"]. A
    name of two zones with the same apex is the hidden zone's.
    """
    if snapshot.vpc.dns_support is False or snapshot.vpc.dns_hostnames is False:
        return ()
    zones: dict[str, dict[str, PlannedRecord]] = {}
    for name, values in _hidden_names(snapshot, faults):
        apex = name.removeprefix("*.")
        zones.setdefault(apex, {}).setdefault(name, PlannedRecord(name, values))
    hub = {name: (address,) for name, address in hub_addresses(snapshot).items()}
    known = {**_endpoint_addresses(snapshot), **hub}
    for zone in snapshot.hosted_zones or ():
        records = zones.setdefault(canonical(zone.name), {})
        for record in _hosted_records(zone, known):
            records.setdefault(record.name, record)
    return tuple(Zone(apex, tuple(records.values())) for apex, records in sorted(zones.items()))


def public_records(
    snapshot: Snapshot, servers: Iterable[PlannedServer]
) -> tuple[PlannedRecord, ...]:
    """Return what the world outside answers: AWS names, and the endpoints' own DNS names.

    The latter resolve to private addresses everywhere [PrivateLink guide, "DNS names"].
    """
    names: dict[str, list[str]] = {}
    for server in servers:
        if Way.NAT in server.ways:
            for name in server.names:
                names.setdefault(name, []).append(server.address)
    records = {name: PlannedRecord(name, tuple(values)) for name, values in names.items()}
    for name, values in _endpoint_addresses(snapshot).items():
        records[name] = PlannedRecord(name, values)
    return tuple(records.values())


def dns_troubles(region: str, faults: tuple[TwinFault, ...]) -> tuple[DnsTrouble, ...]:
    """Return the resolver's failures that ``faults`` ask for."""
    return tuple(
        DnsTrouble(
            fault.code, () if fault.service is None else private_dns_names(fault.service, region)
        )
        for fault in faults
        if fault.code in _TROUBLES
    )


def unknown_aliases(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the hosted zones' names that are aliases for nothing that the twin has."""
    known = {**_endpoint_addresses(snapshot), **hub_addresses(snapshot)}
    return tuple(
        canonical(record.name)
        for _, record in zone_records(snapshot)
        if record.alias is not None and canonical(record.alias) not in known
    )


def _hidden_names(
    snapshot: Snapshot, faults: tuple[TwinFault, ...]
) -> Iterable[tuple[str, tuple[str, ...]]]:
    public = [fault for fault in faults if fault.code is Code.DNS_PUBLIC_ANSWER]
    for endpoint in snapshot.endpoints:
        if not _answers_privately(endpoint):
            continue
        if any(fault.service in (None, service_of(endpoint)) for fault in public):
            continue
        addresses = tuple(
            address for each in interfaces_of(snapshot, endpoint) for address in each.addresses
        )
        for name in endpoint_private_names(snapshot, endpoint):
            yield name, addresses


def _answers_privately(endpoint: Endpoint) -> bool:
    return (
        endpoint.type is EndpointType.INTERFACE
        and endpoint.private_dns
        and endpoint.state == "available"
        and not endpoint.private_dns_inbound_resolver_only
    )


def _endpoint_addresses(snapshot: Snapshot) -> Mapping[str, tuple[str, ...]]:
    """Return the addresses of every ``vpce-...`` name; a zonal one has that zone's alone."""
    azs = {subnet.id: subnet.az for subnet in snapshot.subnets}
    found: dict[str, tuple[str, ...]] = {}
    for endpoint in snapshot.endpoints:
        interfaces = interfaces_of(snapshot, endpoint)
        for name in vpce_names(endpoint):
            label = name.removeprefix("*.").partition(".")[0]
            zonal = [each for each in interfaces if label.endswith("-" + azs.get(each.subnet, " "))]
            found[name] = tuple(
                address for each in zonal or interfaces for address in each.addresses
            )
    return found


def _hosted_records(
    zone: HostedZone, known: Mapping[str, tuple[str, ...]]
) -> Iterable[PlannedRecord]:
    for record in zone.records or ():
        name = canonical(record.name)
        if record.alias is not None:
            yield PlannedRecord(name, known.get(canonical(record.alias), ()))
        elif record.type == "A":
            yield PlannedRecord(name, record.values)
        elif record.type == "CNAME":
            yield _cname(name, record)


def _cname(name: str, record: ZoneRecord) -> PlannedRecord:
    return PlannedRecord(name, tuple(canonical(value) for value in record.values[:1]), cname=True)

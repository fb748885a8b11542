"""Everything that answers on 443: endpoint interfaces, the public side, endpoints of a hub."""

from collections.abc import Iterator

from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    host_names,
    is_host_of,
    private_dns_names,
)
from pytest_ecs_privatelink.lab.plan.addresses import address_elsewhere, public_addresses
from pytest_ecs_privatelink.lab.plan.hub import canonical, hub_addresses, zone_records
from pytest_ecs_privatelink.lab.plan.names import endpoint_private_names, service_of, vpce_names
from pytest_ecs_privatelink.lab.plan.policies import policy_of
from pytest_ecs_privatelink.lab.poll_endpoints import numbered_hosts
from pytest_ecs_privatelink.lab.twin_faults import (
    AGENT_CODES,
    CHAIN_CODES,
    TwinFault,
    layer_host_elsewhere,
)
from pytest_ecs_privatelink.lab.twin_plan import Manner, PlannedServer, Way
from pytest_ecs_privatelink.topology.lookup import interfaces_of
from pytest_ecs_privatelink.topology.model import EndpointType, Snapshot
from pytest_ecs_privatelink.verdict import Code

MANNERS = {
    Code.TLS_CERTIFICATE: Manner.EXPIRED,
    Code.TLS_HANDSHAKE: Manner.PLAINTEXT,
    Code.TCP_REFUSED: Manner.REFUSING,
    Code.TCP_UNREACHABLE: Manner.UNREACHABLE,
    Code.TCP_TIMEOUT: Manner.SILENT,
}


def planned_servers(
    snapshot: Snapshot, registries: tuple[str, ...], faults: tuple[TwinFault, ...]
) -> tuple[PlannedServer, ...]:
    """Return all servers, each address once: an endpoint's before a hub's before the public."""
    servers: dict[str, PlannedServer] = {}
    for server in (
        *_endpoint_servers(snapshot, faults),
        *_hub_servers(snapshot, faults),
        *_public_servers(snapshot, registries, faults),
    ):
        servers.setdefault(server.address, server)
    return tuple(servers.values())


def _endpoint_servers(snapshot: Snapshot, faults: tuple[TwinFault, ...]) -> Iterator[PlannedServer]:
    for endpoint in snapshot.endpoints:
        if endpoint.type is not EndpointType.INTERFACE or endpoint.state != "available":
            continue
        service = service_of(endpoint)
        names = (*endpoint_private_names(snapshot, endpoint), *vpce_names(endpoint))
        for interface in interfaces_of(snapshot, endpoint):
            for address in interface.addresses:
                yield PlannedServer(
                    address=address,
                    service=service,
                    names=tuple(dict.fromkeys(names)),
                    ways=(Way.VPC,),
                    manner=_manner(service, faults),
                    policy=policy_of(endpoint),
                    troubles=_troubles(service, faults),
                )


def _hub_servers(snapshot: Snapshot, faults: tuple[TwinFault, ...]) -> Iterator[PlannedServer]:
    """Return what hosted zones give AWS names to, by address or by alias, outside the VPC."""
    hub = hub_addresses(snapshot)
    for _, record in zone_records(snapshot):
        service = _service_named(snapshot, canonical(record.name))
        if service is None or record.type != "A":
            continue
        alias = hub.get(canonical(record.alias)) if record.alias is not None else None
        for address in record.values if alias is None else (alias,):
            yield PlannedServer(
                address=address,
                service=service,
                names=private_dns_names(service, snapshot.region),
                ways=(Way.TRANSIT,),
                manner=_manner(service, faults),
                troubles=_troubles(service, faults),
            )


def _public_servers(
    snapshot: Snapshot, registries: tuple[str, ...], faults: tuple[TwinFault, ...]
) -> Iterator[PlannedServer]:
    for service, addresses in public_addresses(snapshot).items():
        ways = (Way.NAT, Way.IGW)
        for address in addresses:
            yield PlannedServer(
                address=address,
                service=service,
                names=public_names(snapshot, service, registries),
                ways=(Way.GATEWAY, *ways) if service == "s3" else ways,
                manner=_manner(service, faults),
                troubles=_troubles(service, faults),
            )
    if any(fault.code is Code.ECR_LAYER_PATH for fault in faults):
        yield PlannedServer(
            address=address_elsewhere(),
            service="s3",
            names=(layer_host_elsewhere(snapshot.region),),
            ways=(Way.NAT, Way.IGW),
        )


def public_names(snapshot: Snapshot, service: str, registries: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that the public side answers for: what ECS dials, and the wildcards."""
    known = (
        *private_dns_names(service, snapshot.region),
        *numbered_hosts(service, snapshot.region),
    )
    if any(name.startswith("*.dkr.") for name in known) and not registries:
        return known
    return tuple(dict.fromkeys((*known, *host_names(service, snapshot.region, registries))))


def _service_named(snapshot: Snapshot, name: str) -> str | None:
    for service in sorted(SERVICES):
        names = private_dns_names(service, snapshot.region)
        if name in names or is_host_of(name, service, snapshot.region):
            return service
    return None


def _manner(service: str, faults: tuple[TwinFault, ...]) -> Manner:
    for fault in faults:
        if fault.code in MANNERS and fault.service in (None, service):
            return MANNERS[fault.code]
    return Manner.TLS


def _troubles(service: str, faults: tuple[TwinFault, ...]) -> tuple[Code, ...]:
    """Return what goes wrong there once it is spoken to."""
    plain = service.replace("-fips", "")
    return tuple(
        fault.code
        for fault in faults
        if CHAIN_CODES.get(fault.code) == plain
        or (fault.code in AGENT_CODES and fault.service == plain)
    )

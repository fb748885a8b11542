"""What causes may name: the ids around each cell, picked from a snapshot."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pytest_ecs_privatelink.topology.lookup import acl_of, default_group, table_of
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot, Subnet
from pytest_ecs_privatelink.topology.wearers import Wearers

_AMAZON_DNS = "AmazonProvidedDNS"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceGround:
    """An endpoint service, its endpoint if one exists, and the groups that the endpoint wears."""

    service: str
    endpoint: str | None = None
    gateway: bool = False
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetGround:
    """A subnet, the name that people read for it, and what filters and routes its packets."""

    id: str
    name: str
    cidr: str | None = None
    acl: str | None = None
    table: str | None = None


# No slots: what is looked up is kept with it.
@dataclass(frozen=True, kw_only=True)
class Ground:
    """The VPC that checks were made in; what is unknown is None or absent.

    ``resolvers`` are the addresses that hosts in the VPC are told to ask, ``wearers`` the groups
    that packets of each launch type leave with.
    """

    vpc: str
    region: str
    account: str | None = None
    cidr: str | None = None
    resolvers: tuple[str, ...] = ()
    dhcp_options: str | None = None
    services: tuple[ServiceGround, ...] = ()
    subnets: tuple[SubnetGround, ...] = ()
    wearers: Wearers = field(default_factory=dict)

    def service(self, name: str) -> ServiceGround:
        """Return what is known of an endpoint service; its bare name where that is nothing."""
        return self._services.get(name) or ServiceGround(service=name)

    def subnet(self, subnet: str) -> SubnetGround:
        """Return what is known of the subnet with id ``subnet``; its id where that is nothing."""
        return self._subnets.get(subnet) or SubnetGround(id=subnet, name=subnet)

    @cached_property
    def _services(self) -> dict[str, ServiceGround]:
        return {each.service: each for each in reversed(self.services)}

    @cached_property
    def _subnets(self) -> dict[str, SubnetGround]:
        return {each.id: each for each in reversed(self.subnets)}


def ground_of(
    snapshot: Snapshot,
    endpoints: Mapping[str, str | None],
    names: Mapping[str, str],
    wearers: Wearers | None = None,
) -> Ground:
    """Pick the ground from ``snapshot``.

    ``endpoints`` gives the endpoint id of each endpoint service under test (None: there is none),
    ``names`` what people read for a subnet id (its slug).
    """
    by_id = {endpoint.id: endpoint for endpoint in snapshot.endpoints}
    return Ground(
        vpc=snapshot.vpc.id,
        region=snapshot.region,
        account=snapshot.account,
        cidr=snapshot.vpc.cidrs[0] if snapshot.vpc.cidrs else None,
        resolvers=_resolvers(snapshot),
        # Before any association an emulator names "default", which is no id to look up.
        dhcp_options=None if snapshot.vpc.dhcp_options == "default" else snapshot.vpc.dhcp_options,
        wearers=wearers or {},
        services=tuple(
            _service_ground(service, by_id.get(endpoint or ""), snapshot)
            for service, endpoint in endpoints.items()
        ),
        subnets=tuple(_subnet_ground(subnet, names, snapshot) for subnet in snapshot.subnets),
    )


def _subnet_ground(subnet: Subnet, names: Mapping[str, str], snapshot: Snapshot) -> SubnetGround:
    acl, table = acl_of(snapshot, subnet.id), table_of(snapshot, subnet.id)
    return SubnetGround(
        id=subnet.id,
        name=names.get(subnet.id, subnet.id),
        cidr=subnet.cidr,
        acl=acl.id if acl else None,
        table=table.id if table else None,
    )


def _service_ground(service: str, endpoint: Endpoint | None, snapshot: Snapshot) -> ServiceGround:
    if endpoint is None:
        return ServiceGround(service=service)
    if endpoint.type is EndpointType.GATEWAY:
        return ServiceGround(service=service, endpoint=endpoint.id, gateway=True)
    default = default_group(snapshot)
    groups = endpoint.groups or ((default.id,) if default else ())
    return ServiceGround(service=service, endpoint=endpoint.id, groups=groups)


def _resolvers(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the DHCP options' name servers; AmazonProvidedDNS is the primary CIDR's base + 2."""
    told = snapshot.dhcp_options.name_servers if snapshot.dhcp_options else (_AMAZON_DNS,)
    return tuple(_amazon_dns(snapshot) if each == _AMAZON_DNS else each for each in told)


def _amazon_dns(snapshot: Snapshot) -> str:
    if not snapshot.vpc.cidrs:
        return _AMAZON_DNS
    return str(ipaddress.ip_network(snapshot.vpc.cidrs[0], strict=False).network_address + 2)

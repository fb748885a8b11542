"""The snapshot: everything that Describe calls say about one VPC, as frozen records.

Ids are AWS ids, addresses and CIDRs are text, times are RFC 3339 in UTC. ``None`` means "could not
be read" (see `Snapshot.unreadable`); an empty tuple means "read, and there is none". Environment
values, user data and tags beyond Name are never kept.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from pytest_ecs_privatelink.topology.cluster import Cluster, MountTarget, Role
from pytest_ecs_privatelink.topology.index import Index, index_of

SCHEMA = 1
ONLY_OF_A_CLUSTER = ("cluster", "roles", "mount_targets")
"""Fields of the Snapshot that are None also where no cluster was asked for."""


class EndpointType(StrEnum):
    """Kinds of VPC endpoint; others than these three carry no ECS traffic."""

    INTERFACE = "Interface"
    GATEWAY = "Gateway"
    OTHER = "Other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vpc:
    """The VPC under test; ``cidrs`` begins with the primary one."""

    id: str
    owner: str
    cidrs: tuple[str, ...]
    ipv6_cidrs: tuple[str, ...] = ()
    dns_support: bool | None = None
    dns_hostnames: bool | None = None
    dhcp_options: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DhcpOptions:
    """A DHCP option set; ``name_servers`` may hold the word ``AmazonProvidedDNS``."""

    id: str
    name_servers: tuple[str, ...]
    domain_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet; ``owner`` differs from the account where it is shared through RAM.

    ``block_public_access`` is set where an exclusion gives the subnet a mode of its own.
    """

    id: str
    cidr: str
    az: str
    az_id: str | None = None
    ipv6_cidr: str | None = None
    name: str | None = None
    owner: str | None = None
    free_addresses: int | None = None
    public_ip_on_launch: bool = False
    block_public_access: str | None = None


class RouteTarget(StrEnum):
    """Where a route leads, by the kind of its target."""

    LOCAL = "local"
    INTERNET_GATEWAY = "igw"
    EGRESS_ONLY_GATEWAY = "eigw"
    NAT_GATEWAY = "nat"
    GATEWAY_ENDPOINT = "gateway-endpoint"
    APPLIANCE_ENDPOINT = "appliance-endpoint"
    TRANSIT_GATEWAY = "transit"
    PEERING = "peering"
    VPN_GATEWAY = "vpn"
    INSTANCE_OR_INTERFACE = "appliance"
    OTHER = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route: ``destination`` is a CIDR or a prefix list id (``pl-...``)."""

    destination: str
    target: RouteTarget
    target_id: str | None
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """A route table; a subnet without explicit association uses the ``main`` one."""

    id: str
    routes: tuple[Route, ...]
    subnets: tuple[str, ...] = ()
    main: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NatGateway:
    """A NAT gateway; only a ``public`` and ``available`` one leads out."""

    id: str
    subnet: str
    state: str
    public: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A VPC endpoint. ``state`` is lower case. ``groups`` empty: the VPC's default group."""

    id: str
    service_name: str
    type: EndpointType
    state: str
    private_dns: bool
    subnets: tuple[str, ...] = ()
    route_tables: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    policy: str | None = None
    created: str | None = None
    service_region: str | None = None
    private_dns_inbound_resolver_only: bool = False
    ip_address_type: str | None = None
    last_error: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """An elastic network interface; ``type`` is AWS's InterfaceType (``vpc_endpoint``, ...).

    ``instance`` is the EC2 instance that it is attached to, ``primary`` as its first interface.
    ``managed``: an AWS service runs that instance for the account [EC2 API, OperatorResponse].
    """

    id: str
    subnet: str
    type: str
    addresses: tuple[str, ...]
    ipv6_addresses: tuple[str, ...] = ()
    public_address: str | None = None
    groups: tuple[str, ...] = ()
    mac: str | None = None
    description: str | None = None
    instance: str | None = None
    primary: bool = False
    managed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """One source or destination of a security group permission.

    ``protocol`` is ``-1``, ``tcp``, ``udp``, ``icmp`` or a number; ports are None where all apply.
    Exactly one of ``cidr``, ``group`` and ``prefix_list`` is set; ``cidr`` may be IPv6.
    """

    protocol: str
    from_port: int | None = None
    to_port: int | None = None
    cidr: str | None = None
    group: str | None = None
    prefix_list: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """A security group with its rules; ``vpc`` may be a peer's for a referenced group."""

    id: str
    vpc: str
    name: str
    ingress: tuple[GroupRule, ...]
    egress: tuple[GroupRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AclEntry:
    """One numbered network ACL entry; ``protocol`` is ``-1`` or a number as text."""

    number: int
    egress: bool
    allow: bool
    protocol: str
    cidr: str
    from_port: int | None = None
    to_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkAcl:
    """A network ACL with its entries in rule order and the subnets it guards."""

    id: str
    entries: tuple[AclEntry, ...]
    subnets: tuple[str, ...] = ()
    default: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixList:
    """A managed prefix list, e.g. ``com.amazonaws.us-east-1.s3``."""

    id: str
    name: str
    cidrs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRecord:
    """A record of a hosted zone: literal ``values``, or ``alias``, the name it is an alias for."""

    name: str
    type: str
    values: tuple[str, ...] = ()
    alias: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedZone:
    """A private hosted zone of the VPC; ``records`` is None where they could not be read."""

    id: str
    name: str
    owner: str | None = None
    records: tuple[ZoneRecord, ...] | None = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverRule:
    """A Resolver rule associated with the VPC; ``type`` is FORWARD, SYSTEM or RECURSIVE."""

    id: str
    domain: str
    type: str
    targets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsFirewall:
    """A DNS Firewall rule group associated with the VPC."""

    id: str
    priority: int
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Peering:
    """A VPC peering connection or transit gateway attachment and what lies behind it."""

    id: str
    kind: RouteTarget
    state: str
    cidrs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointServiceOffer:
    """What DescribeVpcEndpointServices says of one service in this Region."""

    service_name: str
    types: tuple[str, ...]
    private_dns_names: tuple[str, ...] = ()
    azs: tuple[str, ...] = ()
    policy_supported: bool | None = None
    ip_address_types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A part that could not be read: the Snapshot field, the IAM action, the service's words."""

    part: str
    permission: str
    error: str


# No slots: the index is kept with what it indexes.
@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One VPC at one moment. Only ``vpc``, ``subnets`` and ``endpoints`` are never None.

    ``cluster`` is None also where no cluster was asked for; ``roles`` are its task definitions'
    execution roles, ``mount_targets`` those of its file systems.
    """

    schema: int = field(default=SCHEMA)
    taken: str
    region: str
    partition: str
    account: str
    emulated: bool = False
    vpc: Vpc
    subnets: tuple[Subnet, ...]
    endpoints: tuple[Endpoint, ...]
    dhcp_options: DhcpOptions | None = None
    route_tables: tuple[RouteTable, ...] | None = None
    internet_gateways: tuple[str, ...] | None = None
    nat_gateways: tuple[NatGateway, ...] | None = None
    interfaces: tuple[Interface, ...] | None = None
    security_groups: tuple[SecurityGroup, ...] | None = None
    network_acls: tuple[NetworkAcl, ...] | None = None
    prefix_lists: tuple[PrefixList, ...] | None = None
    hosted_zones: tuple[HostedZone, ...] | None = None
    resolver_rules: tuple[ResolverRule, ...] | None = None
    dns_firewalls: tuple[DnsFirewall, ...] | None = None
    route53_profiles: tuple[str, ...] | None = None
    peerings: tuple[Peering, ...] | None = None
    block_public_access: str | None = None
    endpoint_services: tuple[EndpointServiceOffer, ...] | None = None
    cluster: Cluster | None = None
    roles: tuple[Role, ...] | None = None
    mount_targets: tuple[MountTarget, ...] | None = None
    unreadable: tuple[Unreadable, ...] = ()

    @cached_property
    def index(self) -> Index:
        """The records by id and by subnet."""
        return index_of(self)

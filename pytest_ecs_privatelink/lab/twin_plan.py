"""What a twin is made of: the records that cross from the controller to the twin's process.

Everything is IPv4. Names are lower case without a trailing dot; a leading ``*.`` is a wildcard.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import Code, LaunchType


class Way(StrEnum):
    """The ways out of a subnet; each is one link between the router and the servers."""

    VPC = "vpc"
    GATEWAY = "gateway"
    NAT = "nat"
    IGW = "igw"
    TRANSIT = "transit"
    DNS = "dns"


@dataclass(frozen=True, slots=True)
class Host:
    """A place to probe from: a subnet id, and the groups that are worn there."""

    subnet: str
    wearers: Wearers


@dataclass(frozen=True, slots=True)
class PlannedRoute:
    """A route of the kernel's: ``way`` None drops silently, as AWS does.

    ``nat_subnet`` is where the NAT gateway stands that it leads through, if that is known.
    """

    destination: str
    way: Way | None
    nat_subnet: str | None = None


@dataclass(frozen=True, slots=True)
class PlannedSource:
    """An address to dial from; ``ports``, inclusive, where filters tell its ports apart."""

    address: str
    ports: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guise:
    """What a host dials as: the launch types that it stands for, their groups, and an address.

    ``groups`` is None where nobody knows. ``sources`` are the places to dial from, where it matters
    which; empty: the address is as good as any.
    """

    launch_types: tuple[LaunchType, ...]
    groups: tuple[str, ...] | None
    address: str
    sources: tuple[PlannedSource, ...] = ()

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that wear its groups."""
        return tuple(dict.fromkeys((self.address, *(each.address for each in self.sources))))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAgent:
    """The container instance that a host is: what its agent, Docker and metadata tell.

    ``instance`` is its EC2 id, ``container_instance`` and ``cluster`` are ARNs, ``address`` is its
    private one in the VPC. ``version`` is the agent's, bare; ``started`` (RFC 3339) None: Docker
    knows no such container. ``silent``: nothing answers for the agent. ``proxies`` are variables of
    its environment (``HTTP_PROXY=...``). ``role`` is the name of the instance's role, None: it has
    none. ``groups`` are those of its primary interface.
    """

    instance: str
    container_instance: str
    cluster: str
    version: str | None = None
    started: str | None = None
    silent: bool = False
    proxies: tuple[str, ...] = ()
    role: str | None = None
    address: str | None = None
    mac: str | None = None
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedHost:
    """A namespace that probes, and its subnet's route table: one guise for each way to dress.

    ``agent`` None: it is no container instance; else it dials as one where nobody says otherwise.
    ``tasks`` is what one-off tasks that ECS starts there wear: namespaces of their own beside it.
    """

    subnet: str
    guises: tuple[Guise, ...]
    routes: tuple[PlannedRoute, ...]
    agent: PlannedAgent | None = None
    tasks: tuple[Guise, ...] = ()

    @property
    def address(self) -> str:
        """Where it asks the resolver from."""
        return self.guises[0].address

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that it has, its own first."""
        return tuple(address for guise in self.guises for address in guise.addresses)

    @property
    def everybodys(self) -> tuple[str, ...]:
        """Its own addresses, and those of the tasks beside it."""
        return (*self.addresses, *(each.address for each in self.tasks))


class Manner(StrEnum):
    """How a server meets a connection on 443."""

    TLS = "tls"
    EXPIRED = "expired"
    PLAINTEXT = "plaintext"
    REFUSING = "refusing"
    UNREACHABLE = "unreachable"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class EndpointPolicy:
    """The policy of an endpoint (its id), JSON as AWS keeps it."""

    endpoint: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedServer:
    """An address that something answers on, what its certificate names, and the ways to it.

    ``policy`` is that of the interface endpoint that it belongs to. ``troubles`` are live codes of
    the start-up chain: what it does wrong once it is spoken to.
    """

    address: str
    service: str
    names: tuple[str, ...]
    ways: tuple[Way, ...]
    manner: Manner = Manner.TLS
    policy: EndpointPolicy | None = None
    troubles: tuple[Code, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedGateway:
    """The policy of a gateway endpoint for S3, and the hosts' addresses whose routes lead there."""

    policy: EndpointPolicy
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Premises:
    """Where the twin is, by AWS's names; ``role`` is the ARN of the role that asks."""

    region: str
    partition: str
    account: str
    vpc: str
    role: str


@dataclass(frozen=True, slots=True)
class PlannedRecord:
    """The values of a name: IPv4 addresses, or with ``cname`` one name to go on with."""

    name: str
    values: tuple[str, ...]
    cname: bool = False


@dataclass(frozen=True, slots=True)
class Zone:
    """Names below ``apex`` that the VPC's resolver is the authority for."""

    apex: str
    records: tuple[PlannedRecord, ...]


@dataclass(frozen=True, slots=True)
class DnsTrouble:
    """A resolver's failure (one of the live dns codes) for ``patterns``; empty: for every name."""

    code: Code
    patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolver:
    """The VPC's resolver: where it is, whether it answers at all, and what it knows.

    The longest apex of ``zones`` that covers a name decides alone; ``public`` is for all others.
    """

    addresses: tuple[str, ...]
    answering: bool
    zones: tuple[Zone, ...] = ()
    public: tuple[PlannedRecord, ...] = ()
    troubles: tuple[DnsTrouble, ...] = ()


class Action(StrEnum):
    """What a filter rule does; ``ACCEPT`` ends its stage only, ``DROP`` the packet's way."""

    ACCEPT = "accept"
    DROP = "drop"
    REJECT = "reject"
    JUMP = "jump"
    GOTO = "goto"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterRule:
    """One packet filter rule; what is None matches all. ``comment`` names the AWS rule.

    ``protocol`` is an IP protocol number; ``ports`` are destination ports, inclusive; ``icmp`` is
    (type, code), each None for all; ``way`` is the link that the packet leaves by; ``target`` is
    the chain of a jump or goto.
    """

    action: Action
    comment: str
    target: str | None = None
    source: str | None = None
    destination: str | None = None
    protocol: int | None = None
    ports: tuple[int, int] | None = None
    icmp: tuple[int | None, int | None] | None = None
    way: Way | None = None
    established: bool = False


@dataclass(frozen=True, slots=True)
class FilterChain:
    """Rules in order. A packet passes every ``stage`` (ascending; None: reached by jump only)."""

    name: str
    rules: tuple[FilterRule, ...]
    stage: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinPlan:
    """A snapshot compiled: all that the twin's process needs to know.

    ``caveats`` are sentences about what the snapshot did not tell and the twin therefore lacks.
    ``cloud`` is the Unix socket of the emulated AWS behind the servers; None: there is none.
    """

    hosts: tuple[PlannedHost, ...]
    servers: tuple[PlannedServer, ...]
    resolver: Resolver
    chains: tuple[FilterChain, ...]
    premises: Premises
    gateways: tuple[PlannedGateway, ...] = ()
    cloud: str | None = None
    caveats: tuple[str, ...] = field(default=())

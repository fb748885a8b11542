"""Questions that a vantage can be asked, and the answers: what crosses from place to place."""

from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.probes.agent_records import AgentAnswer, AgentQuestion
from pytest_ecs_privatelink.probes.call_records import CallAnswer, CallQuestion
from pytest_ecs_privatelink.verdict import LaunchType


class DnsStatus(StrEnum):
    """How a DNS question ended; ``EMPTY`` is NOERROR without an address."""

    ANSWERED = "answered"
    EMPTY = "empty"
    NXDOMAIN = "nxdomain"
    SERVFAIL = "servfail"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    FAILED = "failed"


class ConnectStatus(StrEnum):
    """How a TCP or TLS attempt ended.

    ``UNRESOLVED`` is a name without address where one was to be dialled; ``FAILED`` is a fault of
    this machine, not of the path.
    """

    OPEN = "open"
    UNRESOLVED = "unresolved"
    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    RESET = "reset"
    HANDSHAKE = "handshake"
    CERTIFICATE = "certificate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Phase:
    """A named stretch of a probe (``resolve``, ``connect``, ``tls``) and its milliseconds."""

    name: str
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsQuestion:
    """Resolve ``name`` (A and AAAA): by the host's own resolution, or by asking ``resolver``.

    ``resolver`` is an address, or ``address:port`` (``[v6]:port``). ``timeout`` is in seconds and
    bounds the whole question, TCP fallback included.
    """

    name: str
    resolver: str | None = None
    timeout: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsAnswer:
    """What a `DnsQuestion` brought. ``addresses`` is sorted, ``chain`` the CNAMEs in order."""

    name: str
    resolver: str | None
    status: DnsStatus
    addresses: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    rcode: str | None = None
    transport: str | None = None
    detail: str = ""
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectQuestion:
    """Dial ``address`` on ``port``; with ``server_name``, do TLS there with that SNI and name.

    ``ca_file`` is a PEM bundle on the vantage; None is the vantage's default trust.
    ``launch_types`` says whose packet it is, for places that can dress as either; none: anybody's.
    """

    address: str
    port: int = 443
    server_name: str | None = None
    ca_file: str | None = None
    timeout: float = 5.0
    launch_types: tuple[LaunchType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectAnswer:
    """What a `ConnectQuestion` brought; ``phase`` is where it ended."""

    address: str
    port: int
    server_name: str | None
    status: ConnectStatus
    phase: str
    phases: tuple[Phase, ...] = ()
    tls_version: str | None = None
    issuer: str | None = None
    names: tuple[str, ...] = ()
    expires: str | None = None
    detail: str = ""
    duration_ms: float = 0.0


PathQuestion = DnsQuestion | ConnectQuestion
PathAnswer = DnsAnswer | ConnectAnswer
Question = PathQuestion | CallQuestion | AgentQuestion
Answer = PathAnswer | CallAnswer | AgentAnswer

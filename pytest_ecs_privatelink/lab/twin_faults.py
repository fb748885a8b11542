"""Faults that only the twin can have: what its resolver and its listeners do wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from pytest_ecs_privatelink.catalogue.services import layer_bucket_host
from pytest_ecs_privatelink.verdict import Code

CHAIN_CODES: Mapping[Code, str] = MappingProxyType(
    {
        Code.ECR_AUTH: "ecr.api",
        Code.ECR_MANIFEST: "ecr.dkr",
        Code.ECR_LAYER: "s3",
        Code.ECR_LAYER_PATH: "ecr.dkr",
        Code.ECR_DIGEST: "s3",
        Code.LOGS_UNREACHABLE: "logs",
        Code.LOGS_DENIED: "logs",
        Code.LOGS_GROUP_MISSING: "logs",
        Code.LOGS_NOT_DELIVERED: "logs",
        Code.SECRET_UNREACHABLE: "secretsmanager",
        Code.SECRET_DENIED: "secretsmanager",
        Code.SECRET_MISSING: "secretsmanager",
    }
)
"""The codes of the start-up chain, and the endpoint service that causes each by what it says."""

AGENT_CODES = (Code.AGENT_PUBLIC_PATH, Code.AGENT_DISCONNECTED)
"""The codes of agents: of what a service answers them, or of the hosts that they are to run on."""

TWIN_CODES = (
    Code.DNS_TIMEOUT,
    Code.DNS_SERVFAIL,
    Code.DNS_REFUSED,
    Code.DNS_NXDOMAIN,
    Code.DNS_PUBLIC_ANSWER,
    Code.TCP_TIMEOUT,
    Code.TCP_REFUSED,
    Code.TCP_UNREACHABLE,
    Code.TLS_HANDSHAKE,
    Code.TLS_CERTIFICATE,
    *CHAIN_CODES,
    *AGENT_CODES,
)
"""The codes that a `TwinFault` may have."""


@dataclass(frozen=True, slots=True)
class TwinFault:
    """Make probes of ``service`` (None: of every endpoint service) end with ``code``.

    ``DNS_TIMEOUT`` silences the resolver, the other DNS codes are its answer for the service's
    names; ``DNS_PUBLIC_ANSWER`` gives the public addresses although the endpoint is private.
    ``TCP_TIMEOUT`` loses the packets, ``TCP_REFUSED`` has nobody listen, ``TCP_UNREACHABLE`` has a
    router say so; ``TLS_HANDSHAKE`` listens in plain text, ``TLS_CERTIFICATE`` with a certificate
    that has expired.

    `CHAIN_CODES` are said over TLS that works, each by a service of its own, whatever ``service``
    is: a service control policy denies (``ECR_AUTH``, ``LOGS_DENIED``), a name is not there
    (``ECR_MANIFEST``, ``LOGS_GROUP_MISSING``, ``SECRET_MISSING``), KMS refuses (``SECRET_DENIED``),
    nothing is ever said (``LOGS_UNREACHABLE``, ``SECRET_UNREACHABLE``), objects stop half way
    (``ECR_LAYER``) or are not what was pushed (``ECR_DIGEST``), layers are elsewhere than in the
    gateway's ranges (``ECR_LAYER_PATH``), events are accepted and lost (``LOGS_NOT_DELIVERED``).

    By ``AGENT_PUBLIC_PATH`` the service ``ecs`` sends agents where those go who ask by a public
    path. Other `AGENT_CODES` are the hosts' own: no agent runs there (``AGENT_DISCONNECTED``), or
    one whose calls all take a proxy (``AGENT_PUBLIC_PATH`` without ``service``).
    """

    code: Code
    service: str | None = None

    def __post_init__(self) -> None:
        if self.code not in TWIN_CODES:
            raise ValueError(f"the twin cannot be made to answer {self.code}")

    @property
    def on_hosts(self) -> bool:
        """Whether container instances have it, and no server."""
        return self.code in AGENT_CODES and self.service is None


def layer_host_elsewhere(region: str) -> str:
    """Return the host of S3 that ``ECR_LAYER_PATH`` sends for layers, outside S3's prefix list."""
    return f"elsewhere-{layer_bucket_host(region)}"

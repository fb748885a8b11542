"""Faults that only the twin can have: what its resolver and its listeners do wrong."""

from dataclasses import dataclass

from pytest_ecs_privatelink.verdict import Code

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
    """

    code: Code
    service: str | None = None

    def __post_init__(self) -> None:
        if self.code not in TWIN_CODES:
            raise ValueError(f"the twin cannot be made to answer {self.code}")

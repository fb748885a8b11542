"""The probes that a user's own test sends from its subnet."""

import ipaddress
from dataclasses import replace

from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Phase,
)
from pytest_ecs_privatelink.vantage.exchange import Link


class Probe:
    """Probes from one subnet's vantage; every call is one attempt with one deadline."""

    def __init__(self, link: Link, subnet: str, timeout: float, ca_file: str | None) -> None:
        self._link = link
        self._subnet = subnet
        self._timeout = timeout
        self._ca_file = ca_file

    def dns(self, name: str, *, resolver: str | None = None) -> DnsAnswer:
        """Resolve ``name`` by the host's own resolution, or by asking ``resolver``."""
        question = DnsQuestion(name=name, resolver=resolver, timeout=self._timeout)
        answer = self._link.ask(self._subnet, question)
        assert isinstance(answer, DnsAnswer), answer
        return answer

    def tcp(self, host: str, port: int) -> ConnectAnswer:
        """Connect to ``host`` (a name's first address) on ``port``."""
        return self._connect(host, port, server_name=None)

    def tls(self, host: str, port: int = 443) -> ConnectAnswer:
        """Connect and do TLS with SNI ``host``, whose certificate must be valid for it."""
        return self._connect(host, port, server_name=host)

    def _connect(self, host: str, port: int, server_name: str | None) -> ConnectAnswer:
        address, resolved = (host, None) if _is_address(host) else self._resolve(host)
        if address is None:
            assert resolved is not None, host
            return _unresolved(resolved, port, server_name)
        spent = resolved.duration_ms if resolved else 0.0
        question = ConnectQuestion(
            address=address,
            port=port,
            server_name=server_name,
            ca_file=self._ca_file,
            timeout=max(self._timeout - spent / 1000, 0.001),
        )
        answer = self._link.ask(self._subnet, question)
        assert isinstance(answer, ConnectAnswer), answer
        phases = (Phase("resolve", spent), *answer.phases) if resolved else answer.phases
        return replace(answer, phases=phases)

    def _resolve(self, host: str) -> tuple[str | None, DnsAnswer]:
        answer = self.dns(host)
        return next(iter(answer.addresses), None), answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _unresolved(answer: DnsAnswer, port: int, server_name: str | None) -> ConnectAnswer:
    timed_out = answer.status is DnsStatus.TIMEOUT
    return ConnectAnswer(
        address=answer.name,
        port=port,
        server_name=server_name,
        status=ConnectStatus.TIMEOUT if timed_out else ConnectStatus.UNRESOLVED,
        phase="resolve",
        phases=(Phase("resolve", answer.duration_ms),),
        detail=f"{answer.name} did not resolve: {answer.status}",
        duration_ms=answer.duration_ms,
    )

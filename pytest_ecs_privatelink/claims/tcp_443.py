"""Claim ``tcp-443``: every resolved address accepts TCP on 443 and proves who it is (R11)."""

import asyncio

from pytest_ecs_privatelink.claims import private_dns
from pytest_ecs_privatelink.claims.answers import Place, place_of
from pytest_ecs_privatelink.claims.asking import ask_connect
from pytest_ecs_privatelink.claims.groups import opening_doubted, silence_excused
from pytest_ecs_privatelink.claims.private_dns import Resolved
from pytest_ecs_privatelink.claims.terms import (
    Ask,
    Reading,
    ServiceUnderTest,
    Stand,
    Terms,
    make_check,
)
from pytest_ecs_privatelink.probes.records import ConnectAnswer, ConnectStatus
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Code, Verdict

_FAILED_CODES = {
    ConnectStatus.TIMEOUT: Code.TCP_TIMEOUT,
    ConnectStatus.REFUSED: Code.TCP_REFUSED,
    ConnectStatus.UNREACHABLE: Code.TCP_UNREACHABLE,
    ConnectStatus.RESET: Code.TCP_REFUSED,
    ConnectStatus.HANDSHAKE: Code.TLS_HANDSHAKE,
    ConnectStatus.CERTIFICATE: Code.TLS_CERTIFICATE,
}


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of a ``tcp-443`` cell; where ``private-dns`` failed nothing is dialled."""
    service = terms.service(cell.service)
    dns_cell = Cell(Claim.PRIVATE_DNS, cell.subnet, cell.service)
    resolution = await private_dns.resolve(dns_cell, terms, stand, ask)
    dns = resolution.check
    if not dns.verdict.holds:
        return make_check(cell, terms, stand, (_not_dialled(dns),), _expected(service))
    readings = await asyncio.gather(
        *(_dial(each, cell, terms, stand, ask, dns) for each in resolution.answers)
    )
    return make_check(cell, terms, stand, tuple(readings), _expected(service))


def _expected(service: ServiceUnderTest) -> str:
    names = ", ".join(service.names)
    return f"every address of {names} accepts TCP on 443 with a certificate valid for its name"


def _not_dialled(dns: Check) -> Reading:
    return Reading(
        verdict=Verdict.SKIPPED,
        code=dns.code,
        phase="resolve",
        observed=f"nothing was sent: {dns.observed}",
        reason=f"private-dns {dns.verdict}: {dns.code or dns.reason}",
    )


async def _dial(
    resolved: Resolved, cell: Cell, terms: Terms, stand: Stand, ask: Ask, dns: Check
) -> Reading:
    answer = await ask_connect(resolved.name, resolved.address, cell, terms, ask)
    where = f"{resolved.address}:{answer.port} ({resolved.name})"
    if answer.status is ConnectStatus.OPEN:
        if excuse := opening_doubted(resolved.address, cell, terms, stand):
            return _unproven(answer, f"{where} open", excuse)
        # A public or foreign answer that works is never green.
        return Reading(
            verdict=dns.verdict, code=dns.code, phase=answer.phase, observed=f"{where} open"
        )
    text = f"{where}: {_told(answer)}"
    if answer.status is ConnectStatus.FAILED:
        return Reading(
            verdict=Verdict.ERROR, code=None, phase=answer.phase, observed=text, reason=text
        )
    if answer.status is ConnectStatus.TIMEOUT and answer.phase == "connect":
        excuse = silence_excused(resolved.address, cell, terms, stand)
        if excuse:
            return _unproven(answer, text, excuse)
    code = _code(answer)
    if answer.phase == "connect" and _is_unrouted(resolved.address, cell, terms):
        code = Code.ENDPOINT_ROUTE_MISSING
    if code is Code.TLS_CERTIFICATE and dns.code is Code.DNS_FOREIGN_ANSWER:
        code = Code.DNS_FOREIGN_ANSWER  # a stranger's certificate is no break of its own
    return Reading(verdict=Verdict.FAILED, code=code, phase=answer.phase, observed=text)


def _is_unrouted(address: str, cell: Cell, terms: Terms) -> bool:
    service = terms.service(cell.service)
    return place_of(address, service, cell.subnet, terms) is Place.UNROUTED


def _unproven(answer: ConnectAnswer, observed: str, reason: str) -> Reading:
    return Reading(
        verdict=Verdict.ERROR,
        code=Code.VANTAGE_GROUP_DIFFERS,
        phase=answer.phase,
        observed=observed,
        reason=reason,
    )


def _code(answer: ConnectAnswer) -> Code:
    broken_tls = answer.status in (ConnectStatus.TIMEOUT, ConnectStatus.RESET)
    if answer.phase == "tls" and broken_tls:
        return Code.TLS_HANDSHAKE
    return _FAILED_CODES[answer.status]


def _told(answer: ConnectAnswer) -> str:
    if answer.status is ConnectStatus.TIMEOUT:
        silent = f"no answer in phase {answer.phase} within {answer.duration_ms / 1000:.1f} s"
        return answer.detail or silent
    told = {
        ConnectStatus.REFUSED: "connection refused",
        ConnectStatus.UNREACHABLE: "unreachable",
        ConnectStatus.RESET: f"reset during {answer.phase}",
        ConnectStatus.HANDSHAKE: "no TLS handshake",
        ConnectStatus.CERTIFICATE: "certificate refused",
        ConnectStatus.FAILED: "could not be tried",
    }[answer.status]
    return f"{told}: {answer.detail}" if answer.detail else told

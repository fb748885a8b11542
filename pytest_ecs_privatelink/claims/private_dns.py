"""Claim ``private-dns``: every name resolves, and every answer is on the private path (R10)."""

import asyncio
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.claims.answers import (
    UNREAD_PARTS,
    Place,
    has_gateway,
    missing_permission,
    place_of,
    public_path_excuses,
)
from pytest_ecs_privatelink.claims.asking import ask_connect, ask_dns
from pytest_ecs_privatelink.claims.terms import (
    Ask,
    Reading,
    ServiceUnderTest,
    Stand,
    Terms,
    make_check,
    worst,
)
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectStatus,
    DnsAnswer,
    DnsStatus,
)
from pytest_ecs_privatelink.verdict import Cell, Check, Code, Verdict

_FAILED_CODES = {
    DnsStatus.NXDOMAIN: Code.DNS_NXDOMAIN,
    DnsStatus.EMPTY: Code.DNS_NXDOMAIN,
    DnsStatus.SERVFAIL: Code.DNS_SERVFAIL,
    DnsStatus.REFUSED: Code.DNS_REFUSED,
    DnsStatus.TIMEOUT: Code.DNS_TIMEOUT,
}
_OWN = "the host's own resolution"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A name and an address that it was answered with."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The check of a ``private-dns`` cell, and every answer that ``tcp-443`` goes on from."""

    check: Check
    answers: tuple[Resolved, ...]


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of a ``private-dns`` cell, probed from ``stand`` through ``ask``."""
    return (await resolve(cell, terms, stand, ask)).check


async def resolve(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Resolution:
    """Resolve all names of the cell's service, by the host and by each VPC resolver, and judge."""
    service = terms.service(cell.service)
    looks = await asyncio.gather(
        *(_look(name, service, cell, terms, ask) for name in service.names)
    )
    readings = tuple(reading for look in looks for reading in look.readings)
    answers = tuple(Resolved(look.name, address) for look in looks for address in look.addresses)
    return Resolution(make_check(cell, terms, stand, readings, _expected(service, terms)), answers)


@dataclass(frozen=True, slots=True)
class _Look:
    name: str
    addresses: tuple[str, ...]
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What every answered address is, and how those beyond this VPC's endpoints were dialled."""

    places: dict[str, Place]
    trusted: dict[str, ConnectAnswer]


@dataclass(frozen=True, slots=True)
class _Case:
    """One name of one service, seen from one subnet."""

    name: str
    service: ServiceUnderTest
    subnet: str
    terms: Terms


async def _look(name: str, service: ServiceUnderTest, cell: Cell, terms: Terms, ask: Ask) -> _Look:
    resolvers = (None, *terms.resolvers)
    answers = await asyncio.gather(*(ask_dns(name, each, terms, ask) for each in resolvers))
    addresses = sorted({address for answer in answers for address in answer.addresses})
    places = {address: place_of(address, service, cell.subnet, terms) for address in addresses}
    elsewhere = [address for address, place in places.items() if place is Place.PRIVATE]
    trusted = await asyncio.gather(
        *(ask_connect(name, each, cell, terms, ask) for each in elsewhere)
    )
    case = _Case(name, service, cell.subnet, terms)
    seen = _Seen(places, dict(zip(elsewhere, trusted, strict=True)))
    mine, *theirs = (worst(_judge(case, answer, seen)) for answer in answers)
    own = answers[0]
    readings = _reconcile(own, mine, worst(tuple(each for view in theirs for each in view)))
    # What only the VPC resolver says is not where this host's traffic goes.
    dialled = own.addresses if mine[0].verdict.holds else tuple(addresses)
    return _Look(name, dialled, readings)


def _expected(service: ServiceUnderTest, terms: Terms) -> str:
    names = ", ".join(service.names)
    if service.endpoint is None:
        return f"{names} resolves to private addresses"
    if has_gateway(service, terms):
        return f"{names} resolves into the S3 prefix list, which is routed to {service.endpoint}"
    return f"{names} resolves to the interfaces of {service.endpoint}"


def _unanswered(answer: DnsAnswer) -> Reading:
    who = f"resolver {answer.resolver}" if answer.resolver else _OWN
    detail = f" ({answer.detail})" if answer.detail else ""
    if answer.status is DnsStatus.FAILED:
        text = f"{answer.name}: {who} could not be asked{detail}"
        return Reading(
            verdict=Verdict.ERROR, code=None, phase="resolve", observed=text, reason=text
        )
    outcome = {
        DnsStatus.NXDOMAIN: "NXDOMAIN",
        DnsStatus.EMPTY: "no address",
        DnsStatus.SERVFAIL: "SERVFAIL",
        DnsStatus.REFUSED: "REFUSED",
        DnsStatus.TIMEOUT: f"no answer within {answer.duration_ms / 1000:.1f} s",
    }[answer.status]
    return Reading(
        verdict=Verdict.FAILED,
        code=_FAILED_CODES[answer.status],
        phase="resolve",
        observed=f"{answer.name}: {outcome} from {who}{detail}",
    )


def _judge(case: _Case, answer: DnsAnswer, seen: _Seen) -> tuple[Reading, ...]:
    if answer.status is not DnsStatus.ANSWERED:
        return (_unanswered(answer),)
    readings = []
    for place in Place:
        there = [address for address in answer.addresses if seen.places[address] is place]
        if place is Place.PRIVATE:
            readings += [_judge_elsewhere(case.name, each, seen.trusted[each]) for each in there]
        elif there:
            observed = f"{case.name} is {', '.join(there)}: {place}"
            readings.append(_judge_place(case, place, observed))
    return tuple(readings)


def _judge_place(case: _Case, place: Place, observed: str) -> Reading:
    gateway = has_gateway(case.service, case.terms)
    if place is Place.ENDPOINT and case.service.service == "s3" and not gateway:
        # "An S3 interface endpoint cannot be used with ECR" (R5); whether layers come is not known.
        return _reading(Verdict.WARNED, Code.S3_INTERFACE_ONLY, observed)
    if place in (Place.ENDPOINT, Place.GATEWAY):
        return _reading(Verdict.PASSED, None, observed)
    if place is Place.UNROUTED:
        return _reading(Verdict.WARNED, Code.DNS_FOREIGN_ANSWER, observed)
    if place is Place.NOWHERE:
        return _reading(Verdict.FAILED, Code.DNS_FOREIGN_ANSWER, observed)
    if place in UNREAD_PARTS:
        reason = observed + missing_permission(case.terms.snapshot, UNREAD_PARTS[place])
        return _reading(Verdict.ERROR, None, observed, reason=reason)
    beside_gateway = place is Place.S3_ELSEWHERE and gateway
    code = Code.S3_GATEWAY_NO_ROUTE if beside_gateway else Code.DNS_PUBLIC_ANSWER
    excused = public_path_excuses(case.service, case.subnet, case.terms)
    return _reading(Verdict.WARNED if excused else Verdict.FAILED, code, observed)


def _judge_elsewhere(name: str, address: str, answer: ConnectAnswer) -> Reading:
    text = f"{name} is {address}: no interface of this VPC's endpoint"
    if answer.status is ConnectStatus.OPEN:
        return _reading(Verdict.PASSED, None, f"{text}, with a valid certificate (shared endpoint)")
    if answer.status is ConnectStatus.FAILED:
        reason = f"{text}; it could not be tried: {answer.detail}"
        return _reading(Verdict.ERROR, None, reason, reason=reason)
    return _reading(
        Verdict.WARNED,
        Code.DNS_FOREIGN_ANSWER,
        f"{text}, without a valid certificate: {answer.status} {answer.detail}".rstrip(),
    )


def _reading(
    verdict: Verdict, code: Code | None, observed: str, reason: str | None = None
) -> Reading:
    return Reading(verdict=verdict, code=code, phase="resolve", observed=observed, reason=reason)


def _reconcile(
    own: DnsAnswer, mine: tuple[Reading, ...], theirs: tuple[Reading, ...]
) -> tuple[Reading, ...]:
    """Weigh the host's own view against the VPC resolvers': the host's is what tasks live with."""
    if not theirs:
        return mine
    if mine[0].verdict is theirs[0].verdict:
        # getaddrinfo cannot tell SERVFAIL from silence; the resolver's own rcode can.
        return mine if own.status is DnsStatus.ANSWERED else theirs
    if theirs[0].verdict is Verdict.ERROR and mine[0].verdict.holds:
        return theirs
    if mine[0].verdict is Verdict.PASSED:
        right = f"{own.name} is right for the host ({', '.join(own.addresses)})"
        observed = f"{right}, but {theirs[0].observed}"
        return (_reading(Verdict.WARNED, Code.DNS_RESOLVER_DIFFERS, observed),)
    told = f"{mine[0].observed}, though the VPC resolver says: {theirs[0].observed}"
    return (replace(mine[0], observed=told),)

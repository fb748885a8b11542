"""Ask DNS once: A and AAAA side by side, over UDP, over TCP where the answer was truncated."""

import asyncio
import ipaddress
import socket
import time
from dataclasses import dataclass

from pytest_ecs_privatelink.probes.dns_codec import Query
from pytest_ecs_privatelink.probes.dns_response import (
    NOERROR,
    NXDOMAIN,
    REFUSED,
    SERVFAIL,
    MalformedError,
    Response,
)
from pytest_ecs_privatelink.probes.host_resolution import resolve_as_host
from pytest_ecs_privatelink.probes.records import DnsAnswer, DnsQuestion, DnsStatus

# The largest UDP answer that crosses common paths unfragmented (DNS flag day 2020).
_EDNS_PAYLOAD = 1232

_STATUS = {
    NXDOMAIN: DnsStatus.NXDOMAIN,
    SERVFAIL: DnsStatus.SERVFAIL,
    REFUSED: DnsStatus.REFUSED,
}

_KINDS = ("A", "AAAA")

_Server = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """What one of the two questions, A or AAAA, brought."""

    kind: str
    status: DnsStatus
    addresses: tuple[str, ...] = ()
    chain: tuple[str, ...] = ()
    rcode: str | None = None
    transport: str | None = None
    detail: str = ""


async def resolve(question: DnsQuestion) -> DnsAnswer:
    """Ask ``question.resolver``, or the host's own resolution where that is None.

    Each of A and AAAA is asked once, as an absolute name, and both within the one deadline.
    ``ANSWERED`` needs an address of either kind; how the other kind failed is in ``detail``.
    Without any address NXDOMAIN decides, then the failure of A, then that of AAAA, and only two
    clean answers without an address are ``EMPTY``. ``REFUSED`` without ``rcode`` is a port where
    nobody listens. ``FAILED`` is an answer of another rcode, no DNS message at all, no route to
    the resolver, or a question that cannot be asked. Never raises.
    """
    if question.resolver is None:
        return await resolve_as_host(question)
    began = time.perf_counter()
    try:
        server = _server(question.resolver)
        queries = [Query(question.name, kind, _EDNS_PAYLOAD) for kind in _KINDS]
    except ValueError as error:
        reply = _Reply(kind="", status=DnsStatus.FAILED, detail=f"cannot be asked: {error}")
    else:
        deadline = asyncio.get_running_loop().time() + question.timeout
        asking = [
            _ask(server, query, kind, deadline) for kind, query in zip(_KINDS, queries, strict=True)
        ]
        reply = _merged(*await asyncio.gather(*asking))
    return DnsAnswer(
        name=question.name,
        resolver=question.resolver,
        status=reply.status,
        addresses=reply.addresses,
        chain=reply.chain,
        rcode=reply.rcode,
        transport=reply.transport,
        detail=reply.detail,
        duration_ms=(time.perf_counter() - began) * 1000,
    )


def _server(text: str) -> _Server:
    """Split ``address``, ``address:port`` or ``[v6]:port``; raise ValueError for anything else."""
    try:
        return str(ipaddress.ip_address(text)), 53
    except ValueError:
        host, _, port = text.rpartition(":")
    try:
        address = ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        number = int(port)
    except ValueError:
        raise ValueError(f"{text!r} is no resolver address") from None
    if not 0 < number < 65536:
        raise ValueError(f"{text!r} has no port between 1 and 65535")
    return str(address), number


async def _ask(server: _Server, query: Query, kind: str, deadline: float) -> _Reply:
    where = f"{server[0]} port {server[1]}"
    transport, status, detail = "udp", DnsStatus.FAILED, ""
    try:
        async with asyncio.timeout_at(deadline):
            response = await _over_udp(server, query)
            if response.truncated:
                transport = "tcp"
                response = await _over_tcp(server, query)
        return _read(response, kind, transport)
    except TimeoutError:
        status, detail = DnsStatus.TIMEOUT, f"{where} gave no answer over {transport} in time"
    except ConnectionRefusedError:
        status, detail = DnsStatus.REFUSED, f"nobody listens on {where} ({transport})"
    except OSError as error:
        detail = f"{where} cannot be reached over {transport}: {error.strerror}"
    except MalformedError as error:
        detail = f"{where} sent no proper answer over {transport}: {error}"
    return _Reply(kind=kind, status=status, transport=transport, detail=detail)


async def _over_udp(server: _Server, query: Query) -> Response:
    loop = asyncio.get_running_loop()
    with _socket(server, socket.SOCK_DGRAM) as sock:
        # Connected, so that "port unreachable" comes back and nobody else's datagrams do.
        sock.connect(server)
        await loop.sock_sendall(sock, query.wire)
        while True:
            response = query.read(await loop.sock_recv(sock, 65535))
            # Another id or question is an answer to somebody else: the own one may still come.
            if response is not None:
                return response


async def _over_tcp(server: _Server, query: Query) -> Response:
    loop = asyncio.get_running_loop()
    with _socket(server, socket.SOCK_STREAM) as sock:
        await loop.sock_connect(sock, server)
        await loop.sock_sendall(sock, len(query.wire).to_bytes(2, "big") + query.wire)
        length = int.from_bytes(await _receive_exactly(sock, 2), "big")
        response = query.read(await _receive_exactly(sock, length), last=True)
        if response is None:
            raise MalformedError("it answers another question")
        return response


def _socket(server: _Server, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    return sock


async def _receive_exactly(sock: socket.socket, count: int) -> bytes:
    loop = asyncio.get_running_loop()
    received = b""
    while len(received) < count:
        chunk = await loop.sock_recv(sock, count - len(received))
        if not chunk:
            raise MalformedError("the connection was closed before the answer was complete")
        received += chunk
    return received


def _read(response: Response, kind: str, transport: str) -> _Reply:
    if response.rcode == NOERROR:
        status = DnsStatus.ANSWERED if response.addresses else DnsStatus.EMPTY
        addresses, detail = response.addresses, ""
    else:
        status = _STATUS.get(response.rcode, DnsStatus.FAILED)
        addresses, detail = (), f"the resolver answered {response.word}"
    return _Reply(
        kind=kind,
        status=status,
        addresses=addresses,
        chain=response.chain,
        rcode=response.word,
        transport=transport,
        detail=detail,
    )


def _merged(a: _Reply, aaaa: _Reply) -> _Reply:
    """Make one reply of two, by the order of precedence that `resolve` states."""
    ranks = (DnsStatus.ANSWERED, DnsStatus.NXDOMAIN)
    leading = [reply for status in ranks for reply in (a, aaaa) if reply.status is status]
    failing = [reply for reply in (a, aaaa) if reply.status is not DnsStatus.EMPTY]
    chosen = (leading + failing + [a])[0]
    other = aaaa if chosen is a else a
    return _Reply(
        kind=chosen.kind,
        status=chosen.status,
        addresses=tuple(sorted({*a.addresses, *aaaa.addresses})),
        chain=chosen.chain or other.chain,
        rcode=chosen.rcode,
        transport=chosen.transport,
        detail=_detail(chosen, other),
    )


def _detail(chosen: _Reply, other: _Reply) -> str:
    if other.status is chosen.status:
        return chosen.detail
    remarks = [chosen.detail] if chosen.detail else []
    if other.detail:
        remarks.append(f"{other.kind}: {other.detail}")
    return "; ".join(remarks)

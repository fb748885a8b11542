"""The VPC's resolver: answers from a plan, over UDP and TCP.

It is the authority for the zones of the VPC and speaks for the world outside as well; there is
nobody to ask. Addresses are IPv4: to a question for AAAA a name that exists has none.
"""

import asyncio
import collections
import contextlib
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from pytest_ecs_privatelink.catalogue.services import covers
from pytest_ecs_privatelink.lab.twin_plan import PlannedRecord, Resolver
from pytest_ecs_privatelink.verdict import Code

PORT = 53

_SECONDS_TO_LIVE = 60
_LONGEST_CHAIN = 8
_PLAIN_UDP = 512
_LONGEST_MESSAGE = 65_535
_BYTES_TO_RECEIVE = 212_992  # what an unprivileged process may ask for (net.core.rmem_max)
# One such buffer overflows when a sweep of 20 subnets asks 960 questions on a busy machine.
_SOCKETS_PER_ADDRESS = 16
_MOST_REMEMBERED = 4096
_RCODES = {
    Code.DNS_SERVFAIL: dns.rcode.SERVFAIL,
    Code.DNS_REFUSED: dns.rcode.REFUSED,
    Code.DNS_NXDOMAIN: dns.rcode.NXDOMAIN,
}


@dataclass(frozen=True, slots=True)
class _Records:
    """The records at and below an apex, and every name that exists there, if only as a parent."""

    apex: str
    by_name: Mapping[str, PlannedRecord]
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """What a name leads to: its CNAMEs in order, then addresses; ``exists`` is of the last name."""

    exists: bool
    chain: tuple[tuple[str, str], ...]
    name: str
    addresses: tuple[str, ...]


class Names:
    """What a resolver's plan says about names; without any I/O."""

    def __init__(self, resolver: Resolver) -> None:
        self._zones = {zone.apex: _index(zone.apex, zone.records) for zone in resolver.zones}
        self._public = _index("", resolver.public)
        self._troubles = resolver.troubles
        self._remembered: dict[bytes, bytes | None] = {}

    def recall(self, datagram: bytes) -> bytes | None:
        """Return the answer to ``datagram``: hosts ask alike, only the id (RFC 1035) differs."""
        identity, rest = datagram[:2], datagram[2:]
        if rest not in self._remembered:
            if len(self._remembered) == _MOST_REMEMBERED:
                self._remembered.clear()
            answer = respond(self, datagram, datagram=True)
            self._remembered[rest] = None if answer is None else answer[2:]
        known = self._remembered[rest]
        return None if known is None else identity + known

    def trouble(self, name: str) -> Code | None:
        """Return how the resolver is to fail for ``name``, if it is."""
        for trouble in self._troubles:
            if not trouble.patterns or any(covers(each, name) for each in trouble.patterns):
                return trouble.code
        return None

    def find(self, name: str) -> Found:
        """Follow ``name`` to its addresses, from zone to zone where CNAMEs lead."""
        chain: list[tuple[str, str]] = []
        while True:
            records = self._records_for(name)
            record = _match(records, name)
            if record is None or not record.cname or len(chain) == _LONGEST_CHAIN:
                break
            chain.append((name, record.values[0]))
            name = record.values[0]
        exists = record is not None or name in records.names
        addresses = record.values if record is not None and not record.cname else ()
        return Found(exists, tuple(chain), name, addresses)

    def _records_for(self, name: str) -> _Records:
        """Return the zone that decides alone: a longest apex without an answer is no answer."""
        for suffix in _suffixes(name):
            if suffix in self._zones:
                return self._zones[suffix]
        return self._public


async def serve_names(
    resolver: Resolver, ready: Callable[[], None] | None = None, port: int = PORT
) -> None:
    """Answer questions to ``resolver``'s addresses until cancelled; call ``ready`` once it does."""
    names = Names(resolver)

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await _converse(names, reader, writer)

    async with contextlib.AsyncExitStack() as open_:
        for address in resolver.addresses:
            for _ in range(_SOCKETS_PER_ADDRESS):
                questions = open_.enter_context(_Questions(names, address, port))
                asyncio.get_running_loop().add_reader(questions.fileno(), questions.take)
            await open_.enter_async_context(await asyncio.start_server(converse, address, port))
        if ready is not None:
            ready()
        await asyncio.get_running_loop().create_future()


def respond(names: Names, wire: bytes, *, datagram: bool) -> bytes | None:
    """Return the answer to the question in ``wire``; None where silence is the answer."""
    try:
        question = dns.message.from_wire(wire)
    except dns.exception.DNSException:
        return None
    if len(question.question) != 1 or question.flags & dns.flags.QR:
        return None
    asked = question.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    trouble = names.trouble(name)
    if trouble is Code.DNS_TIMEOUT:
        return None
    response = dns.message.make_response(question, recursion_available=True)
    if trouble is None:
        _fill(response, names.find(name), asked.rdtype)
    else:
        response.set_rcode(_RCODES[trouble])
    room = max(question.payload, _PLAIN_UDP) if datagram else _LONGEST_MESSAGE
    return response.to_wire(max_size=room, prefer_truncation=True)


def _fill(response: dns.message.Message, found: Found, kind: dns.rdatatype.RdataType) -> None:
    for name, target in found.chain:
        response.answer.append(
            dns.rrset.from_text(f"{name}.", _SECONDS_TO_LIVE, "IN", "CNAME", f"{target}.")
        )
    if not found.exists:
        response.set_rcode(dns.rcode.NXDOMAIN)
    elif kind == dns.rdatatype.A and found.addresses:
        response.answer.append(
            dns.rrset.from_text(f"{found.name}.", _SECONDS_TO_LIVE, "IN", "A", *found.addresses)
        )


def _index(apex: str, records: Iterable[PlannedRecord]) -> _Records:
    by_name = {record.name: record for record in records}
    names = {apex} | {
        suffix for name in by_name for suffix in _suffixes(name) if suffix.endswith(apex)
    }
    return _Records(apex, by_name, frozenset(names))


def _match(records: _Records, name: str) -> PlannedRecord | None:
    """Return the record for ``name``: its own, else the wildcard of its closest encloser.

    RFC 4592: a wildcard does not reach below, or beside, a name that exists.
    """
    if name in records.names:
        return records.by_name.get(name)
    for suffix in list(_suffixes(name))[1:]:
        if suffix in records.names:
            return records.by_name.get(f"*.{suffix}")
    return records.by_name.get("*")


def _suffixes(name: str) -> Iterable[str]:
    labels = name.split(".")
    return (".".join(labels[i:]) for i in range(len(labels)))


class _Questions:
    """Questions over UDP. All that have arrived are taken before the next one is answered.

    A sweep asks some hundred at once and each of them once: the socket's buffer would overflow,
    and the loss be reported as a resolver that does not answer.
    """

    def __init__(self, names: Names, address: str, port: int) -> None:
        self._names = names
        self._waiting: collections.deque[tuple[bytes, tuple[str, int]]] = collections.deque()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BYTES_TO_RECEIVE)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self._socket.setblocking(False)
        self._socket.bind((address, port))

    def __enter__(self) -> "_Questions":
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return self._socket.fileno()

    def take(self) -> None:
        """Take every datagram that is there, and see to it that they are answered."""
        idle = not self._waiting
        with contextlib.suppress(BlockingIOError):
            while True:
                self._waiting.append(self._socket.recvfrom(_LONGEST_MESSAGE))
        if idle and self._waiting:
            asyncio.get_running_loop().call_soon(self._answer)

    def _answer(self) -> None:
        data, asker = self._waiting.popleft()
        answer = self._names.recall(data)
        if answer is not None:
            with contextlib.suppress(OSError):  # the asker has gone
                self._socket.sendto(answer, asker)
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._answer)


async def _converse(
    names: Names, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            (length,) = struct.unpack(">H", await reader.readexactly(2))
            answer = respond(names, await reader.readexactly(length), datagram=False)
            if answer is not None:
                writer.write(struct.pack(">H", len(answer)) + answer)
                await writer.drain()
    writer.close()

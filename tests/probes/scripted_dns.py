"""A DNS server on loopback that says what a test tells it to, over UDP and TCP."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

Script = Callable[[dns.message.Message, str], Iterable[bytes]]


@dataclass
class ScriptedDns:
    """``queries`` holds (type, transport) of each query that arrived."""

    script: Script
    udp: socket.socket
    tcp: socket.socket
    queries: list[tuple[str, str]] = field(default_factory=list)

    @property
    def resolver(self) -> str:
        """Return ``address:port`` for a `DnsQuestion`."""
        return f"127.0.0.1:{self.udp.getsockname()[1]}"

    def serve_udp(self) -> None:
        """Answer datagrams until the socket is shut."""
        while True:
            wire, peer = self.udp.recvfrom(65535)
            if not wire:
                return
            for answer in self._answers(wire, "udp"):
                self.udp.sendto(answer, peer)

    def serve_tcp(self) -> None:
        """Answer one query per connection until the listener is shut."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.tcp.accept()
                with connection:
                    wire = connection.recv(65535)[2:]
                    for answer in self._answers(wire, "tcp"):
                        connection.sendall(answer)

    def _answers(self, wire: bytes, transport: str) -> Iterable[bytes]:
        query = dns.message.from_wire(wire)
        self.queries.append((dns.rdatatype.to_text(query.question[0].rdtype), transport))
        return self.script(query, transport)


@contextlib.contextmanager
def scripted_dns(script: Script) -> Iterator[ScriptedDns]:
    """Serve ``script`` on 127.0.0.1, the same port for UDP and TCP, for as long as it is open."""
    with contextlib.ExitStack() as stack:
        udp, tcp = _pair(stack)
        server = ScriptedDns(script, udp, tcp)
        threads = [threading.Thread(target=run) for run in (server.serve_udp, server.serve_tcp)]
        for thread in threads:
            thread.start()
        yield server
        udp.sendto(b"", udp.getsockname())
        tcp.shutdown(socket.SHUT_RDWR)
        for thread in threads:
            thread.join()


def _pair(stack: contextlib.ExitStack) -> tuple[socket.socket, socket.socket]:
    while True:
        tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        tcp.bind(("127.0.0.1", 0))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        with contextlib.suppress(OSError):
            udp.bind(tcp.getsockname())
            tcp.listen()
            return udp, tcp


def answer_to(
    query: dns.message.Message, *records: str, rcode: str = "NOERROR", truncated: bool = False
) -> dns.message.Message:
    """Return a response with ``records`` (``name type value``) of the queried type and CNAMEs."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.from_text(rcode))
    if truncated:
        response.flags |= dns.flags.TC
    asked = dns.rdatatype.to_text(query.question[0].rdtype)
    for name, kind, value in (record.split() for record in records):
        if kind in {asked, "CNAME"}:
            response.answer.append(dns.rrset.from_text(f"{name}.", 60, "IN", kind, value))
    return response


def over(transport: str, response: dns.message.Message) -> bytes:
    """Return the wire form, with the length in front that TCP wants."""
    wire = response.to_wire()
    return wire if transport == "udp" else len(wire).to_bytes(2) + wire

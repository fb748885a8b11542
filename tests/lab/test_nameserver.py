"""The twin's resolver: what it answers from a plan, and how it does so over UDP and TCP."""

import asyncio
import socket
from collections.abc import Callable

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import pytest

from pytest_ecs_privatelink.lab.nameserver import Names, respond, serve_names
from pytest_ecs_privatelink.lab.twin_plan import DnsTrouble, PlannedRecord, Resolver, Zone
from pytest_ecs_privatelink.verdict import Code

PLAN = Resolver(
    addresses=("127.0.0.1",),
    answering=True,
    zones=(
        Zone("amazonaws.com", (PlannedRecord("x.amazonaws.com", ("10.0.0.9",)),)),
        Zone(
            "r.amazonaws.com",
            (
                PlannedRecord("r.amazonaws.com", ("10.0.0.1",)),
                PlannedRecord("*.r.amazonaws.com", ("10.0.0.2",)),
                PlannedRecord("deep.below.r.amazonaws.com", ("10.0.0.3",)),
                PlannedRecord("cname.r.amazonaws.com", ("www.example.com",), cname=True),
                PlannedRecord("loop.r.amazonaws.com", ("loop.r.amazonaws.com",), cname=True),
                PlannedRecord("lost.r.amazonaws.com", ("nobody.example.com",), cname=True),
                PlannedRecord("none.r.amazonaws.com", ()),
            ),
        ),
    ),
    public=(
        PlannedRecord("www.example.com", ("203.0.113.1", "203.0.113.2")),
        PlannedRecord("logs.amazonaws.com", ("203.0.113.3",)),
        PlannedRecord("*.s3.example.com", ("203.0.113.4",)),
        PlannedRecord("big.example.com", tuple(f"203.0.113.{i}" for i in range(1, 200))),
    ),
)
NAMES = Names(PLAN)


def ask(name: str, kind: str = "A", names: Names = NAMES) -> dns.message.Message:
    """Return the answer to one question."""
    wire = respond(names, dns.message.make_query(name, kind).to_wire(), datagram=True)
    assert wire is not None
    return dns.message.from_wire(wire)


def addresses(message: dns.message.Message) -> list[str]:
    """Return the addresses of an answer, sorted: on the wire their order is drawn, as on AWS."""
    return sorted(
        item.to_text()
        for rrset in message.answer
        if rrset.rdtype == dns.rdatatype.A
        for item in rrset
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("r.amazonaws.com", ["10.0.0.1"]),
        ("R.AmazonAWS.com.", ["10.0.0.1"]),
        ("anything.r.amazonaws.com", ["10.0.0.2"]),
        ("one.more.label.r.amazonaws.com", ["10.0.0.2"]),
        ("deep.below.r.amazonaws.com", ["10.0.0.3"]),
        ("x.amazonaws.com", ["10.0.0.9"]),
        ("www.example.com", ["203.0.113.1", "203.0.113.2"]),
        ("bucket.s3.example.com", ["203.0.113.4"]),
        ("cname.r.amazonaws.com", ["203.0.113.1", "203.0.113.2"]),
    ],
)
def test_answers(name: str, expected: list[str]) -> None:
    """A name leads to the record of the longest apex that covers it, else to the public one."""
    message = ask(name)
    assert message.rcode() == dns.rcode.NOERROR
    assert addresses(message) == expected


@pytest.mark.parametrize(
    ("name", "rcode"),
    [
        ("logs.amazonaws.com", dns.rcode.NXDOMAIN),  # public, but a zone covers it
        ("nobody.example.com", dns.rcode.NXDOMAIN),
        ("other.below.r.amazonaws.com", dns.rcode.NXDOMAIN),  # below.r exists: no wildcard there
        ("below.r.amazonaws.com", dns.rcode.NOERROR),  # exists as a parent only
        ("amazonaws.com", dns.rcode.NOERROR),
        ("none.r.amazonaws.com", dns.rcode.NOERROR),
        ("s3.example.com", dns.rcode.NOERROR),
    ],
)
def test_no_address(name: str, rcode: dns.rcode.Rcode) -> None:
    """A miss inside a zone is NXDOMAIN without public fallback, and RFC 4592 rules wildcards."""
    message = ask(name)
    assert message.rcode() == rcode
    assert message.answer == []


def test_chain_is_told() -> None:
    """CNAMEs stand in the answer, before the addresses, from zone to zone."""
    first, second = ask("cname.r.amazonaws.com").answer
    assert first.to_text() == "cname.r.amazonaws.com. 60 IN CNAME www.example.com."
    assert second.name.to_text() == "www.example.com."


def test_chain_into_nothing() -> None:
    """A CNAME to a name that does not exist is NXDOMAIN, with the CNAME."""
    message = ask("lost.r.amazonaws.com")
    assert message.rcode() == dns.rcode.NXDOMAIN
    assert len(message.answer) == 1


def test_loop_ends() -> None:
    """A CNAME that leads to itself is answered all the same."""
    assert addresses(ask("loop.r.amazonaws.com")) == []


def test_no_ipv6() -> None:
    """A name that exists has no AAAA record: NOERROR and nothing."""
    message = ask("r.amazonaws.com", "AAAA")
    assert message.rcode() == dns.rcode.NOERROR
    assert message.answer == []


def test_looks_like_a_recursive_resolver() -> None:
    """The answer belongs to the question and says that recursion is available."""
    query = dns.message.make_query("r.amazonaws.com", "A")
    wire = respond(NAMES, query.to_wire(), datagram=True)
    assert wire is not None
    message = dns.message.from_wire(wire)
    assert query.is_response(message)
    assert message.flags & dns.flags.RA


@pytest.mark.parametrize(
    "wire",
    [
        b"",
        b"\x00",
        b"GET / HTTP/1.1\r\n\r\n",
        dns.message.make_query("r.amazonaws.com", "A").to_wire()[:-3],
        dns.message.make_response(dns.message.make_query("r.amazonaws.com", "A")).to_wire(),
        dns.message.Message(1).to_wire(),
    ],
    ids=["nothing", "one byte", "http", "cut off", "an answer", "no question"],
)
def test_garbage_is_not_answered(wire: bytes) -> None:
    """What is no single question gets no answer, and no exception either."""
    assert respond(NAMES, wire, datagram=True) is None


@pytest.mark.parametrize(
    ("code", "rcode"),
    [
        (Code.DNS_SERVFAIL, dns.rcode.SERVFAIL),
        (Code.DNS_REFUSED, dns.rcode.REFUSED),
        (Code.DNS_NXDOMAIN, dns.rcode.NXDOMAIN),
    ],
)
def test_trouble(code: Code, rcode: dns.rcode.Rcode) -> None:
    """Trouble with some names is their answer; others are answered as ever."""
    trouble = DnsTrouble(code, ("*.r.amazonaws.com",))
    names = Names(Resolver(addresses=(), answering=True, zones=PLAN.zones, troubles=(trouble,)))
    assert ask("a.r.amazonaws.com", names=names).rcode() == rcode
    assert addresses(ask("r.amazonaws.com", names=names)) == ["10.0.0.1"]


def test_silence() -> None:
    """A resolver that times out says nothing."""
    names = Names(Resolver(addresses=(), answering=True, troubles=(DnsTrouble(Code.DNS_TIMEOUT),)))
    query = dns.message.make_query("r.amazonaws.com", "A").to_wire()
    assert respond(names, query, datagram=True) is None


def served(talk: Callable[[int], object]) -> None:
    """Run the coroutine that ``talk`` makes of a port while a resolver listens there."""

    async def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        listening = asyncio.Event()
        server = asyncio.create_task(serve_names(PLAN, listening.set, port))
        await listening.wait()
        await talk(port)  # type: ignore[misc]
        server.cancel()
        await asyncio.wait([server])

    asyncio.run(run())


def test_udp_truncates_and_tcp_does_not() -> None:
    """A long answer is cut for UDP, with the flag that sends the asker to TCP."""

    async def talk(port: int) -> None:
        query = dns.message.make_query("big.example.com", "A")
        cut = await dns.asyncquery.udp(query, "127.0.0.1", 5, port)
        assert cut.flags & dns.flags.TC
        whole = await dns.asyncquery.tcp(query, "127.0.0.1", 5, port)
        assert not whole.flags & dns.flags.TC
        assert len(addresses(whole)) == 199

    served(talk)


def test_tcp_answers_one_after_another() -> None:
    """A TCP connection takes several questions, and survives nonsense on another one."""

    async def talk(port: int) -> None:
        _, nonsense = await asyncio.open_connection("127.0.0.1", port)
        nonsense.write(b"\x00\x05hello")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for name in ("r.amazonaws.com", "x.amazonaws.com"):
            wire = dns.message.make_query(name, "A").to_wire()
            writer.write(len(wire).to_bytes(2, "big") + wire)
            length = int.from_bytes(await reader.readexactly(2), "big")
            assert addresses(dns.message.from_wire(await reader.readexactly(length)))
        for each in (writer, nonsense):
            each.close()
            await each.wait_closed()

    served(talk)


def test_burst_over_udp() -> None:
    """Questions that arrive faster than they are answered are kept, each one."""

    async def talk(port: int) -> None:
        query = dns.message.make_query("r.amazonaws.com", "A")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.setblocking(False)
            asker.connect(("127.0.0.1", port))
            for i in range(600):
                asker.send(query.to_wire())
                if i % 100 == 99:
                    await asyncio.sleep(0)
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(20):
                for _ in range(600):
                    await loop.sock_recv(asker, 4096)

    served(talk)

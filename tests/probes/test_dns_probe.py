"""The DNS probe against a server that misbehaves in every way that a resolver can."""

import asyncio
import socket
import time

import dns.message
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_dns import Script, answer_to, over, scripted_dns

from pytest_ecs_privatelink.probes.dns import resolve
from pytest_ecs_privatelink.probes.records import DnsAnswer, DnsQuestion, DnsStatus

NAME = "api.ecr.us-east-1.amazonaws.com"
A, AAAA = f"{NAME} A 10.0.1.5", f"{NAME} AAAA fd00::5"


def ask(script: Script, *, timeout: float = 3.0) -> tuple[DnsAnswer, list[tuple[str, str]]]:
    """Return the probe's answer and the queries that the server saw, sorted."""
    with scripted_dns(script) as server:
        question = DnsQuestion(name=NAME, resolver=server.resolver, timeout=timeout)
        answer = asyncio.run(resolve(question))
        return answer, sorted(server.queries)


def test_addresses_of_both_kinds_are_one_sorted_answer() -> None:
    """A and AAAA are asked once each and their addresses come together, sorted."""
    records = (f"{NAME} A 10.0.1.9", f"{NAME} A 10.0.1.5", AAAA)

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        response = answer_to(query)
        for record in records:
            response.answer += answer_to(query, record).answer
        return [over(transport, response)]

    answer, queries = ask(script)

    assert answer.status is DnsStatus.ANSWERED
    assert answer.addresses == ("10.0.1.5", "10.0.1.9", "fd00::5")
    assert (answer.rcode, answer.transport, answer.detail) == ("NOERROR", "udp", "")
    assert queries == [("A", "udp"), ("AAAA", "udp")]
    assert answer.duration_ms > 0


def test_cname_chain_is_told_in_order() -> None:
    """The chain holds each target in the order in which it leads to the address."""
    records = (
        f"{NAME} CNAME shared.hub.example.",
        "vpce-1.example A 10.9.0.4",
        "shared.hub.example CNAME vpce-1.example.",
    )

    answer, _ = ask(lambda query, transport: [over(transport, answer_to(query, *records))])

    assert answer.chain == ("shared.hub.example", "vpce-1.example")
    assert answer.addresses == ("10.9.0.4",)


@pytest.mark.parametrize(
    ("rcode", "status"),
    [
        ("NXDOMAIN", DnsStatus.NXDOMAIN),
        ("SERVFAIL", DnsStatus.SERVFAIL),
        ("REFUSED", DnsStatus.REFUSED),
        ("FORMERR", DnsStatus.FAILED),
        ("NOTIMP", DnsStatus.FAILED),
    ],
)
def test_each_rcode_has_its_status(rcode: str, status: DnsStatus) -> None:
    """An rcode is told as it came and asked only once, whatever it says."""
    answer, queries = ask(lambda query, transport: [over(transport, answer_to(query, rcode=rcode))])

    assert (answer.status, answer.rcode) == (status, rcode)
    assert answer.detail == f"the resolver answered {rcode}"
    assert len(queries) == 2


def test_bare_error_without_a_question_is_understood() -> None:
    """An error answer may leave the question out (RFC 1035 servers in a hurry do)."""

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        response = answer_to(query, rcode="SERVFAIL")
        response.question = []
        return [over(transport, response)]

    assert ask(script)[0].status is DnsStatus.SERVFAIL


def test_no_address_of_any_kind_is_empty() -> None:
    """NOERROR without an address is its own status: the name exists."""
    answer, _ = ask(lambda query, transport: [over(transport, answer_to(query))])

    assert (answer.status, answer.rcode, answer.detail) == (DnsStatus.EMPTY, "NOERROR", "")


def test_truncated_answer_is_fetched_over_tcp() -> None:
    """A truncated UDP answer is asked again over TCP, and only there."""

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        return [over(transport, answer_to(query, A, truncated=transport == "udp"))]

    answer, queries = ask(script)

    assert (answer.status, answer.addresses) == (DnsStatus.ANSWERED, ("10.0.1.5",))
    assert answer.transport == "tcp"
    assert queries == [("A", "tcp"), ("A", "udp"), ("AAAA", "tcp"), ("AAAA", "udp")]


def test_tcp_fallback_shares_the_deadline() -> None:
    """A server that truncates late and then falls silent over TCP costs one timeout, not two."""
    timeout = 0.6

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        if transport == "udp":
            time.sleep(timeout * 0.4)  # for A and then for AAAA: 0.8 in all
            return [over(transport, answer_to(query, truncated=True))]
        time.sleep(timeout * 1.1)
        return []

    answer, _ = ask(script, timeout=timeout)

    assert (answer.status, answer.transport) == (DnsStatus.TIMEOUT, "tcp")
    assert "gave no answer over tcp in time" in answer.detail
    assert 0.95 * timeout <= answer.duration_ms / 1000 < 1.6 * timeout


def test_tcp_connection_closed_early_is_no_answer() -> None:
    """A TCP answer that stops before its length is a failure with words for it."""

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        response = over(transport, answer_to(query, A, truncated=transport == "udp"))
        return [response if transport == "udp" else response[:9]]

    answer, _ = ask(script)

    assert answer.status is DnsStatus.FAILED
    assert "the connection was closed before the answer was complete" in answer.detail


def test_silence_is_a_timeout_within_the_deadline() -> None:
    """A resolver that drops queries is told apart, and costs the deadline and no more."""
    answer, queries = ask(lambda _query, _transport: [], timeout=0.2)

    assert (answer.status, answer.rcode) == (DnsStatus.TIMEOUT, None)
    assert "gave no answer over udp in time" in answer.detail
    assert 190 <= answer.duration_ms < 1000
    assert len(queries) == 2


def test_nobody_listening_is_refused_without_rcode() -> None:
    """ICMP "port unreachable" comes back at once as a refusal that no resolver spoke."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]

    answer = asyncio.run(resolve(DnsQuestion(name=NAME, resolver=f"127.0.0.1:{port}")))

    assert (answer.status, answer.rcode) == (DnsStatus.REFUSED, None)
    assert answer.detail == f"nobody listens on 127.0.0.1 port {port} (udp)"
    assert answer.duration_ms < 1000


def test_garbage_is_a_failure_that_says_so() -> None:
    """Bytes that are no DNS message end the question at once."""
    answer, _ = ask(lambda _query, _transport: [b"HTTP/1.1 400 Bad Request\r\n\r\n"])

    assert answer.status is DnsStatus.FAILED
    assert "sent no proper answer over udp" in answer.detail


def test_another_id_or_question_is_not_our_answer() -> None:
    """What answers another id or name is passed over, and the own answer still counts."""

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        other = dns.message.make_response(dns.message.make_query("example.org", "A"))
        other.id = query.id
        own = over(transport, answer_to(query, A))
        wrong_id = ((query.id + 1) % 65536).to_bytes(2) + own[2:]
        return [wrong_id, over(transport, other), own]

    answer, _ = ask(script)

    assert (answer.status, answer.addresses) == (DnsStatus.ANSWERED, ("10.0.1.5",))


def test_only_wrong_ids_are_a_timeout() -> None:
    """A server that never answers the own id has given no answer."""

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        wire = over(transport, answer_to(query, A))
        return [((query.id + 1) % 65536).to_bytes(2) + wire[2:]]

    assert ask(script, timeout=0.2)[0].status is DnsStatus.TIMEOUT


def test_answer_after_the_deadline_is_too_late() -> None:
    """An answer that comes after the deadline changes nothing."""

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        time.sleep(0.3)
        return [over(transport, answer_to(query, A))]

    answer, _ = ask(script, timeout=0.1)

    assert (answer.status, answer.addresses) == (DnsStatus.TIMEOUT, ())


@pytest.mark.parametrize(
    ("a", "aaaa", "status", "detail"),
    [
        ("address", "SERVFAIL", DnsStatus.ANSWERED, "AAAA: the resolver answered SERVFAIL"),
        ("address", "silence", DnsStatus.ANSWERED, "AAAA: 127.0.0.1 port"),
        ("silence", "address", DnsStatus.ANSWERED, "A: 127.0.0.1 port"),
        ("address", "NXDOMAIN", DnsStatus.ANSWERED, "AAAA: the resolver answered NXDOMAIN"),
        ("address", "NOERROR", DnsStatus.ANSWERED, ""),
        ("NOERROR", "SERVFAIL", DnsStatus.SERVFAIL, "the resolver answered SERVFAIL"),
        ("silence", "NXDOMAIN", DnsStatus.NXDOMAIN, "the resolver answered NXDOMAIN; A: 127"),
        ("SERVFAIL", "silence", DnsStatus.SERVFAIL, "the resolver answered SERVFAIL; AAAA: 127"),
        ("silence", "NOERROR", DnsStatus.TIMEOUT, "127.0.0.1 port"),
    ],
)
def test_two_different_replies_make_one_answer(
    a: str, aaaa: str, status: DnsStatus, detail: str
) -> None:
    """An address wins, then NXDOMAIN, then what failed of A, then of AAAA."""

    def one(query: dns.message.Message, transport: str, what: str) -> list[bytes]:
        if what == "silence":
            return []
        if what == "address":
            return [over(transport, answer_to(query, A, AAAA))]
        return [over(transport, answer_to(query, rcode=what))]

    def script(query: dns.message.Message, transport: str) -> list[bytes]:
        asks_a = query.question[0].rdtype == dns.rdatatype.A
        return one(query, transport, a if asks_a else aaaa)

    answer, _ = ask(script, timeout=0.3)

    assert answer.status is status
    assert answer.detail.startswith(detail)
    assert bool(answer.detail) is bool(detail)


@pytest.mark.parametrize(
    ("name", "resolver", "detail"),
    [
        (NAME, "resolver.example", "'resolver.example' is no resolver address"),
        (NAME, "127.0.0.1:70000", "'127.0.0.1:70000' has no port between 1 and 65535"),
        (NAME, "127.0.0.1:dns", "'127.0.0.1:dns' is no resolver address"),
        (f"{'x' * 64}.example", "127.0.0.1:53", "A DNS label is > 63 octets long."),
        ("a..example", "127.0.0.1:53", "A DNS label is empty."),
        ("\ud800.example", "127.0.0.1:53", ""),
    ],
)
def test_a_question_that_cannot_be_asked_fails_with_its_reason(
    name: str, resolver: str, detail: str
) -> None:
    """Nothing is sent for a question that makes no sense, and the answer says why."""
    answer = asyncio.run(resolve(DnsQuestion(name=name, resolver=resolver)))

    assert answer.status is DnsStatus.FAILED
    assert answer.detail.startswith(f"cannot be asked: {detail}")


def test_ipv6_resolvers_are_asked_with_and_without_port() -> None:
    """``[v6]:port`` is split and asked over IPv6."""
    if not socket.has_ipv6:
        pytest.skip("this Python knows no IPv6")
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as reserved:
        try:
            reserved.bind(("::1", 0))
        except OSError as error:
            pytest.skip(f"no ::1 here: {error}")
        port = reserved.getsockname()[1]

    answer = asyncio.run(resolve(DnsQuestion(name=NAME, resolver=f"[::1]:{port}")))

    assert answer.detail == f"nobody listens on ::1 port {port} (udp)"


@settings(max_examples=60, deadline=None)
@given(tail=st.binary(max_size=80), flags=st.integers(0, 65535))
def test_no_bytes_of_a_resolver_break_the_probe(tail: bytes, flags: int) -> None:
    """Whatever follows the right id, the probe ends in time with one of its statuses."""
    answer, _ = ask(
        lambda query, _transport: [query.id.to_bytes(2) + flags.to_bytes(2) + tail], timeout=0.05
    )

    assert answer.status is not DnsStatus.ANSWERED or answer.addresses
    assert answer.duration_ms < 2000

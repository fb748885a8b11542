"""One HTTP exchange after another over real TLS, and every way in which one can break."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import https_servers
import pytest
import tls_servers
import trustme
from tracebacks import told

from pytest_ecs_privatelink.probes.breaks import Break, WireError
from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop, Link, Outcome
from pytest_ecs_privatelink.probes.dialling import dial
from pytest_ecs_privatelink.probes.wire import Wire

MARK = "tell-no-one-7f3a"


def break_of(wire: Wire, host: str = "localhost") -> Outcome:
    """Send a request that cannot succeed; return how it broke."""
    with pytest.raises(WireError) as raised:
        wire.send(Link.AUTH, host, "GET", "/", {}).read(1000)
    outcome = raised.value.outcome
    assert str(raised.value) == f"{outcome.link}, {outcome.phase}: {outcome.detail}"
    return outcome


def outcome(status: CallStatus, phase: str, detail: str) -> Outcome:
    """Return the outcome of a chain that broke at its first link."""
    return Outcome(status=status, link=Link.AUTH, phase=phase, detail=detail)


@contextlib.contextmanager
def wired(port: int, ca_file: str | None, timeout: float = 3.0) -> Iterator[Wire]:
    """Open a wire to a port of this machine."""
    with Wire(ca_file=ca_file, timeout=timeout, port=port) as wire:
        yield wire


def test_an_exchange_is_a_hop(certificate: trustme.LeafCert, ca_file: str) -> None:
    """What was asked arrives as given, and the hop tells host, address, status, bytes and time."""
    reply = https_servers.answer(201, b"x" * 1000, {"Made-Up": "yes"})
    with (
        https_servers.serving(certificate, https_servers.in_turn(reply)) as server,
        wired(server.port, ca_file) as wire,
        wire.send(Link.AUTH, "localhost", "POST", "/a?b=c", {"One": "1"}, b"body") as found,
    ):
        body = found.read(1000)

    (asked,) = server.requests
    assert (asked.method, asked.target, asked.body) == ("POST", "/a?b=c", b"body")
    assert asked.headers["host"] == f"localhost:{server.port}"
    assert asked.headers["one"] == "1"
    assert (found.status, found.headers["made-up"], len(body)) == (201, "yes", 1000)
    (hop,) = wire.hops
    assert hop.ms > 0
    assert hop == Hop(
        link=Link.AUTH,
        host="localhost",
        addresses=("127.0.0.1",),
        address="127.0.0.1",
        status=201,
        received=1000,
        ms=hop.ms,
    )


def test_a_connection_serves_again(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Requests to one host share a connection once each answer was read, or is small."""
    with (
        https_servers.serving(
            certificate, https_servers.in_turn(https_servers.answer(200, b"abc"))
        ) as server,
        wired(server.port, ca_file) as wire,
    ):
        for _ in range(3):
            with wire.send(Link.AUTH, "localhost", "GET", "/", {}) as reply:
                assert reply.read(10) == b"abc"
        wire.send(Link.AUTH, "localhost", "HEAD", "/", {}).close()
        wire.send(Link.AUTH, "localhost", "GET", "/", {}).close()

    assert server.connections == 1
    assert len(wire.hops) == 5


def test_an_idle_connection_may_have_ended(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A peer that hung up after an answer is dialled anew, and nothing is reported."""
    last = https_servers.answer(200, b"abc")
    steps = https_servers.in_turn(https_servers.saying(last), last)
    with https_servers.serving(certificate, steps) as server, wired(server.port, ca_file) as wire:
        with wire.send(Link.AUTH, "localhost", "GET", "/", {}) as reply:
            reply.read(10)
        time.sleep(0.05)
        with wire.send(Link.AUTH, "localhost", "GET", "/", {}) as reply:
            assert reply.read(10) == b"abc"

    assert server.connections == 2
    assert [hop.attempts for hop in wire.hops] == [1, 1]


def test_a_retry_is_counted_in_its_hop(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A second attempt's hop takes the place of the first's and says how many there were."""
    with (
        https_servers.serving(
            certificate, https_servers.in_turn(https_servers.answer(503), https_servers.answer(200))
        ) as server,
        wired(server.port, ca_file) as wire,
    ):
        wire.send(Link.AUTH, "localhost", "GET", "/", {}).close()
        wire.send(Link.AUTH, "localhost", "GET", "/", {}, attempt=2).close()

    assert [(hop.status, hop.attempts) for hop in wire.hops] == [(200, 2)]


def test_a_body_streams(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A body comes in pieces no larger than asked, chunked or not, to its last byte."""
    chunked = (
        b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n"
    )
    steps = https_servers.in_turn(https_servers.answer(200, b"0123456789"), chunked)
    with https_servers.serving(certificate, steps) as server, wired(server.port, ca_file) as wire:
        with wire.send(Link.LAYER, "localhost", "GET", "/", {}) as reply:
            assert list(reply.chunks(4)) == [b"0123", b"4567", b"89"]
        with wire.send(Link.LAYER, "localhost", "GET", "/", {}) as reply:
            assert b"".join(reply.chunks(4)) == b"abcdef"

    assert [hop.received for hop in wire.hops] == [10, 6]
    assert server.connections == 1


def test_proxy_variables_mean_nothing(
    certificate: trustme.LeafCert, ca_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy that the environment names is never dialled."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with (
        https_servers.serving(
            certificate, https_servers.in_turn(https_servers.answer(200))
        ) as server,
        wired(server.port, ca_file) as wire,
    ):
        wire.send(Link.AUTH, "localhost", "GET", "/", {}).close()

    assert len(server.requests) == 1


def test_a_name_of_nobody() -> None:
    """A name without address is unresolved, and its hop has no address."""
    with wired(443, None) as wire:
        found = break_of(wire, "nobody.invalid")

    assert (found.status, found.phase) == (CallStatus.UNRESOLVED, "resolve")
    assert [(hop.host, hop.addresses, hop.address) for hop in wire.hops] == [
        ("nobody.invalid", (), None)
    ]


def test_nobody_listens(ca_file: str) -> None:
    """A refused connection is told with its address, which the hop has among the resolved ones."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with wired(taken.getsockname()[1], ca_file) as wire:
            found = break_of(wire)

    assert found == outcome(
        CallStatus.REFUSED, "connect", "127.0.0.1: ECONNREFUSED: Connection refused"
    )
    assert [(hop.addresses, hop.address) for hop in wire.hops] == [(("127.0.0.1",), None)]


def test_nobody_answers_the_dial(ca_file: str) -> None:
    """A silent address takes the timeout and no more."""
    began = time.monotonic()
    with https_servers.deaf("127.0.0.1") as port, wired(port, ca_file, 0.3) as wire:
        found = break_of(wire)

    assert found == outcome(CallStatus.TIMEOUT, "connect", "127.0.0.1: no answer within 0.3 s")
    assert time.monotonic() - began < 1.5


def test_a_silent_first_address_leaves_time_for_the_next() -> None:
    """Of two addresses the first gets half of the time, and the second is reached."""
    began = time.monotonic()
    with (
        https_servers.deaf("127.0.0.2") as port,
        socket.create_server(("127.0.0.3", port)),
    ):
        found = dial(("127.0.0.2", "127.0.0.3"), port, timeout=1.0, source=None)
        assert not isinstance(found, Break)
        found[0].close()

    assert found[1] == "127.0.0.3"
    assert 0.4 < time.monotonic() - began < 0.9


def test_the_first_addresss_trouble_counts() -> None:
    """Where no address answers, the detail tells each one's trouble in turn."""
    with https_servers.deaf("127.0.0.2") as port:
        found = dial(("127.0.0.2", "127.0.0.3"), port, timeout=0.4, source=None)

    assert found == Break(
        CallStatus.TIMEOUT,
        "connect",
        "127.0.0.2: no answer within 0.2 s; 127.0.0.3: ECONNREFUSED: Connection refused",
    )


def test_the_source_is_the_one_asked_for() -> None:
    """A wire with a source dials from it, and only addresses of its family."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        found = dial(("::1", "127.0.0.1"), port, timeout=1.0, source="127.0.0.9")
        assert not isinstance(found, Break)
        with found[0], listener.accept()[0] as accepted:
            assert accepted.getpeername()[0] == "127.0.0.9"

    assert dial(("127.0.0.1",), port, timeout=1.0, source="::1") == Break(
        CallStatus.UNREACHABLE, "connect", "no address of the family of ::1 among 127.0.0.1"
    )
    assert dial(("127.0.0.1",), port, timeout=1.0, source="192.0.2.1") == Break(
        CallStatus.FAILED,
        "connect",
        "127.0.0.1: cannot dial from 192.0.2.1: Cannot assign requested address",
    )


def test_silence_in_the_handshake(ca_file: str) -> None:
    """A peer that accepts and says nothing times out in phase tls."""
    with tls_servers.server(tls_servers.silence) as (port, _), wired(port, ca_file, 0.3) as wire:
        found = break_of(wire)

    assert found == outcome(CallStatus.TIMEOUT, "tls", "no answer in phase tls within 0.3 s")


@pytest.mark.parametrize(
    ("treat", "status", "detail"),
    [
        (
            tls_servers.plaintext,
            CallStatus.TLS,
            "the peer does not speak TLS (wrong version number)",
        ),
        (
            tls_servers.close,
            CallStatus.TLS,
            "the peer closed the connection during the handshake",
        ),
        (tls_servers.reset, CallStatus.RESET, "ECONNRESET: Connection reset by peer"),
    ],
)
def test_a_broken_handshake(
    treat: tls_servers.Treatment, status: CallStatus, detail: str, ca_file: str
) -> None:
    """What is no TLS is told apart from a reset."""
    with tls_servers.server(treat) as (port, _), wired(port, ca_file) as wire:
        assert break_of(wire) == outcome(status, "tls", detail)

    assert wire.hops[0].address == "127.0.0.1"


def test_a_certificate_of_another_name(authority: trustme.CA, ca_file: str) -> None:
    """A certificate that does not hold is described."""
    other = authority.issue_cert("other.example")
    with (
        https_servers.serving(other, https_servers.in_turn(https_servers.answer(200))) as server,
        wired(server.port, ca_file) as wire,
    ):
        found = break_of(wire)

    assert found == outcome(
        CallStatus.TLS, "tls", "wrong name: the certificate is for other.example"
    )
    assert server.requests == []


def test_a_certificate_of_a_stranger(ca_file: str) -> None:
    """A certificate of an unknown issuer is named as likely TLS inspection."""
    stranger = trustme.CA(organization_name="Proxy CA").issue_cert("localhost")
    with (
        https_servers.serving(stranger, https_servers.in_turn(https_servers.answer(200))) as server,
        wired(server.port, ca_file) as wire,
    ):
        found = break_of(wire)

    assert (found.status, found.phase) == (CallStatus.TLS, "tls")
    assert found.detail.startswith("unknown issuer (")
    assert "O=Proxy CA), likely TLS inspection" in found.detail


def test_a_bundle_that_is_not_there(certificate: trustme.LeafCert, tmp_path: Path) -> None:
    """An unusable CA bundle is this machine's fault."""
    missing = str(tmp_path / "none.pem")
    with (
        https_servers.serving(
            certificate, https_servers.in_turn(https_servers.answer(200))
        ) as server,
        wired(server.port, missing) as wire,
    ):
        found = break_of(wire)

    assert found == outcome(
        CallStatus.FAILED,
        "tls",
        f"the CA bundle {missing} cannot be used: No such file or directory",
    )


@pytest.mark.parametrize(
    ("step", "status", "phase", "detail"),
    [
        (
            https_servers.silence,
            CallStatus.TIMEOUT,
            "request",
            "no answer in phase request within 0.4 s",
        ),
        (
            https_servers.saying(
                https_servers.answer(200, b"abc", length=9), https_servers.silence
            ),
            CallStatus.TIMEOUT,
            "body",
            "no answer in phase body within 0.4 s",
        ),
        (
            https_servers.close,
            CallStatus.RESET,
            "request",
            "the peer closed the connection without an answer",
        ),
        (
            https_servers.saying(https_servers.answer(200, b"abc", length=9)),
            CallStatus.RESET,
            "body",
            "the connection ended after 3 of 9 bytes of the body",
        ),
        (
            https_servers.saying(b"+OK POP3 here\r\n"),
            CallStatus.UNEXPECTED,
            "request",
            "what answered does not speak HTTP",
        ),
        (
            https_servers.answer(200, b"x" * 1001),
            CallStatus.UNEXPECTED,
            "body",
            "the answer is longer than 1000 bytes",
        ),
        (
            https_servers.saying(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab"),
            CallStatus.RESET,
            "body",
            "the connection ended within the body",
        ),
        (
            https_servers.saying(
                b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nbogus\r\nab"
            ),
            CallStatus.RESET,
            "body",
            "the connection ended within the body",
        ),
    ],
)
def test_an_exchange_that_breaks(
    step: https_servers.Step,
    status: CallStatus,
    phase: str,
    detail: str,
    certificate: trustme.LeafCert,
    ca_file: str,
) -> None:
    """Silence, closing, resets and other protocols are told apart, in the phase they came in."""
    respond = https_servers.in_turn(step)
    with (
        https_servers.serving(certificate, respond) as server,
        wired(server.port, ca_file, 0.4) as wire,
    ):
        found = break_of(wire)

    assert found == outcome(status, phase, detail)
    assert len(server.requests) == 1


def test_a_reset_instead_of_an_answer(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A reset is told as such, or as a hang-up where OpenSSL does not tell them apart."""
    respond = https_servers.in_turn(https_servers.reset)
    with https_servers.serving(certificate, respond) as server, wired(server.port, ca_file) as wire:
        found = break_of(wire)

    assert (found.status, found.phase) == (CallStatus.RESET, "request")
    assert found.detail in {
        "ECONNRESET: Connection reset by peer",
        "the peer closed the connection without an answer",
    }


def test_no_break_tells_what_was_sent_or_received(
    certificate: trustme.LeafCert, ca_file: str
) -> None:
    """No traceback, with the locals of all frames, holds target, headers, bodies."""
    step = https_servers.saying(https_servers.answer(200, MARK.encode(), length=99))
    steps = (https_servers.close, step, https_servers.answer(200, MARK.encode() * 99))
    respond = https_servers.in_turn(*steps)
    texts = []
    with (
        https_servers.serving(certificate, respond) as server,
        wired(server.port, ca_file) as wire,
    ):
        for _ in steps:
            try:
                wire.send(
                    Link.AUTH,
                    "localhost",
                    "POST",
                    f"/{MARK}?{MARK}",
                    {"Authorization": MARK},
                    MARK.encode(),
                ).read(100)
            except WireError as error:
                texts.append(told(error))

    assert len(texts) == 3
    assert all("send" in text or "read" in text for text in texts)
    assert not [text for text in texts if MARK in text]
    assert MARK not in repr(wire.hops)

"""Every way in which an HTTP exchange over TLS can break."""

import contextlib
import socket
import ssl
import time
from pathlib import Path

import https_servers
import pytest
import tls_servers
import trustme
from tracebacks import told
from wire_to import break_of, outcome, wired

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import CallStatus, Link

MARK = "tell-no-one-7f3a"


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


def test_nothing_is_asked_once_nobody_waits(certificate: trustme.LeafCert, ca_file: str) -> None:
    """What ends while a connection comes about sends no request over it: it might create things."""
    heard: list[bytes] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    with contextlib.ExitStack() as stack:

        def treat(connection: socket.socket) -> None:
            wire.end()
            with context.wrap_socket(connection, server_side=True) as secure:
                heard.append(secure.recv(100))

        port, _ = stack.enter_context(tls_servers.server(treat))
        wire = stack.enter_context(wired(port, ca_file))
        found = break_of(wire)

    assert found == outcome(CallStatus.FAILED, "request", "nobody waits for the answer any more")
    # The client may hang up before the server's side of the handshake is through.
    assert b"".join(heard) == b""


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

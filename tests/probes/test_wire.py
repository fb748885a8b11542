"""One HTTP exchange after another over real TLS, and which addresses they dial."""

import socket
import time

import https_servers
import pytest
import trustme
from wire_to import wired

from pytest_ecs_privatelink.probes.breaks import Break
from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop, Link
from pytest_ecs_privatelink.probes.dialling import dial


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


def test_two_answers_may_be_open_at_once(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A second request to the same host, while the first is read, gets a connection of its own."""
    respond = https_servers.in_turn(https_servers.answer(200, b"abc"))
    with https_servers.serving(certificate, respond) as server, wired(server.port, ca_file) as wire:
        first = wire.send(Link.LAYER, "localhost", "GET", "/", {})
        second = wire.send(Link.LAYER, "localhost", "GET", "/", {})
        assert (first.read(3), second.read(3)) == (b"abc", b"abc")
        first.close()
        second.close()
        wire.send(Link.LAYER, "localhost", "GET", "/", {}).close()

    assert server.connections == 2
    assert [hop.received for hop in wire.hops] == [3, 3, 3]


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

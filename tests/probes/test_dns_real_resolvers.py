"""The DNS probe against resolvers that were not written here: unbound and dnsmasq."""

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator

import pytest

from pytest_ecs_privatelink.probes.dns import resolve
from pytest_ecs_privatelink.probes.records import DnsAnswer, DnsQuestion, DnsStatus

NAME = "api.ecr.us-east-1.amazonaws.com"
MANY = tuple(f"10.0.{high}.{low}" for high in range(2) for low in range(1, 81))


def program(name: str) -> str:
    """Return the path of a server, which distributions keep off a user's PATH; else skip."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing uses, for TCP or UDP."""
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        port: int = tcp.getsockname()[1]
        return port


@contextlib.contextmanager
def running(command: list[str], port: int) -> Iterator[str]:
    """Run a resolver in the foreground; yield its address once it accepts TCP."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as child:
        try:
            until = time.monotonic() + 10
            while True:
                with contextlib.suppress(ConnectionRefusedError):
                    socket.create_connection(("127.0.0.1", port), timeout=5).close()
                    break
                assert child.poll() is None, child.communicate()[0]
                assert time.monotonic() < until, "the resolver does not listen"
                time.sleep(0.02)
            yield f"127.0.0.1:{port}"
        finally:
            child.terminate()


@pytest.fixture(scope="module")
def unbound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run unbound with local data, and for all else a dead forwarder: nothing leaves."""
    executable = program("unbound")
    folder = tmp_path_factory.mktemp("unbound")
    port, dead = free_port(), free_port()
    many = "\n".join(f'  local-data: "many.example. A {address}"' for address in MANY)
    config = folder / "unbound.conf"
    config.write_text(
        f"""server:
  interface: 127.0.0.1
  port: {port}
  do-daemonize: no
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  num-threads: 1
  module-config: "iterator"
  do-not-query-localhost: no
  outgoing-interface: 127.0.0.1
  outbound-msg-retry: 1
  local-zone: "amazonaws.com." static
  local-data: "{NAME}. A 10.0.1.5"
  local-data: "{NAME}. A 10.0.2.5"
  local-data: "{NAME}. AAAA fd00::5"
  local-data: "mail.amazonaws.com. MX 10 {NAME}."
  local-zone: "denied.example." refuse
  local-zone: "dropped.example." deny
{many}
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{dead}
remote-control:
  control-enable: no
"""
    )
    with running([executable, "-d", "-c", str(config)], port) as address:
        yield address


@pytest.fixture(scope="module")
def dnsmasq() -> Iterator[str]:
    """Run dnsmasq with one host, a chain of two aliases and no upstream."""
    executable = program("dnsmasq")
    port = free_port()
    command = [
        executable,
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--user=",
        "--pid-file=",
    ]
    command += [f"--port={port}", "--listen-address=127.0.0.1", "--bind-interfaces"]
    command += ["--no-resolv", "--no-hosts", "--log-facility=-"]
    command += ["--host-record=vpce-1.hub.example,10.9.0.4"]
    command += [f"--cname={NAME},shared.hub.example"]
    command += ["--cname=shared.hub.example,vpce-1.hub.example"]
    with running(command, port) as address:
        yield address


def ask(resolver: str, name: str, timeout: float = 5.0) -> DnsAnswer:
    """Return what the probe says of ``name``."""
    return asyncio.run(resolve(DnsQuestion(name=name, resolver=resolver, timeout=timeout)))


def test_unbound_answers_both_kinds(unbound: str) -> None:
    """Real answers of a real resolver come out complete and sorted."""
    answer = ask(unbound, NAME)

    assert answer.status is DnsStatus.ANSWERED
    assert answer.addresses == ("10.0.1.5", "10.0.2.5", "fd00::5")
    assert (answer.rcode, answer.transport, answer.detail) == ("NOERROR", "udp", "")


def test_unbound_large_answer_comes_over_tcp(unbound: str) -> None:
    """An answer beyond the EDNS payload is truncated by unbound and fetched over TCP."""
    answer = ask(unbound, "many.example")

    assert answer.transport == "tcp"
    assert answer.addresses == tuple(sorted(MANY))


@pytest.mark.parametrize(
    ("name", "status", "rcode"),
    [
        ("ssm.us-east-1.amazonaws.com", DnsStatus.NXDOMAIN, "NXDOMAIN"),
        ("mail.amazonaws.com", DnsStatus.EMPTY, "NOERROR"),
        ("api.denied.example", DnsStatus.REFUSED, "REFUSED"),
        ("api.dead.example", DnsStatus.SERVFAIL, "SERVFAIL"),
    ],
)
def test_unbound_failures_are_told_apart(
    unbound: str, name: str, status: DnsStatus, rcode: str
) -> None:
    """Each way in which unbound says no has its own status."""
    answer = ask(unbound, name)

    assert (answer.status, answer.rcode, answer.addresses) == (status, rcode, ())


def test_unbound_dropping_is_a_timeout(unbound: str) -> None:
    """A zone whose queries unbound drops costs the deadline and is a timeout."""
    answer = ask(unbound, "api.dropped.example", timeout=0.3)

    assert (answer.status, answer.rcode) == (DnsStatus.TIMEOUT, None)


def test_dnsmasq_chain_is_followed(dnsmasq: str) -> None:
    """Aliases of dnsmasq are told in order, down to the address."""
    answer = ask(dnsmasq, NAME)

    assert answer.status is DnsStatus.ANSWERED
    assert answer.addresses == ("10.9.0.4",)
    assert answer.chain == ("shared.hub.example", "vpce-1.hub.example")


def test_dnsmasq_without_upstream_refuses(dnsmasq: str) -> None:
    """What dnsmasq does not know it refuses, which is no NXDOMAIN."""
    answer = ask(dnsmasq, "ssm.us-east-1.amazonaws.com")

    assert (answer.status, answer.rcode) == (DnsStatus.REFUSED, "REFUSED")

"""What only a network of its own can show: routes that lead nowhere, and the C library's DNS."""

import time
from pathlib import Path

import namespace

CONNECT = """
import asyncio, errno, json
from pyroute2 import IPRoute
from pytest_ecs_privatelink.probes.connect import connect
from pytest_ecs_privatelink.probes.records import ConnectQuestion

with IPRoute() as routes:
    for kind, dst in (("unreachable", "10.1.0.0/16"), ("prohibit", "10.2.0.0/16"),
                      ("blackhole", "10.3.0.0/16")):
        routes.route("add", dst=dst, type=kind)
async def main():
    answers = [await connect(ConnectQuestion(address=address, timeout=2)) for address in
               ("10.0.0.1", "10.1.0.1", "10.2.0.1", "10.3.0.1", "fd00::1")]
    print(json.dumps([[answer.status, answer.phase, answer.detail] for answer in answers]))
asyncio.run(main())
"""


def test_every_dead_route_is_unreachable() -> None:
    """No route, and routes that are unreachable, prohibited or black holes, are one status."""
    answers = namespace.run(CONNECT)

    assert [answer[:2] for answer in answers] == [["unreachable", "connect"]] * 5
    assert [answer[2].partition(":")[0] for answer in answers] == [
        "ENETUNREACH",
        "EHOSTUNREACH",
        "EACCES",
        "EINVAL",
        "ENETUNREACH",
    ]


RESOLVER_WITHOUT_ROUTE = """
import asyncio, json
from pytest_ecs_privatelink.probes.dns import resolve
from pytest_ecs_privatelink.probes.records import DnsQuestion

answer = asyncio.run(resolve(DnsQuestion(name="api.example.com", resolver="10.0.0.2")))
print(json.dumps([answer.status, answer.detail]))
"""


def test_resolver_without_route_is_a_failure_at_once() -> None:
    """A resolver that no route leads to is no timeout and no refusal."""
    assert namespace.run(RESOLVER_WITHOUT_ROUTE) == [
        "failed",
        "10.0.0.2 port 53 cannot be reached over udp: Network is unreachable",
    ]


HOST = """
import asyncio, json, socket, threading, time
import dns.message, dns.rcode, dns.rrset
from pytest_ecs_privatelink.probes.dns import resolve
from pytest_ecs_privatelink.probes.records import DnsQuestion

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

def serve():
    while True:
        wire, peer = server.recvfrom(4096)
        query = dns.message.from_wire(wire)
        response = dns.message.make_response(query, recursion_available=True)
        what = query.question[0].name.to_text().partition(".")[0]
        if what == "silence":
            continue
        if what == "address":
            kind = query.question[0].rdtype
            value = "10.0.1.5" if kind == 1 else "fd00::5"
            response.answer.append(
                dns.rrset.from_text(query.question[0].name, 60, "IN", kind, value))
        else:
            response.set_rcode(dns.rcode.from_text(what.upper()))
        server.sendto(response.to_wire(), peer)

async def ask(name, timeout=3.0):
    answer = await resolve(DnsQuestion(name=name, timeout=timeout))
    return [answer.status, list(answer.addresses), answer.detail, answer.duration_ms]

async def main():
    answers = {"nobody": await ask("address.example.com")}
    server.bind(("127.0.0.1", 53))
    threading.Thread(target=serve, daemon=True).start()
    for name in ("address", "noerror", "nxdomain", "servfail", "refused"):
        answers[name] = await ask(name + ".example.com")
    answers["hosts"] = await ask("in-hosts.example.com")
    answers["silence"] = await ask("silence.example.com", timeout=0.3)
    answers["silence, patiently"] = await ask("silence.example.com", timeout=9)
    answers["too long"] = await ask("x" * 64 + ".example.com")
    return answers

print(json.dumps(asyncio.run(main())))
"""


def test_host_resolution_reads_the_c_library_right(tmp_path: Path) -> None:
    """Each answer of a resolver, of /etc/hosts and of nobody comes out of getaddrinfo as told."""
    files = {
        "/etc/resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
        "/etc/hosts": "127.0.0.1 localhost\n10.7.0.7 in-hosts.example.com\n",
        "/etc/nsswitch.conf": "hosts: files dns\n",
    }
    bound = {}
    for theirs, text in files.items():
        bound[theirs] = tmp_path / Path(theirs).name
        bound[theirs].write_text(text)

    answers = namespace.run(HOST, files=bound)

    assert {name: answer[:2] for name, answer in answers.items()} == {
        "nobody": ["servfail", []],
        "address": ["answered", ["10.0.1.5", "fd00::5"]],
        "noerror": ["empty", []],
        "nxdomain": ["nxdomain", []],
        "servfail": ["servfail", []],
        "refused": ["servfail", []],
        "hosts": ["answered", ["10.7.0.7"]],
        "silence": ["timeout", []],
        "silence, patiently": ["timeout", []],
        "too long": ["failed", []],
    }
    assert answers["silence"][2] == "the host's resolution gave no answer within 0.3 s"
    assert answers["silence"][3] < 900
    assert answers["silence, patiently"][2] == "getaddrinfo: Temporary failure in name resolution"
    assert 900 < answers["silence, patiently"][3] < 6000
    assert answers["nxdomain"][2] == "getaddrinfo: Name or service not known"
    assert answers["too long"][2].startswith("not a host name: ")


DEAD_RESOLVER = """
import asyncio, json, socket, time
from pytest_ecs_privatelink.probes.dns import resolve
from pytest_ecs_privatelink.probes.records import DnsQuestion

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 53))
answer = asyncio.run(resolve(DnsQuestion(name="api.example.com", timeout=0.2)))
print(json.dumps([answer.status, time.time()]))
"""


def test_dead_resolver_does_not_hold_the_process(tmp_path: Path) -> None:
    """The process ends right after the deadline, though the C library would wait for 10 s."""
    resolv = tmp_path / "resolv.conf"
    resolv.write_text("nameserver 127.0.0.1\n")

    status, answered = namespace.run(DEAD_RESOLVER, files={"/etc/resolv.conf": resolv})

    assert status == "timeout"
    assert time.time() - answered < 3

"""A name with several addresses, which only a network with its own hosts file can show."""

from pathlib import Path

import https_servers
import namespace

TESTS = Path(https_servers.__file__).parent

WIRE = f"""
import json, sys, tempfile
sys.path.insert(0, {str(TESTS)!r})
import https_servers, trustme
from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import Link
from pytest_ecs_privatelink.probes.wire import Wire
from pytest_ecs_privatelink.records import to_json

NAME = "logs.us-east-1.amazonaws.com"
ca = trustme.CA()
respond = https_servers.in_turn(https_servers.answer(200, b"abc"))
with (
    tempfile.NamedTemporaryFile() as bundle,
    https_servers.serving(ca.issue_cert(NAME), respond, address="127.0.0.2") as server,
    https_servers.deaf("127.0.0.1", server.port) as port,
    Wire(ca_file=bundle.name, timeout=1.0, port=port) as wire,
):
    ca.cert_pem.write_to_path(bundle.name)
    for _ in range(2):
        wire.send(Link.EVENT, NAME, "GET", "/", {{}}).close()
    try:
        wire.send(Link.EVENT, "silent.example", "GET", "/", {{}})
    except WireError as error:
        broken = to_json(error.outcome)
    print(json.dumps([to_json(wire.hops), broken, server.connections]))
"""
HOSTS = """
127.0.0.1 localhost logs.us-east-1.amazonaws.com silent.example
127.0.0.2 logs.us-east-1.amazonaws.com
127.0.0.3 silent.example
"""


def test_a_silent_first_address_is_passed_over(tmp_path: Path) -> None:
    """Of two addresses the second answers, in time, and every hop tells both and which it was."""
    hosts, order = tmp_path / "hosts", tmp_path / "nsswitch.conf"
    hosts.write_text(HOSTS)
    order.write_text("hosts: files\n")

    hops, broken, connections = namespace.run(
        WIRE, files={"/etc/hosts": hosts, "/etc/nsswitch.conf": order}
    )

    first, second, third = hops
    assert first["addresses"] == ["127.0.0.1", "127.0.0.2"]
    assert (first["address"], first["status"], first["received"]) == ("127.0.0.2", 200, 3)
    assert (second["address"], connections) == ("127.0.0.2", 1)
    assert 400 < first["ms"] < 1000
    assert second["ms"] < 400
    assert (third["address"], third["addresses"]) == (None, ["127.0.0.1", "127.0.0.3"])
    assert broken["detail"] == (
        "127.0.0.1: no answer within 0.5 s; 127.0.0.3: ECONNREFUSED: Connection refused"
    )


UNRESOLVED = """
import json, socket
from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import Link
from pytest_ecs_privatelink.probes.wire import Wire
from pytest_ecs_privatelink.records import to_json

def broken():
    with Wire(ca_file=None, timeout=0.3) as wire:
        try:
            wire.send(Link.AUTH, "api.ecr.us-east-1.amazonaws.com", "GET", "/", {})
        except WireError as error:
            return to_json(error.outcome)

nobody = broken()
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
    silent.bind(("127.0.0.1", 53))
    print(json.dumps([nobody, broken()]))
"""


def test_resolution_has_a_phase_and_a_deadline(tmp_path: Path) -> None:
    """A resolver that refuses leaves a name unresolved, a silent one is a timeout."""
    servers, order = tmp_path / "resolv.conf", tmp_path / "nsswitch.conf"
    servers.write_text("nameserver 127.0.0.1\n")
    order.write_text("hosts: dns\n")

    nobody, silent = namespace.run(
        UNRESOLVED, files={"/etc/resolv.conf": servers, "/etc/nsswitch.conf": order}
    )

    assert (nobody["status"], nobody["phase"]) == ("unresolved", "resolve")
    assert nobody["detail"] == "servfail: getaddrinfo: Temporary failure in name resolution"
    assert (silent["status"], silent["phase"]) == ("timeout", "resolve")
    assert silent["detail"] == "the host's resolution gave no answer within 0.3 s"

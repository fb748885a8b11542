"""S3 blocked for one subnet only: the pull and skopeo break at the same link, and only there."""

import re
from pathlib import Path

import namespace
import pytest
import real_registry
import trustme

REGISTRY = "111122223333.dkr.ecr.us-east-1.amazonaws.com"
STORE = "s3.us-east-1.amazonaws.com"

# A router with the servers behind it, and two subnets, each a namespace with one link to it.
SCRIPT = """
import json, subprocess, sys
from pathlib import Path
from pyroute2 import IPRoute

sys.path.insert(0, {here!r})
import real_registry
from made_images import Images, noise
from real_registry import At

folder, names = Path({folder!r}), ({registry!r}, {store!r})
places = [At(name=name, address=f"10.99.0.{{n}}") for n, name in enumerate(names, 1)]
subnets = []
with IPRoute() as routes:
    [loopback] = routes.link_lookup(ifname="lo")
    for place in places:
        routes.addr("add", index=loopback, address=place.address, prefixlen=32)
    for n in (1, 2):
        child = subprocess.Popen(
            ["unshare", "--net", sys.executable, "-c", {child!r}, str(n), *names, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert child.stdout.readline() == "ready\\n"
        peer = {{"ifname": "eth0", "net_ns_fd": f"/proc/{{child.pid}}/ns/net"}}
        routes.link("add", ifname=f"subnet{{n}}", kind="veth", peer=peer)
        [link] = routes.link_lookup(ifname=f"subnet{{n}}")
        routes.addr("add", index=link, address=f"10.0.{{n}}.1", prefixlen=24)
        routes.link("set", index=link, state="up")
        subnets.append(child)
    # What S3 answers to the second subnet is dropped in silence, as without a route back.
    routes.rule("add", src=places[1].address, src_len=32, dst="10.0.2.0", dst_len=24,
                action="FR_ACT_BLACKHOLE", priority=1)

images = Images()
images.save(folder / "oci", app=images.image([noise(200_000, 1), noise(10, 2)]))
with real_registry.running(folder, *places) as peers:
    peers.push(folder / "oci", "app")
    for child in subnets:
        child.stdin.close()
    print(json.dumps([json.loads(child.stdout.read()) for child in subnets]))
for child in subnets:
    child.wait()
"""

CHILD = """
import json, sys
from pathlib import Path
from pyroute2 import IPRoute

print("ready", flush=True)
sys.stdin.read()
n, registry, store, folder = sys.argv[1:]
with IPRoute() as routes:
    [link] = routes.link_lookup(ifname="eth0")
    routes.addr("add", index=link, address=f"10.0.{n}.10", prefixlen=24)
    routes.link("set", index=link, state="up")
    routes.route("add", dst="default", gateway=f"10.0.{n}.1")

sys.path.insert(0, HERE)
from real_registry import At, Peers
from pytest_ecs_privatelink.probes.call_records import PullQuestion
from pytest_ecs_privatelink.probes.ecr import pull
from pytest_ecs_privatelink.probes.wire import Wire

peers = Peers(registry=At(name=registry), store=At(name=store), folder=Path(folder))
image, ca_file = peers.image("app"), folder + "/ca.pem"
question = PullQuestion(image=image, api=None, region="us-east-1", ca_file=ca_file, timeout=1.5)
with Wire(ca_file=ca_file, timeout=question.timeout) as wire:
    answer = pull(question, wire, lambda *_: {})
copied = peers.skopeo("copy", f"docker://{image}", f"dir:{folder}/{n}", seconds=3)
outcome = answer.outcome
print(json.dumps({
    "ended": [outcome.link, outcome.status, outcome.phase, outcome.detail],
    "hops": [[hop.link, hop.host, hop.address, hop.status] for hop in answer.hops],
    "skopeo": copied.stderr, "code": copied.returncode}))
"""


def test_both_break_at_the_layer_of_the_blocked_subnet(tmp_path: Path) -> None:
    """The other subnet, with the same registry and the same S3, pulls to the last byte."""
    if lacking := real_registry.lacking():
        pytest.skip(f"{' and '.join(lacking)} not installed")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate = authority.issue_cert(REGISTRY, STORE).private_key_and_cert_chain_pem
    certificate.write_to_path(str(tmp_path / "cert.pem"))
    hosts = tmp_path / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n10.99.0.1 {REGISTRY}\n10.99.0.2 {STORE}\n")
    here = str(Path(__file__).parent)
    child = CHILD.replace("HERE", repr(here))
    names = {"registry": REGISTRY, "store": STORE}

    script = SCRIPT.format(here=here, folder=str(tmp_path), child=child, **names)
    free, blocked = namespace.run(script, files={"/etc/hosts": hosts}, seconds=60)

    asked = ["manifest", REGISTRY, "10.99.0.1"]
    assert free["hops"] == [[*asked, 200], *[[*asked, 307], ["layer", STORE, "10.99.0.2", 200]] * 3]
    assert free["ended"] == ["layer", "ok", "request", ""]
    assert free["code"] == 0, free["skopeo"]
    assert blocked["hops"] == [[*asked, 200], [*asked, 307], ["layer", STORE, None, None]]
    words = "10.99.0.2: no answer within 1.5 s"
    assert blocked["ended"] == ["layer", "timeout", "connect", words]
    assert blocked["code"] != 0
    # Which of its two clocks strikes first, skopeo does not promise; both strike at a layer.
    dialling = r"reading blob sha256:.* dial tcp 10\.99\.0\.2:443: i/o timeout"
    waiting = r"copying layer: context deadline exceeded"
    assert re.search(f"{dialling}|{waiting}", blocked["skopeo"]), blocked["skopeo"]

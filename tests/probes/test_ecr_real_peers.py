"""The pull against software that was not written here: docker-registry, an S3, and skopeo."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import real_registry
import trustme
from made_images import Images, noise
from real_registry import At, Peers

from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Credentials,
    Link,
    PullAnswer,
    PullQuestion,
)
from pytest_ecs_privatelink.probes.ecr import pull
from pytest_ecs_privatelink.probes.signing import signer
from pytest_ecs_privatelink.probes.wire import Wire

SIGN = signer(Credentials(access_key="AKIA", secret_key="none"), "us-east-1")


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peers]:
    """Run registry and S3 on loopback, with images that skopeo pushed, in both formats."""
    if lacking := real_registry.lacking():
        pytest.skip(f"{' and '.join(lacking)} not installed")
    folder = tmp_path_factory.mktemp("peers")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate = authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem
    certificate.write_to_path(str(folder / "cert.pem"))
    images = Images()
    single = images.image([noise(3_000_000, 1), noise(10, 2), noise(5000, 3)])
    both = [images.image([noise(70_000, n), noise(9, n + 2)], name)
            for n, name in enumerate(("amd64", "arm64"))]  # fmt: skip
    images.save(folder / "oci", single=single, multi=images.index(*both))
    images.save(folder / "docker", single2=single, multi2=images.index(*both))
    places = [At(name="127.0.0.1", port=real_registry.free_port()) for _ in range(2)]
    with real_registry.running(folder, *places) as peers:
        for name in ("single", "multi"):
            peers.push(folder / "oci", name)
            peers.push(folder / "docker", f"{name}2", "--format=v2s2")
        yield peers


def ask(peers: Peers, image: str, platform: str = "linux/amd64") -> PullAnswer:
    """Pull from the real registry."""
    question = PullQuestion(
        image=image,
        api=None,
        region="us-east-1",
        platform=platform,
        ca_file=str(peers.folder / "ca.pem"),
    )
    with Wire(ca_file=question.ca_file, timeout=question.timeout) as wire:
        return pull(question, wire, SIGN)


@pytest.mark.parametrize("version", ["single", "single2", "multi", "multi2"])
def test_digests_and_layers_are_skopeos(peers: Peers, version: str) -> None:
    """OCI's and Docker's formats, one platform or several: skopeo names the same digest."""
    image = peers.image(version)
    answered = ask(peers, image)

    told = peers.inspect(image)
    assert answered.outcome.status is CallStatus.OK, answered.outcome
    assert answered.digest == told["Digest"]
    assert answered.layers == len(told["Layers"])
    raw = peers.skopeo("inspect", "--raw", f"docker://{image}").stdout
    assert answered.digest == f"sha256:{hashlib.sha256(raw.encode()).hexdigest()}"
    assert ("manifests" in json.loads(raw)) is version.startswith("multi")
    by_digest = ask(peers, f"{peers.image(version).rpartition(':')[0]}@{told['Digest']}")
    assert (by_digest.outcome.status, by_digest.digest) == (CallStatus.OK, answered.digest)


@pytest.mark.parametrize(
    ("version", "architecture"),
    [("single", "amd64"), ("single2", "amd64"), ("multi", "amd64"), ("multi2", "arm64")],
)
def test_the_bytes_are_those_that_skopeo_copies(
    peers: Peers, tmp_path: Path, version: str, architecture: str
) -> None:
    """Each blob comes from S3, as long as skopeo's copy of it, and for the platform asked for."""
    image = peers.image(version)
    answered = ask(peers, image, f"linux/{architecture}")

    copied = peers.skopeo(
        f"--override-arch={architecture}", "copy", f"docker://{image}", f"dir:{tmp_path}"
    )
    assert copied.returncode == 0, copied.stderr
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    blobs = [each["digest"].removeprefix("sha256:")
             for each in (manifest["config"], *manifest["layers"])]  # fmt: skip
    from_store = [hop for hop in answered.hops if hop.link is Link.LAYER]
    assert {hop.host for hop in from_store} == {peers.store.authority}
    assert [hop.received for hop in from_store] == [(tmp_path / name).stat().st_size
                                                     for name in blobs]  # fmt: skip


def test_both_miss_a_tag(peers: Peers) -> None:
    """What is not there is missing, in the registry's own word."""
    image = peers.image("nowhere")

    outcome = ask(peers, image).outcome

    assert (outcome.link, outcome.status) == (Link.MANIFEST, CallStatus.MISSING)
    assert outcome.error == "MANIFEST_UNKNOWN"
    assert outcome.detail == f"{peers.registry.authority} answered HTTP 404: manifest unknown"
    assert "manifest unknown" in peers.skopeo("inspect", f"docker://{image}").stderr


def test_both_refuse_a_damaged_layer(peers: Peers, tmp_path: Path) -> None:
    """One bit of a layer flips in S3: neither takes it for the layer."""
    images = Images()
    image = images.image([noise(50_000, 9)])
    layer = json.loads(images.blobs[image["digest"]])["layers"][0]["digest"]
    images.save(tmp_path / "oci", damaged=image)
    peers.push(tmp_path / "oci", "damaged")
    digest = layer.removeprefix("sha256:")
    [stored] = [each for each in peers.blobs().objects.all() if f"/{digest}/data" in each.key]
    body = bytearray(images.blobs[layer])
    body[-1] ^= 1
    peers.blobs().put_object(Key=stored.key, Body=bytes(body))

    outcome = ask(peers, peers.image("damaged")).outcome

    assert (outcome.link, outcome.status, outcome.phase) == (Link.LAYER, CallStatus.DIGEST, "body")
    copied = peers.skopeo("copy", f"docker://{peers.image('damaged')}", f"dir:{tmp_path / 'x'}")
    assert "Digest did not match" in copied.stderr

"""A pull whose answers come, but are not what was asked for, or not whole."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from https_servers import Treatment, answer, close, saying, silence
from made_images import OCI_KINDS, Images, digest_of
from scripted_registry import QUERY, REGISTRY, STORE
from staged_pull import REPOSITORY, TAGGED, Stage, staged

from pytest_ecs_privatelink.probes.call_records import CallStatus, Link

HTML = answer(200, b"<html>Welcome!</html>", {"Content-Type": "text/html; charset=utf-8"})
OTHER = b"another layer"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Serve an image of three layers."""
    with staged(tmp_path) as stage:
        yield stage


def of(stage: Stage, **more: object) -> Stage:
    """Return the stage with another question."""
    return replace(stage, question=replace(stage.question, **more))  # type: ignore[arg-type]


def test_a_layer_of_another_digest(stage: Stage) -> None:
    """One bit is enough, at the very end."""
    whole = bytearray(stage.images.blobs[stage.layers[0]])
    whole[-1] ^= 1
    stage.say_of_layer(answer(200, bytes(whole)))

    stage.breaks(
        Link.LAYER,
        CallStatus.DIGEST,
        f"what {STORE} gave for {stage.layers[0]} has the digest {digest_of(bytes(whole))}",
        phase="body",
    )


@pytest.mark.parametrize(("change", "words"), [(-1, "{less} bytes in place of"), (1, "more than")])
def test_a_layer_of_another_size(stage: Stage, change: int, words: str) -> None:
    """A layer that is whole by HTTP's count, but not by the manifest's."""
    body = stage.images.blobs[stage.layers[0]]
    stage.say_of_layer(answer(200, body[:-1] if change < 0 else body + b"x"))

    said = words.format(less=len(body) - 1)
    stage.breaks(
        Link.LAYER,
        CallStatus.DIGEST,
        f"{STORE} gave {said} the {len(body)} bytes of {stage.layers[0]}",
    )


def test_an_endless_layer_is_left_alone(stage: Stage) -> None:
    """Nothing is read far beyond the size that the manifest tells."""
    body = stage.images.blobs[stage.layers[0]]
    stage.say_of_layer(answer(200, body + bytes(30 << 20)))

    size = len(body)
    stage.breaks(
        Link.LAYER,
        CallStatus.DIGEST,
        f"{STORE} gave more than the {size} bytes of {stage.layers[0]}",
    )


@pytest.mark.parametrize(
    ("then", "status", "words"),
    [
        (close, CallStatus.RESET, "the connection ended after 5 of 9 bytes of the body"),
        (silence, CallStatus.TIMEOUT, "no answer in phase body within 0.5 s"),
    ],
)
def test_a_layer_that_breaks_off(
    stage: Stage, then: Treatment, status: CallStatus, words: str
) -> None:
    """Half a layer is a broken way, and no wrong digest."""
    stage.say_of_layer(saying(answer(200, b"12345", length=9), then))

    of(stage, timeout=0.5).breaks(Link.LAYER, status, words, phase="body")


def test_a_store_that_never_answers(stage: Stage) -> None:
    """The registry was fine: the layer's way is the broken one."""
    stage.say_of_layer(silence)

    words = "no answer in phase request within 0.5 s"
    of(stage, timeout=0.5).breaks(Link.LAYER, CallStatus.TIMEOUT, words)


def test_a_store_where_nobody_listens(stage: Stage) -> None:
    """The redirect leads to a closed port."""
    there = answer(307, headers={"Location": f"https://{STORE}:1/layer?{QUERY}"})
    stage.script.say(REGISTRY, f"{REPOSITORY}/blobs/{stage.layers[0]}", there)

    stage.breaks(
        Link.LAYER,
        CallStatus.REFUSED,
        "127.0.0.1: ECONNREFUSED: Connection refused",
        phase="connect",
    )


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("", "answered HTTP 307 without a place to go to"),
        ("https://host:port/x", "answered HTTP 307 without a place to go to"),
        ("https://[::1/x", "answered HTTP 307 without a place to go to"),
        ("https://host/a b", "answered HTTP 307 without a place to go to"),
        ("http://mirror.example/x?X-Amz-Signature=1", "redirects to mirror.example without TLS"),
        ("file:///etc/passwd", "answered HTTP 307 without a place to go to"),
    ],
)
def test_a_redirect_to_no_place(stage: Stage, location: str, words: str) -> None:
    """Only HTTPS is followed, and no query is told."""
    path = f"{REPOSITORY}/blobs/{stage.layers[0]}"
    stage.script.say(REGISTRY, path, answer(307, headers={"Location": location}))

    stage.breaks(Link.MANIFEST, CallStatus.UNEXPECTED, f"{REGISTRY} {words}")


def test_redirects_that_lead_nowhere_end(stage: Stage) -> None:
    """The fourth redirect is one too many."""
    path = f"/layers/{stage.layers[0]}"
    stage.say_of_layer(answer(307, headers={"Location": path}))

    stage.breaks(Link.LAYER, CallStatus.UNEXPECTED, "redirected more than 3 times")
    assert stage.script.asked(STORE).count(path) == 3


@pytest.mark.parametrize(
    ("served", "words"),
    [
        (HTML, "text/html in place of a manifest"),
        (answer(200, b"[]", {"Content-Type": "text/plain"}), "no manifest of schema version 2"),
        (answer(200, b"?", {"Content-Type": "text/plain"}), "no JSON, but text/plain"),
    ],
)
def test_a_manifest_that_is_none(stage: Stage, served: bytes, words: str) -> None:
    """A portal's page is told from a broken image."""
    stage.script.say(REGISTRY, TAGGED, served)

    stage.breaks(Link.MANIFEST, CallStatus.UNEXPECTED, f"{REGISTRY} served {words}")


def test_a_manifest_without_end(stage: Stage) -> None:
    """Manifests have at most 4 MiB, and no more is kept."""
    stage.script.say(REGISTRY, TAGGED, answer(200, bytes(5 << 20)))

    words = "the answer is longer than 4194304 bytes"
    stage.breaks(Link.MANIFEST, CallStatus.UNEXPECTED, words)


@pytest.mark.parametrize("way", ["reference", "header", "index"])
def test_a_manifest_of_another_digest(stage: Stage, way: str) -> None:
    """Whoever told a digest, the reference, the registry or the index: it must be this one."""
    images = Images()
    wanted = images.manifest([])
    index = images.index(wanted)["digest"]
    stage.script.hold(images, {"2": index})
    body = OTHER if way == "header" else stage.images.blobs[stage.digest]
    told = {"Docker-Content-Digest": wanted["digest"]} if way == "header" else {}
    for name in (wanted["digest"], "3"):
        stage.script.say(REGISTRY, f"{REPOSITORY}/manifests/{name}", answer(200, body, told))
    version = {"reference": f"@{wanted['digest']}", "header": ":3", "index": ":2"}[way]

    of(stage, image=f"{REGISTRY}/team/app{version}").breaks(
        Link.MANIFEST,
        CallStatus.DIGEST,
        f"what {REGISTRY} gave for {wanted['digest']} has the digest {digest_of(body)}",
    )


def test_an_image_for_other_platforms(stage: Stage) -> None:
    """What it is made for instead is told."""
    images = Images()
    index = images.index(images.manifest([], "arm64"), images.manifest([], "riscv64"))
    stage.script.hold(images, {"2": index["digest"]})

    of(stage, image=f"{REGISTRY}/team/app:2").breaks(
        Link.MANIFEST,
        CallStatus.MISSING,
        "the image is not made for linux/amd64: it has linux/arm64, linux/riscv64",
    )


def test_indexes_all_the_way_down(stage: Stage) -> None:
    """Three indexes are read, and then no more."""
    body = json.dumps({
        "schemaVersion": 2,
        "manifests": [{"digest": stage.digest, "size": 1}],
    }).encode()  # fmt: skip
    images = Images()
    inner = images.put(body, OCI_KINDS[1])
    for _ in range(2):
        inner = images.index(inner)
    stage.script.hold(images, {"2": inner["digest"]})

    of(stage, image=f"{REGISTRY}/team/app:2").breaks(
        Link.MANIFEST, CallStatus.UNEXPECTED, "an index within an index, 3 deep"
    )


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ("", "'' is no image reference"),
        ("host/Team/app", "'host/Team/app' is no image reference"),
        ("host.example/x@md5:" + "0" * 32, f"md5:{'0' * 32} is no digest of SHA-256 or SHA-512"),
    ],
)
def test_a_question_that_is_none(stage: Stage, image: str, words: str) -> None:
    """What cannot be pulled or verified anywhere is a fault of the question; nothing is asked."""
    of(stage, image=image).breaks(Link.MANIFEST, CallStatus.FAILED, words)
    assert stage.script.server.requests == []

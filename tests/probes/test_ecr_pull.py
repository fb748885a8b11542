"""The pull of an image from a scripted registry: what is asked of whom, and what is verified."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from https_servers import answer
from made_images import DOCKER_KINDS, OCI_KINDS, Images, noise
from scripted_registry import QUERY, REGISTRY, STORE
from staged_pull import REPOSITORY, TAGGED, TOKEN, Stage, ask, staged

from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.manifests import ACCEPT

OK = Outcome(status=CallStatus.OK, link=Link.LAYER)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Serve an image of three layers."""
    with staged(tmp_path) as stage:
        yield stage


def test_an_image_is_pulled_to_its_last_byte(stage: Stage) -> None:
    """Token, manifest, config and all layers come, and each exchange is a hop of its link."""
    answered = ask(stage.question)

    sizes = {digest: len(body) for digest, body in stage.images.blobs.items()}
    assert (answered.outcome, answered.digest, answered.layers) == (OK, stage.digest, 3)
    assert answered.received == sum(hop.received for hop in answered.hops) > sum(sizes.values())
    assert [(hop.link, hop.host, hop.status) for hop in answered.hops] == [
        (Link.AUTH, REGISTRY, 200),
        (Link.MANIFEST, REGISTRY, 200),
        *[(Link.MANIFEST, REGISTRY, 307), (Link.LAYER, STORE, 200)] * 4,
    ]
    assert [hop.received for hop in answered.hops if hop.link is Link.LAYER][1:] == [
        sizes[layer] for layer in stage.layers
    ]
    assert {hop.address for hop in answered.hops} == {"127.0.0.1"}
    assert stage.script.server.connections == 2


def test_each_is_told_what_it_needs_and_no_more(stage: Stage) -> None:
    """The registry gets the token and all four media types; the store the presigned query only."""
    ask(stage.question)

    script = stage.script
    action = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken"
    assert script.headers(REGISTRY, "x-amz-target") == {action, None}
    signed, *said = [each.headers["authorization"] for each in script.server.requests
                     if "authorization" in each.headers]  # fmt: skip
    assert "/us-east-1/ecr/aws4_request" in signed
    assert set(said) == {f"Basic {TOKEN}"}
    assert script.headers(STORE, "authorization") == {None}
    assert script.headers(STORE, "accept-encoding") == {"identity"}
    manifest = next(each for each in script.server.requests if each.target == TAGGED)
    assert manifest.headers["accept"] == ACCEPT
    assert all(
        each.target.endswith(f"?{QUERY}") == each.target.startswith("/layers/")
        for each in script.server.requests
    )


def test_nothing_secret_is_in_the_answer(stage: Stage) -> None:
    """Neither token nor presigned query nor any path is in what crosses to the broker."""
    told = repr(ask(stage.question))

    plain = base64.b64decode(TOKEN).decode()
    assert not [each for each in (TOKEN, plain, "X-Amz", "0badcafe", "/v2/") if each in told]


def test_a_registry_without_token_serves_layers_itself(stage: Stage) -> None:
    """Without an API nothing is asked of it, and a registry that does not redirect will do."""
    for digest in stage.layers:
        path = f"{REPOSITORY}/blobs/{digest}"
        stage.script.steps[f"{REGISTRY} {path}"] = stage.script.steps[f"{STORE} /layers/{digest}"]

    answered = ask(replace(stage.question, api=None))

    assert (answered.outcome, answered.layers) == (OK, 3)
    assert stage.script.headers(REGISTRY, "authorization") == {None}
    assert [hop.link for hop in answered.hops] == [
        *(Link.MANIFEST, Link.MANIFEST, Link.LAYER),
        *[Link.MANIFEST] * 3,
    ]


@pytest.mark.parametrize("kinds", [OCI_KINDS, DOCKER_KINDS], ids=["oci", "docker"])
@pytest.mark.parametrize(("platform", "at"), [("linux/amd64", 0), ("linux/arm64", 1)])
def test_an_index_leads_to_the_platform(
    stage: Stage, kinds: tuple[str, str], platform: str, at: int
) -> None:
    """Only the platform's own image is pulled; the digest is that of the index."""
    images = Images(kinds=kinds)
    both = [images.image([noise(1000, 7 + n)], name) for n, name in enumerate(("amd64", "arm64"))]
    index = images.index(*both)
    stage.script.hold(images, {"multi": index["digest"]})
    image = f"{REGISTRY}/team/app:multi"

    answered = ask(replace(stage.question, image=image, platform=platform))

    assert (answered.outcome, answered.digest, answered.layers) == (OK, index["digest"], 1)
    manifest = json.loads(images.blobs[both[at]["digest"]])
    wanted = [manifest["config"], *manifest["layers"]]
    assert stage.script.asked(STORE) == [f"/layers/{each['digest']}" for each in wanted]


@pytest.mark.parametrize(
    ("made_for", "at"),
    [(("arm64", "amd64"), 1), (("arm64",), 0), (("unknown", "riscv64"), 1)],
)
def test_where_nobody_says_the_platform_any_will_do(
    stage: Stage, made_for: tuple[str, ...], at: int
) -> None:
    """The usual one is preferred; that it is not there says nothing of tasks."""
    images = Images()
    made = [images.image([noise(1000, 7 + n)], name) for n, name in enumerate(made_for)]
    stage.script.hold(images, {"multi": images.index(*made)["digest"]})

    answered = ask(replace(stage.question, image=f"{REGISTRY}/team/app:multi", platform=None))

    assert (answered.outcome, answered.layers) == (OK, 1)
    manifest = json.loads(images.blobs[made[at]["digest"]])
    assert f"/layers/{manifest['config']['digest']}" in stage.script.asked(STORE)


def test_a_reference_by_digest_is_asked_for_by_it(stage: Stage) -> None:
    """Beside a digest the tag does not count."""
    image = f"{REGISTRY}/team/app:nowhere@{stage.digest}"

    answered = ask(replace(stage.question, image=image))

    assert (answered.outcome, answered.digest) == (OK, stage.digest)
    assert f"{REPOSITORY}/manifests/{stage.digest}" in stage.script.asked(REGISTRY)


def test_digests_of_sha512_are_verified_too(stage: Stage) -> None:
    """An image whose manifest and layer are named by SHA-512."""
    images = Images()
    body = b"layer"
    named = f"sha512:{hashlib.sha512(body).hexdigest()}"
    layer = {"digest": named, "size": len(body)}
    images.blobs[named], images.types[named] = body, "layer"
    manifest = images.blobs[images.manifest([layer])["digest"]]
    digest = f"sha512:{hashlib.sha512(manifest).hexdigest()}"
    images.blobs[digest], images.types[digest] = manifest, OCI_KINDS[0]
    stage.script.hold(images, {})

    answered = ask(replace(stage.question, image=f"{REGISTRY}/team/app@{digest}"))

    assert (answered.outcome, answered.digest, answered.layers) == (OK, digest, 1)


def test_equal_layers_are_fetched_once_and_foreign_ones_never(stage: Stage) -> None:
    """A layer that is there twice counts twice; a foreign one is told of."""
    images = Images()
    once = images.put(b"layer", "layer")
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    foreign = {"digest": f"sha256:{'f' * 64}", "size": 9, "mediaType": kind, "urls": ["https://a"]}
    image = images.manifest([foreign, once, once])
    stage.script.hold(images, {"windows": image["digest"]})

    answered = ask(replace(stage.question, image=f"{REGISTRY}/team/app:windows"))

    words = "left out 1 foreign layer, which the registry does not hold"
    assert answered.outcome == replace(OK, detail=words)
    assert answered.layers == 2
    assert len(stage.script.asked(STORE)) == 2


def test_a_redirect_may_be_relative_and_redirect_again(stage: Stage) -> None:
    """Three redirects are followed; within the registry the token goes along."""
    digest, port = stage.layers[1], stage.question.port
    here = f"{REPOSITORY}/blobs/{digest}"
    for place, path, location in (
        (REGISTRY, here, "/second"),
        (REGISTRY, "/second", f"//{STORE}:{port}/third"),
        (STORE, "/third", f"../layers/{digest}?{QUERY}"),
    ):
        stage.script.say(place, path, answer(302, headers={"Location": location}))

    assert ask(stage.question).outcome == OK
    assert stage.script.headers(STORE, "authorization") == {None}
    assert [each.headers["authorization"] for each in stage.script.server.requests
            if each.target == "/second"] == [f"Basic {TOKEN}"]  # fmt: skip


def test_the_bound_is_judged_before_any_layer(stage: Stage) -> None:
    """An image of just the bound is pulled, one byte less lets nothing be fetched."""
    manifest = json.loads(stage.images.blobs[stage.digest])
    size = sum(each["size"] for each in (manifest["config"], *manifest["layers"]))

    assert ask(replace(stage.question, limit=size)).outcome == OK
    assert ask(replace(stage.question, limit=size - 1)).outcome.status is CallStatus.TOO_LARGE


@pytest.mark.parametrize(
    ("limit", "bound"), [(2 << 20, "2.0 MiB"), (1536, "1.5 KiB"), (1023, "1023 bytes")]
)
def test_an_image_that_is_too_large_is_told_by_size(stage: Stage, limit: int, bound: str) -> None:
    """The message says how large, what the bound is, and which option helps."""
    answered = ask(replace(stage.question, limit=limit))

    assert (answered.outcome.link, answered.outcome.detail) == (
        Link.LAYER,
        f"image is 3.0 MiB, above the bound of {bound}: name a smaller one with --ecs-image",
    )
    assert (answered.digest, answered.layers) == (stage.digest, 0)
    assert stage.script.asked(STORE) == []

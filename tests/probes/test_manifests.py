"""Manifests of images: what is read from them, and what is no manifest."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.probes import manifests
from pytest_ecs_privatelink.probes.manifests import Descriptor, Index, Manifest

OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"
MANIFESTS = (f"{OCI}.manifest.v1+json", f"{DOCKER}.distribution.manifest.v2+json")
INDEXES = (f"{OCI}.index.v1+json", f"{DOCKER}.distribution.manifest.list.v2+json")
ONE, TWO, THREE = (f"sha256:{digit * 64}" for digit in "123")


def descriptor(digest: str, size: int = 10, **more: object) -> dict[str, object]:
    """Return a descriptor as it stands in a manifest."""
    return {"digest": digest, "size": size, **more}


def on(platform: str, digest: str, variant: str | None = None) -> dict[str, object]:
    """Return an index's entry for a platform."""
    system, _, architecture = platform.partition("/")
    of = {"os": system, "architecture": architecture}
    return descriptor(digest, platform=of if variant is None else {**of, "variant": variant})


def read(document: object, media_type: str = "") -> Index | Manifest:
    """Return what a JSON document is parsed to."""
    return manifests.parse(json.dumps(document).encode(), media_type)


def index(*entries: dict[str, object]) -> Index:
    """Return an index over ``entries``."""
    parsed = read({"schemaVersion": 2, "manifests": entries})
    assert isinstance(parsed, Index)
    return parsed


IMAGE = {"schemaVersion": 2, "config": descriptor(ONE), "layers": [descriptor(TWO, 20)]}
LIST = {"schemaVersion": 2, "manifests": [on("linux/amd64", ONE)]}


@pytest.mark.parametrize("media_type", [*MANIFESTS, "application/json", ""])
@pytest.mark.parametrize("inside", [*MANIFESTS, None])
def test_an_image_is_read_however_it_is_served(media_type: str, inside: str | None) -> None:
    """OCI's and Docker's manifests mean the same; OCI's need not name their own type."""
    document = IMAGE if inside is None else {**IMAGE, "mediaType": inside}

    assert read(document, f"{media_type}; charset=utf-8") == Manifest(
        Descriptor(digest=ONE, size=10), (Descriptor(digest=TWO, size=20),)
    )


@pytest.mark.parametrize("media_type", [*INDEXES, "application/json", ""])
def test_an_index_is_read_however_it_is_served(media_type: str) -> None:
    """OCI's index and Docker's list mean the same."""
    assert read(LIST, media_type) == Index(
        (Descriptor(digest=ONE, size=10, platform="linux/amd64"),)
    )


@pytest.mark.parametrize(
    ("body", "media_type", "message"),
    [
        (b"<html>", "text/html; charset=utf-8", "no JSON, but text/html"),
        (b"", "", "no JSON, but something untyped"),
        (b"[" * 100_000, "application/json", "no JSON, but application/json"),
        (b"[]", "", "no manifest of schema version 2"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "", "no manifest of schema version 2"),
        (b'{"schemaVersion": 2}', "", "neither an image's manifest nor an index"),
        (
            json.dumps({**IMAGE, **LIST}).encode(),
            MANIFESTS[0],
            "neither an image's manifest nor an index",
        ),
        (
            json.dumps(IMAGE).encode(),
            INDEXES[0],
            f"no {INDEXES[0]}, though it is said to be one",
        ),
        (
            json.dumps({**LIST, "mediaType": MANIFESTS[1]}).encode(),
            INDEXES[0],
            f"no {MANIFESTS[1]}, though it is said to be one",
        ),
        (b'{"schemaVersion": 2, "manifests": {}}', "", "a manifest without its list"),
        (
            json.dumps({"schemaVersion": 2, "config": descriptor(ONE)}).encode(),
            "",
            "a manifest without its list",
        ),
    ],
)
def test_what_is_no_manifest_is_told(body: bytes, media_type: str, message: str) -> None:
    """Pages of proxies, old schemas and documents of two meanings are refused with a word."""
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the message is compared in whole
        manifests.parse(body, media_type)

    assert str(refused.value) == message


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        descriptor("sha256:short"),
        descriptor(f"md5:{'1' * 32}"),
        descriptor(f"sha256:{'../' * 21}1"),
        descriptor(f"{ONE}\n"),
    ],
)
def test_an_entry_needs_a_digest_that_can_be_verified(entry: object) -> None:
    """An entry is asked for by its digest, so nothing but a digest may stand there."""
    with pytest.raises(ValueError, match=r"^a manifest with an entry that has no digest of SHA-"):
        read({**IMAGE, "layers": [entry]})


@pytest.mark.parametrize("size", [-1, True, "10", 1.5, None])
def test_an_entry_needs_a_size(size: object) -> None:
    """The bound on an image's bytes is judged by sizes, so none may be missing or negative."""
    with pytest.raises(ValueError, match=r"^a manifest with an entry that has no size$"):
        read({**IMAGE, "layers": [{**descriptor(ONE), "size": size}]})


@given(st.binary(max_size=200) | st.text(max_size=99).map(str.encode))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    """Whatever was served is a manifest, or is refused as none."""
    try:
        parsed = manifests.parse(body, "")
    except ValueError:
        return
    assert isinstance(parsed, Index | Manifest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from((ONE, *MANIFESTS, "linux")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ("manifests", "layers", "config", "mediaType", "digest", "size", "platform", "os")
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(("manifests", "layers", "config", "mediaType")), JSON))
def test_no_document_breaks_the_reading(document: dict[str, object]) -> None:
    """Values of any kind in any place are read, or refused as no manifest."""
    try:
        parsed = read({**document, "schemaVersion": 2})
    except ValueError:
        return
    assert isinstance(parsed, Index | Manifest)


@pytest.mark.parametrize(
    ("platform", "digest"),
    [("linux/amd64", ONE), ("linux/arm64", TWO), ("windows/amd64", THREE)],
)
def test_each_platform_has_its_manifest(platform: str, digest: str) -> None:
    """System and architecture both count."""
    listed = index(on("linux/amd64", ONE), on("linux/arm64", TWO), on("windows/amd64", THREE))

    chosen = manifests.choose(listed, platform)

    assert chosen is not None
    assert chosen.digest == digest


def test_a_missing_platform_has_no_manifest() -> None:
    """What the index has instead is listed, attestations left out."""
    listed = index(on("unknown/unknown", ONE), on("linux/arm64", TWO), on("linux/arm", THREE))

    assert manifests.choose(listed, "linux/amd64") is None
    assert manifests.platforms(listed) == ("linux/arm", "linux/arm64")


@pytest.mark.parametrize(
    ("platform", "variants", "chosen"),
    [
        ("linux/arm64", ("v9", "v8"), "v8"),
        ("linux/arm64", ("v9", "v8", ""), ""),
        ("linux/arm64", ("v9",), "v9"),
        ("linux/arm", ("v6", "v7"), "v7"),
        ("linux/amd64", ("v3", "v2", ""), ""),
        ("linux/amd64", ("v3", "v2"), "v3"),
    ],
)
def test_the_usual_variant_is_preferred(
    platform: str, variants: tuple[str, ...], chosen: str
) -> None:
    """An image for newer processors alone is taken only where there is no other."""
    listed = index(*(on(platform, f"sha256:{at:064}", each) for at, each in enumerate(variants)))

    found = manifests.choose(listed, platform)

    assert found is not None
    assert found.variant == chosen


def test_an_entry_without_platform_is_the_last_resort() -> None:
    """It may be for any platform, so one that says which goes before."""
    unsaid, said = descriptor(ONE), on("linux/amd64", TWO)

    assert manifests.choose(index(unsaid, said), "linux/amd64") == index(said).manifests[0]
    assert manifests.choose(index(unsaid, said), "linux/arm64") == index(unsaid).manifests[0]


def test_each_blob_is_wanted_once_and_nothing_foreign() -> None:
    """Config first, layers in order, equal digests once, Windows's base layers not at all."""
    layers = [descriptor(TWO, 5), descriptor(THREE, 7, urls=["https://example.com/x"])]

    image = read({**IMAGE, "layers": [*layers, descriptor(TWO, 5), descriptor(ONE)]})

    assert isinstance(image, Manifest)
    assert [blob.digest for blob in image.blobs()] == [ONE, TWO]
    assert manifests.total(image.blobs()) == 15
    assert [layer.foreign for layer in image.layers] == [False, True, False, False]


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_digests_are_of_the_algorithm_they_name(algorithm: str) -> None:
    """A body's digest is compared like with like."""
    told = f"{algorithm}:{hashlib.new(algorithm, b'body').hexdigest()}"

    assert manifests.is_digest(told)
    assert manifests.digest_of(b"body", told) == told
    assert not manifests.is_digest(told[:-1])

"""Manifests of container images: OCI's and Docker's, of one platform or an index over several.

Pure: bytes in, records out. [OCI image specification 1.1; Docker "Image Manifest V 2, Schema 2"]
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

ACCEPT = ", ".join((_OCI_INDEX, _OCI_MANIFEST, _DOCKER_LIST, _DOCKER_MANIFEST))
"""What a registry is told to be welcome, as the value of ``Accept``."""

LONGEST = 4 << 20
"""Bytes that a manifest may have: what registries take, too [OCI distribution specification]."""

_IS_INDEX = {_OCI_INDEX: True, _DOCKER_LIST: True, _OCI_MANIFEST: False, _DOCKER_MANIFEST: False}
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})")
# The variants that an architecture without one means [containerd, "platforms", normalize].
_USUAL_PLATFORM = "linux/amd64"
_USUAL_VARIANTS = {"arm64": ("", "v8"), "arm": ("v7", ""), "amd64": ("", "v1")}


class Hash(Protocol):
    """What is used of hashlib's objects."""

    def update(self, data: bytes, /) -> None: ...  # noqa: D102
    def hexdigest(self) -> str: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A reference to content: its digest (``sha256:..``), size in bytes, and media type.

    ``platform`` is ``os/architecture`` (None: unsaid) with ``variant`` apart; ``foreign`` content
    lies elsewhere, at URLs of its own, as the base layers of Windows do.
    """

    digest: str
    size: int
    media_type: str = ""
    platform: str | None = None
    variant: str = ""
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """The manifests that stand behind one name, in the index's order."""

    manifests: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """An image of one platform."""

    config: Descriptor
    layers: tuple[Descriptor, ...]

    def blobs(self) -> tuple[Descriptor, ...]:
        """Return what is to be fetched, each digest once: config, then layers; nothing foreign."""
        once: dict[str, Descriptor] = {}
        for blob in (self.config, *(layer for layer in self.layers if not layer.foreign)):
            once.setdefault(blob.digest, blob)
        return tuple(once.values())


def parse(body: bytes, media_type: str) -> Index | Manifest:
    """Return what ``body``, served as ``media_type``, describes.

    The shape decides, since a ``Content-Type`` may be anything on the way; one of the four media
    types, there or in the document, must not contradict it. Raises ValueError that says what the
    body is instead.
    """
    served = media_type.partition(";")[0].strip().lower()
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError(f"no JSON, but {served or 'something untyped'}") from None
    if not isinstance(document, dict) or document.get("schemaVersion") != 2:
        raise ValueError("no manifest of schema version 2")
    is_index, is_image = "manifests" in document, "layers" in document or "config" in document
    if is_index is is_image:  # both: a document that two readers may read differently
        raise ValueError("neither an image's manifest nor an index")
    for said in (served, document.get("mediaType", "")):
        if _IS_INDEX.get(said if isinstance(said, str) else "", is_index) is not is_index:
            raise ValueError(f"no {said}, though it is said to be one")
    if is_index:
        return Index(_descriptors(document["manifests"]))
    config, layers = document.get("config"), document.get("layers")
    return Manifest(_descriptor(config), _descriptors(layers))


def _descriptors(listed: object) -> tuple[Descriptor, ...]:
    if not isinstance(listed, list):
        raise ValueError("a manifest without its list")  # noqa: TRY004 - callers see one kind
    return tuple(_descriptor(each) for each in listed)


def _descriptor(entry: Any) -> Descriptor:  # noqa: ANN401 - JSON values have no narrower type
    digest, size = (entry.get(key) if isinstance(entry, dict) else None for key in _NEEDED)
    if not isinstance(digest, str) or _DIGEST.fullmatch(digest) is None:
        raise ValueError("a manifest with an entry that has no digest of SHA-256 or SHA-512")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("a manifest with an entry that has no size")
    platform, media_type = entry.get("platform"), entry.get("mediaType")
    of = platform if isinstance(platform, dict) else {}
    return Descriptor(
        digest=digest,
        size=size,
        media_type=media_type if isinstance(media_type, str) else "",
        platform=f"{of.get('os', '')}/{of.get('architecture', '')}" if of else None,
        variant=str(of.get("variant", "")),
        foreign=bool(entry.get("urls")),
    )


_NEEDED = ("digest", "size")


def choose(index: Index, platform: str | None) -> Descriptor | None:
    """Return the manifest for ``platform`` (``os/architecture``), as containerd would choose.

    That is, the platform's usual variant, else any of it, else an entry that names no platform.
    Of None it is that for the usual platform, else for the first that the index has.
    """
    if platform is not None:
        return _choose(index, platform)
    found = (_choose(index, each) for each in (_USUAL_PLATFORM, *platforms(index)))
    return next(filter(None, found), None)


def _choose(index: Index, platform: str) -> Descriptor | None:
    usual = _USUAL_VARIANTS.get(platform.partition("/")[2], ("",))
    fitting = [each for each in index.manifests if each.platform in (platform, None)]

    def rank(each: Descriptor) -> tuple[bool, int]:
        known = usual.index(each.variant) if each.variant in usual else len(usual)
        return each.platform is None, known

    return min(fitting, key=rank, default=None)


def platforms(index: Index) -> tuple[str, ...]:
    """Return what the index has images for, sorted; attestations (``unknown``) are no images."""
    named = {each.platform for each in index.manifests if each.platform}
    return tuple(sorted(named - {"unknown/unknown"}))


def total(blobs: Iterable[Descriptor]) -> int:
    """Return the bytes of ``blobs`` together."""
    return sum(blob.size for blob in blobs)


def is_digest(text: str) -> bool:
    """Tell whether ``text`` is a digest that can be verified here."""
    return _DIGEST.fullmatch(text) is not None


def hasher(digest: str) -> Hash:
    """Return the hash that ``digest``, a valid one, is made with."""
    return hashlib.sha512() if digest.startswith("sha512:") else hashlib.sha256()


def digest_of(body: bytes, like: str = "sha256:") -> str:
    """Return the digest of ``body`` by the algorithm that ``like`` names."""
    used = hasher(like)
    used.update(body)
    return f"{like.partition(':')[0]}:{used.hexdigest()}"

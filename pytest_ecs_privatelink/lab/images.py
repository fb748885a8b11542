"""The image that the lab's registry serves: as real as a pull can tell, and the same every time.

An OCI index of two platforms with Docker manifests (schema 2), each with a config and five layers:
gzipped tar archives of one file each, whose content comes from a seed. Nothing here depends on the
version of a compression library: the gzip streams are of stored blocks (RFC 1951, 3.2.4).
"""

import functools
import hashlib
import io
import json
import struct
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG = "application/vnd.docker.container.image.v1+json"
_LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ARCHITECTURES = ("amd64", "arm64")
LAYER_KIB = (1024, 512, 256, 128, 64)
"""Sizes of the layers' files, from the lowest layer up; only the uppermost differs by platform."""
_GZIP_HEAD = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
_LONGEST_BLOCK = 0xFFFF
_CREATED = "2026-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or an index: its media type, its bytes, and their digest."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """``sha256:`` and the hash of the bytes."""
        return digest_of(self.content)


@dataclass(frozen=True, slots=True)
class Image:
    """The index, and by digest the manifests that it names and the blobs that these name."""

    index: Manifest
    manifests: Mapping[str, Manifest]
    blobs: Mapping[str, bytes]


def digest_of(content: bytes) -> str:
    """Return the digest that names ``content``."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


@functools.cache
def lab_image() -> Image:
    """Return the lab's image; it takes some 30 ms to make, once for each process."""
    blobs: dict[str, bytes] = {}
    manifests: dict[str, Manifest] = {}
    listed = []
    for architecture in ARCHITECTURES:
        manifest = _manifest(architecture, blobs)
        manifests[manifest.digest] = manifest
        platform = {"os": "linux", "architecture": architecture}
        listed.append({**_described(MANIFEST, manifest.content), "platform": platform})
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": listed}
    return Image(Manifest(INDEX, _json(index)), manifests, blobs)


def _manifest(architecture: str, blobs: dict[str, bytes]) -> Manifest:
    """Return a platform's manifest; put what it names into ``blobs``."""
    archives = [_archive(*each) for each in _files(architecture)]
    layers = [_gzipped(archive) for archive in archives]
    config = _json(
        {
            "architecture": architecture,
            "os": "linux",
            "created": _CREATED,
            "config": {"Cmd": ["/bin/app"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(each) for each in archives]},
        }
    )
    blobs.update({digest_of(content): content for content in (config, *layers)})
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": _described(_CONFIG, config),
        "layers": [_described(_LAYER, layer) for layer in layers],
    }
    return Manifest(MANIFEST, _json(manifest))


def _files(architecture: str) -> Iterator[tuple[str, int]]:
    *shared, own = LAYER_KIB
    yield from ((f"usr/lib/base-{number}", size) for number, size in enumerate(shared))
    yield f"bin/app-{architecture}", own


@functools.cache
def _archive(name: str, kib: int) -> bytes:
    """Return a tar archive of one file, whose content follows from its name."""
    content = hashlib.shake_128(name.encode()).digest(kib << 10)
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o755
    with io.BytesIO() as written:
        with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            archive.addfile(member, io.BytesIO(content))
        return written.getvalue()


@functools.cache
def _gzipped(content: bytes) -> bytes:
    """Return ``content`` as a gzip stream (RFC 1952) without any compression."""
    starts = range(0, len(content), _LONGEST_BLOCK)
    blocks = []
    for at in starts:
        block = content[at : at + _LONGEST_BLOCK]
        last = at == starts[-1]
        blocks.append(struct.pack("<?HH", last, len(block), len(block) ^ 0xFFFF) + block)
    tail = struct.pack("<II", zlib.crc32(content), len(content))
    return b"".join((_GZIP_HEAD, *blocks, tail))


def _described(media_type: str, content: bytes) -> dict[str, str | int]:
    return {"mediaType": media_type, "size": len(content), "digest": digest_of(content)}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()

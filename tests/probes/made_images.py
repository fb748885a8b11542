"""Images made in tests: their blobs by digest, served by a script or saved as an OCI layout."""

import gzip
import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OCI = "application/vnd.oci.image"
DOCKER = "application/vnd.docker"
OCI_KINDS = (f"{OCI}.manifest.v1+json", f"{OCI}.index.v1+json")
DOCKER_KINDS = (
    f"{DOCKER}.distribution.manifest.v2+json",
    f"{DOCKER}.distribution.manifest.list.v2+json",
)

Entry = dict[str, Any]
"""A descriptor as it stands in a manifest."""


def noise(size: int, seed: int) -> bytes:
    """Return ``size`` bytes that no compression shortens, the same for the same seed."""
    return random.Random(seed).randbytes(size)


def digest_of(body: bytes) -> str:
    """Return the SHA-256 digest of ``body``."""
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


@dataclass(slots=True)
class Images:
    """A store of blobs and manifests; ``kinds`` are the media types of manifest and index."""

    kinds: tuple[str, str] = OCI_KINDS
    blobs: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def put(self, body: bytes, media_type: str, **more: object) -> Entry:
        """Store ``body`` and return its descriptor."""
        digest = digest_of(body)
        self.blobs[digest], self.types[digest] = body, media_type
        return {"mediaType": media_type, "digest": digest, "size": len(body), **more}

    def image(self, layers: Sequence[bytes], architecture: str = "amd64") -> Entry:
        """Store an image of ``layers``, which are compressed here; return its descriptor."""
        entries = [
            self.put(gzip.compress(each, 1, mtime=0), f"{OCI}.layer.v1.tar+gzip") for each in layers
        ]
        return self.manifest(entries, architecture, [digest_of(each) for each in layers])

    def manifest(
        self, layers: Sequence[Entry], architecture: str = "amd64", diffs: Sequence[str] = ()
    ) -> Entry:
        """Store config and manifest over ``layers``, which are stored or are said to be."""
        platform = {"os": "linux", "architecture": architecture}
        config = {**platform, "rootfs": {"type": "layers", "diff_ids": list(diffs)}}
        manifest = {
            "schemaVersion": 2,
            "mediaType": self.kinds[0],
            "config": self.put(json.dumps(config).encode(), f"{OCI}.config.v1+json"),
            "layers": list(layers),
        }
        return self.put(json.dumps(manifest).encode(), self.kinds[0], platform=platform)

    def index(self, *images: Entry) -> Entry:
        """Store an index over ``images``; return its descriptor."""
        index = {"schemaVersion": 2, "mediaType": self.kinds[1], "manifests": images}
        return self.put(json.dumps(index).encode(), self.kinds[1])

    def save(self, folder: Path, **named: Entry) -> None:
        """Write an OCI layout that holds everything, with a name for each of ``named``."""
        blobs = folder / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for digest, body in self.blobs.items():
            (blobs / digest.removeprefix("sha256:")).write_bytes(body)
        manifests = [
            {**entry, "annotations": {"org.opencontainers.image.ref.name": name}}
            for name, entry in named.items()
        ]
        index = {"schemaVersion": 2, "manifests": manifests}
        (folder / "index.json").write_text(json.dumps(index))
        (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')

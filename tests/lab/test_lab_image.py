"""The lab's image is what its digests say, and is a real one."""

import gzip
import hashlib
import io
import json
import subprocess
import sys
import tarfile

import pytest

from pytest_ecs_privatelink.lab.images import ARCHITECTURES, INDEX, LAYER_KIB, lab_image

DIGEST = "sha256:c22765c81eeddbc2c1adf86fc8505ede84d5261f47c0648990b71f792e2e2afd"


def hashed(content: bytes) -> str:
    """Return the digest of ``content``, computed here."""
    return "sha256:" + hashlib.sha256(content).hexdigest()


def test_the_image_is_the_same_everywhere() -> None:
    """Its digest is known beforehand: no compression library, clock or hash seed has a say."""
    assert (lab_image().index.media_type, lab_image().index.digest) == (INDEX, DIGEST)
    script = (
        "from pytest_ecs_privatelink.lab.images import lab_image; print(lab_image().index.digest)"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert told.stdout.strip() == DIGEST


def test_every_descriptor_tells_digest_and_size() -> None:
    """Index and manifests name what is there, by its hash and to the byte."""
    image = lab_image()
    named = json.loads(image.index.content)["manifests"]

    assert [each["digest"] for each in named] == list(image.manifests)
    for each in named:
        content = image.manifests[each["digest"]].content
        assert (hashed(content), len(content)) == (each["digest"], each["size"])
        manifest = json.loads(content)
        for blob in (manifest["config"], *manifest["layers"]):
            found = image.blobs[blob["digest"]]
            assert (hashed(found), len(found)) == (blob["digest"], blob["size"])


@pytest.mark.parametrize("platform", range(len(ARCHITECTURES)), ids=ARCHITECTURES)
def test_layers_unpack_to_what_the_config_says(platform: int) -> None:
    """Each layer is a gzipped tar archive whose own hash is the config's diff id."""
    image = lab_image()
    manifest = json.loads(list(image.manifests.values())[platform].content)
    config = json.loads(image.blobs[manifest["config"]["digest"]])
    archives = [gzip.decompress(image.blobs[each["digest"]]) for each in manifest["layers"]]

    assert config["architecture"] == ARCHITECTURES[platform]
    assert config["rootfs"]["diff_ids"] == [hashed(each) for each in archives]
    sizes = []
    for archive in archives:
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            (member,) = opened.getmembers()
            sizes.append(member.size >> 10)
    assert tuple(sizes) == LAYER_KIB

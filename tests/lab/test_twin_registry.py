"""The twin's registry and layer bucket, asked by a plain HTTPS client on a host of the twin."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from inside_host import run
from twin_rehearsal import Rehearsal, rehearse
from twin_snapshots import (
    S3_GATEWAY,
    healthy,
    second_subnet_behind_nat,
    with_endpoint_policy,
)

from pytest_ecs_privatelink.lab.images import lab_image

BASE = "https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2"
BLOB = json.loads(next(iter(lab_image().manifests.values())).content)["layers"][-1]
TURNED_AWAY = {"errors": [{"code": "DENIED", "message": "Your Authorization Token is invalid."}]}


@pytest.fixture(scope="module")
def lab() -> Iterator[Rehearsal]:
    """Build a healthy twin without a cloud."""
    with rehearse(healthy()) as rehearsal:
        yield rehearsal


def test_an_image_arrives_whole(lab: Rehearsal) -> None:
    """Token, index, manifest, config and layers: each blob is S3's, and what its digest says."""
    told = run(
        lab.twin,
        f"""
import hashlib
mine, base = {{"authorization": token()}}, "{BASE}/team/app"
_, head, index = fetch(base + "/manifests/latest", mine)
entry = json.loads(index)["manifests"][1]
_, _, manifest = fetch(base + "/manifests/" + entry["digest"], mine)
blobs = []
for each in [json.loads(manifest)["config"], *json.loads(manifest)["layers"]]:
    status, redirect, _ = fetch(base + "/blobs/" + each["digest"], mine)
    _, _, content = fetch(redirect["location"])
    found = "sha256:" + hashlib.sha256(content).hexdigest()
    blobs.append([status, urlsplit(redirect["location"]).netloc, found == each["digest"]])
print(json.dumps([head["docker-content-digest"], head["content-type"], entry["platform"], blobs]))
""",
    )
    host = "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com"
    assert told == [
        lab_image().index.digest,
        "application/vnd.oci.image.index.v1+json",
        {"os": "linux", "architecture": "arm64"},
        [[307, host, True]] * 6,
    ]


def test_without_a_token_the_registry_asks_for_one(lab: Rehearsal) -> None:
    """401, with the challenge that makes clients log in."""
    told = run(
        lab.twin,
        f"""
status, head, body = fetch("{BASE}/")
print(json.dumps([status, head["www-authenticate"], body.decode()]))
""",
    )
    challenge = (
        'Basic realm="https://123456789012.dkr.ecr.us-east-1.amazonaws.com/",'
        'service="ecr.amazonaws.com"'
    )
    assert told == [401, challenge, "Not Authorized\n"]


def test_a_foreign_token_is_refused(lab: Rehearsal) -> None:
    """A token of another twin, or of nobody, opens nothing; the twin's own does."""
    with rehearse(healthy()) as other:
        foreign = run(other.twin, "print(json.dumps(token()))")
    told = run(
        lab.twin,
        f"""
words = base64.b64encode(b"AWS:4102444800.00").decode()
shown = [{foreign!r}, "Basic " + words, "Basic !!!", token()]
answers = [fetch("{BASE}/", {{"authorization": each}}) for each in shown]
print(json.dumps([[status, body.decode()] for status, _, body in answers]))
""",
    )
    assert [status for status, _ in told] == [403, 403, 403, 200]
    assert [json.loads(body) for _, body in told[:3]] == [TURNED_AWAY] * 3


def test_what_is_not_there_is_not_found(lab: Rehearsal) -> None:
    """Unknown digests are told apart by kind, in the registry's codes."""
    told = run(
        lab.twin,
        f"""
mine, none = {{"authorization": token()}}, "sha256:" + "0" * 64
answers = [fetch("{BASE}/app/" + kind + "/" + none, mine) for kind in ("manifests", "blobs")]
print(json.dumps([[status, json.loads(body)["errors"][0]] for status, _, body in answers]))
""",
    )
    none = "sha256:" + "0" * 64
    assert told == [
        [404, {"code": "MANIFEST_UNKNOWN", "message": f"Requested image not found: {none}"}],
        [404, {"code": "BLOB_UNKNOWN", "message": f"Requested blob {none} not found"}],
    ]


def test_layers_are_for_those_who_were_sent(lab: Rehearsal) -> None:
    """A URL with another path, or none of its query, gets S3's 403; a range of a good one 206."""
    told = run(
        lab.twin,
        f"""
_, head, _ = fetch("{BASE}/app/blobs/{BLOB["digest"]}", {{"authorization": token()}})
url = head["location"]
asked = [
    (url.replace("/123456789012/", "/210987654321/"), {{}}),
    (url.partition("?")[0], {{}}),
    (url, {{"range": "bytes=10-19"}}),
]
answers = [fetch(*each) for each in asked]
print(json.dumps([[status, len(body), body.decode("latin-1")] for status, _, body in answers]))
""",
    )
    assert [status for status, _, _ in told] == [403, 403, 206]
    assert "<Code>SignatureDoesNotMatch</Code>" in told[0][2]
    assert "<Code>AccessDenied</Code><Message>Access Denied</Message>" in told[1][2]
    assert told[2][2].encode("latin-1") == lab_image().blobs[BLOB["digest"]][10:20]


OWN_BUCKET = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": "arn:aws:s3:::mine/*",
}
"""Lets through to a bucket of one's own only."""


def layer_status(lab: Rehearsal, host: int) -> Any:  # noqa: ANN401 - JSON values have no narrower type
    """Return status and body of the download of a layer, from a host."""
    return run(
        lab.twin,
        f"""
_, head, _ = fetch("{BASE}/app/blobs/{BLOB["digest"]}", {{"authorization": token()}})
status, _, body = fetch(head["location"])
print(json.dumps([status, len(body)]))
""",
        host,
    )


def test_the_gateway_s_policy_counts_where_the_gateway_is_the_way() -> None:
    """The same layer is refused through the gateway, and not to a subnet that leaves by NAT."""
    snapshot = with_endpoint_policy(healthy(subnets=3), S3_GATEWAY, OWN_BUCKET)
    with rehearse(second_subnet_behind_nat(snapshot)) as lab:
        through_gateway, through_nat = layer_status(lab, 0), layer_status(lab, 1)

    assert through_gateway[0] == 403
    assert through_nat == [200, BLOB["size"]]

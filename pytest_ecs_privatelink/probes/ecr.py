"""Pull an image as ECS does: token, manifest, config and every layer, verified to the last byte."""

import re
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from pytest_ecs_privatelink.catalogue.images import image_version, parse_image
from pytest_ecs_privatelink.probes import manifests
from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Link,
    Outcome,
    PullAnswer,
    PullQuestion,
)
from pytest_ecs_privatelink.probes.manifests import Descriptor, Index, Manifest
from pytest_ecs_privatelink.probes.registry import Registry, unexpected
from pytest_ecs_privatelink.probes.signed_calls import call
from pytest_ecs_privatelink.probes.signing import Sign
from pytest_ecs_privatelink.probes.wire import Wire

_CHUNK = 1 << 20
_DEEPEST = 3  # an index may list an index
_TOKEN_ACTION = "ecr:GetAuthorizationToken"  # noqa: S105 - an action's name
_MANIFEST_ACTION, _BLOB_ACTION = "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"
_TOKEN = re.compile(r"[A-Za-z0-9+/=_-]+")


@dataclass(slots=True)
class _Pull:
    """How far a pull has come."""

    question: PullQuestion
    wire: Wire
    path: str = ""
    digest: str | None = None
    layers: int = 0


def pull(question: PullQuestion, wire: Wire, sign: Sign) -> PullAnswer:
    """Pull ``question.image`` over ``wire`` and keep nothing of it; ``sign`` signs AWS's calls.

    Memory stays constant, whatever the size. Content of one digest is fetched once; foreign layers,
    which no registry holds, are left out and counted in ``detail``. `Link.LAYER` is where the
    registry redirected to; one that serves layers itself has none. Never raises: the outcome tells.
    """
    began = time.perf_counter()
    pulled = _Pull(question, wire)
    try:
        outcome = _chain(pulled, sign)
    except WireError as broken:
        outcome = broken.outcome
    return PullAnswer(
        image=question.image,
        outcome=outcome,
        hops=tuple(wire.hops),
        digest=pulled.digest,
        layers=pulled.layers,
        received=sum(hop.received for hop in wire.hops),
        duration_ms=(time.perf_counter() - began) * 1000,
    )


def _chain(pulled: _Pull, sign: Sign) -> Outcome:
    question = pulled.question
    image, version = parse_image(question.image), image_version(question.image)
    if image is None:
        return _failed(f"{question.image!r} is no image reference")
    if ":" in version and not manifests.is_digest(version):
        return _failed(f"{version} is no digest of SHA-256 or SHA-512")
    registry = Registry(pulled.wire, image.host, _authorization(pulled, sign))
    pulled.path = f"/v2/{image.repository}"
    manifest = _manifest(pulled, registry, version)
    size = manifests.total(manifest.blobs())
    if size > question.limit:
        return Outcome(
            status=CallStatus.TOO_LARGE,
            link=Link.LAYER,
            detail=f"image is {_size(size)}, above the bound of {_size(question.limit)}:"
            " name a smaller one with --ecs-image",
        )
    layers = Counter(layer.digest for layer in manifest.layers)
    for blob in manifest.blobs():
        _fetch(registry, pulled.path, blob)
        pulled.layers += layers[blob.digest]
    return Outcome(status=CallStatus.OK, link=Link.LAYER, detail=_left_out(manifest))


def _authorization(pulled: _Pull, sign: Sign) -> str | None:
    host = pulled.question.api
    if host is None:
        return None
    token = _token(call(pulled.wire, sign, Link.AUTH, host, _TOKEN_ACTION, {}))
    if token is None:
        raise unexpected(Link.AUTH, f"{host} gave no authorization token")
    return f"Basic {token}"


# Apart from what raises: its frame knows tokens.
def _token(answer: dict[str, Any]) -> str | None:
    try:
        token = answer["authorizationData"][0]["authorizationToken"]
    except (LookupError, TypeError):
        return None
    return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None


def _manifest(pulled: _Pull, registry: Registry, version: str) -> Manifest:
    """Return the manifest for the question's platform, through as many indexes as there are."""
    platform, wanted = pulled.question.platform, version
    for _ in range(_DEEPEST):
        found = _read(pulled, registry, wanted)
        if isinstance(found, Manifest):
            return found
        chosen = manifests.choose(found, platform)
        if chosen is None:
            others = ", ".join(manifests.platforms(found)) or "nothing"
            raise WireError(
                Outcome(
                    status=CallStatus.MISSING,
                    link=Link.MANIFEST,
                    detail=f"the image is not made for {platform or 'any platform'}:"
                    f" it has {others}",
                )
            )
        wanted = chosen.digest
    raise unexpected(Link.MANIFEST, f"an index within an index, {_DEEPEST} deep")


def _read(pulled: _Pull, registry: Registry, version: str) -> Index | Manifest:
    """Return what ``version``, a tag or digest, names; every digest told of it is verified."""
    with registry.get(
        f"{pulled.path}/manifests/{version}", _MANIFEST_ACTION, manifests.ACCEPT
    ) as reply:
        body = reply.read(manifests.LONGEST)
    served = reply.headers.get_content_type()
    if served == "text/html":  # somebody's page: a digest of it would say nothing
        raise unexpected(Link.MANIFEST, f"{registry.host} served {served} in place of a manifest")
    for told in (version, reply.headers.get("Docker-Content-Digest", "")):
        if manifests.is_digest(told):
            _compare(told, manifests.digest_of(body, told), Link.MANIFEST, registry.host)
    if pulled.digest is None:
        like = version if manifests.is_digest(version) else "sha256:"
        pulled.digest = manifests.digest_of(body, like)
    try:
        return manifests.parse(body, served)
    except ValueError as error:
        raise unexpected(Link.MANIFEST, f"{registry.host} served {error}") from None


def _fetch(registry: Registry, path: str, blob: Descriptor) -> None:
    """Read ``blob`` to its last byte, and keep none; raise `WireError` where it is another."""
    made, received = manifests.hasher(blob.digest), 0
    with registry.get(f"{path}/blobs/{blob.digest}", _BLOB_ACTION) as reply:
        for piece in reply.chunks(_CHUNK):
            made.update(piece)
            received += len(piece)
            if received > blob.size:
                break
    hop = registry.wire.hops[-1]
    if received != blob.size:
        more = "more than " if received > blob.size else f"{received} bytes in place of "
        raise _differs(hop.link, f"{hop.host} gave {more}the {blob.size} bytes of {blob.digest}")
    algorithm = blob.digest.partition(":")[0]
    _compare(blob.digest, f"{algorithm}:{made.hexdigest()}", hop.link, hop.host)


def _compare(wanted: str, made: str, link: Link, host: str) -> None:
    if made != wanted:
        raise _differs(link, f"what {host} gave for {wanted} has the digest {made}")


def _differs(link: Link, detail: str) -> WireError:
    return WireError(Outcome(status=CallStatus.DIGEST, link=link, phase="body", detail=detail))


def _failed(detail: str) -> Outcome:
    return Outcome(status=CallStatus.FAILED, link=Link.MANIFEST, detail=detail)


def _left_out(manifest: Manifest) -> str:
    foreign = sum(layer.foreign for layer in manifest.layers)
    if not foreign:
        return ""
    return (
        f"left out {foreign} foreign layer{'s' * (foreign > 1)}, which the registry does not hold"
    )


def _size(count: int) -> str:
    for unit, one in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if count >= one:
            return f"{count / one:.1f} {unit}"
    return f"{count} bytes"

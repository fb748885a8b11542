"""A pull, as containerd and dockerd do it: token, manifest of the platform, every layer."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pytest_ecs_privatelink.lab.platform.calls import RefusedError, call
from pytest_ecs_privatelink.lab.platform.dialling import Reply, Wire, WireError
from pytest_ecs_privatelink.lab.platform.orders import Image
from pytest_ecs_privatelink.lab.platform.words import Words

_ACCEPTED = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)
_OK, _REDIRECT = 200, 307


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image that is there: its digest, and the command that it has of its own."""

    digest: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Puller:
    """Pulls images for one task; every failure is a `StepError`."""

    wire: Wire
    words: Words
    architecture: str

    def token(self, image: Image) -> str | None:
        """Return what opens the image's registry; None where it is not ECR's."""
        if image.region is None:
            return None
        try:
            said = call(
                self.wire,
                "ecr",
                image.region,
                "GetAuthorizationToken",
                registryIds=[image.account],
            )
        except (WireError, RefusedError) as error:
            raise self.words.auth(image, error) from error
        return str(said["authorizationData"][0]["authorizationToken"])

    def pull(self, image: Image, token: str | None) -> Pulled:
        """Fetch the whole image."""
        answer = self._manifest(image, image.reference, token)
        digest = answer.headers.get("docker-content-digest", "")
        manifest = json.loads(answer.body)
        if "manifests" in manifest:
            own = _own(manifest, self.architecture)
            manifest = json.loads(self._manifest(image, own, token).body)
        config = json.loads(self._blob(image, manifest["config"]["digest"], token))
        for layer in manifest["layers"]:
            self._blob(image, layer["digest"], token)
        told = config.get("config") or {}
        return Pulled(digest, (*(told.get("Entrypoint") or ()), *(told.get("Cmd") or ())))

    def _manifest(self, image: Image, reference: str, token: str | None) -> Reply:
        path = f"https://{image.host}/v2/{image.repository}/manifests/{reference}"
        try:
            answer = self.wire.ask(path, headers=_shown(token))
        except WireError as error:
            raise self.words.manifest(image, error) from error
        if answer.status != _OK:
            raise self.words.no_manifest(image, answer.status, _message(answer.body))
        return answer

    def _blob(self, image: Image, digest: str, token: str | None) -> bytes:
        where = f"https://{image.host}/v2/{image.repository}/blobs/{digest}"
        try:
            answer = self.wire.ask(where, headers=_shown(token))
            if answer.status == _REDIRECT:
                where = answer.headers["location"]
                answer = self.wire.ask(where)
        except WireError as error:
            raise self.words.layer(image, where, error) from error
        if answer.status != _OK:
            raise self.words.layer_refused(image, answer.status, answer.body.decode())
        found = f"sha256:{hashlib.sha256(answer.body).hexdigest()}"
        if found != digest:
            raise self.words.digest(found, digest)
        return answer.body


def _shown(token: str | None) -> Mapping[str, str]:
    shown = {} if token is None else {"authorization": f"Basic {token}"}
    return {"accept": _ACCEPTED, **shown}


def _own(index: Mapping[str, Any], architecture: str) -> str:
    """Return the digest of the manifest for a platform; the first where none is for it."""
    listed = index["manifests"]
    fitting = [each for each in listed if each["platform"]["architecture"] == architecture]
    return str((fitting or listed)[0]["digest"])


def _message(body: bytes) -> str:
    try:
        return str(json.loads(body)["errors"][0]["message"])
    except (ValueError, LookupError, TypeError):
        return body.decode(errors="replace").strip()

"""The twin's container registry, which answers as ECR's does (ecr.dkr).

Basic auth with a token of ecr.api's; manifests are told here, blobs by a redirect to a presigned
URL of the Region's layer bucket. Which repositories and tags there are, the cloud behind the twin
says, of its own account alone; without one, every name is the lab's image.
"""

import json
import re
from collections.abc import Mapping

from pytest_ecs_privatelink.catalogue.services import layer_bucket_host
from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.cloud_line import CloudLine
from pytest_ecs_privatelink.lab.gate import Gate, not_authorized
from pytest_ecs_privatelink.lab.images import Manifest, lab_image
from pytest_ecs_privatelink.lab.presigned import SigningKey, presign
from pytest_ecs_privatelink.lab.tokens import Clock, Standing, Tokens, clock
from pytest_ecs_privatelink.lab.twin_faults import layer_host_elsewhere
from pytest_ecs_privatelink.lab.twin_plan import TwinPlan
from pytest_ecs_privatelink.lab.web import Call, Reply
from pytest_ecs_privatelink.verdict import Code

SECONDS_TO_DOWNLOAD = 3600
_VERSION = {"docker-distribution-api-version": "registry/2.0"}
_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>manifests|blobs)/(?P<reference>[^/]+)")
_ECR_TARGET = "AmazonEC2ContainerRegistry_V20150921"
_OK = 200


class Registry:
    """Answers for the registries of ``plan``'s Region; with a cloud, others' are not shared."""

    def __init__(
        self,
        plan: TwinPlan,
        gate: Gate,
        tokens: Tokens,
        key: SigningKey,
        line: CloudLine,
        clock: Clock = clock,
    ) -> None:
        self._premises = plan.premises
        self._troubles = {server.address: server.troubles for server in plan.servers}
        self._gate = gate
        self._tokens = tokens
        self._key = key
        self._line = line
        self._clock = clock

    async def answer(self, call: Call) -> Reply | None:
        """Return what the registry says."""
        standing = self._tokens.standing(call.headers.get("authorization"), self._clock())
        if standing is not Standing.GOOD:
            return _turned_away(call, standing)
        if call.path in ("/v2", "/v2/"):
            return Reply(status=_OK, headers=_VERSION)
        asked = _PATH.fullmatch(call.path)
        if asked is None or call.method not in ("GET", "HEAD"):
            return _error(404, "NOT_FOUND", "no such path")
        if asked["kind"] == "blobs":
            return self._blob(call, asked["name"], asked["reference"])
        return await self._manifest(call, asked["name"], asked["reference"])

    async def _manifest(self, call: Call, name: str, reference: str) -> Reply:
        stopped = self._gate.refusal(call.caller, "ecr:BatchGetImage", (self._arn(call, name),))
        if stopped is not None:
            return _error(403, "DENIED", stopped)
        if self._line.there and _account(call) != self._premises.account:
            return _error(403, "DENIED", self._not_shared(call, name))
        if Code.ECR_MANIFEST in self._troubles.get(call.caller.server, ()):
            return _unknown(reference)
        try:
            found = await self._find(call, name, reference)
        except LabError as error:
            return _error(503, "UNAVAILABLE", str(error))
        if isinstance(found, Reply):
            return found
        headers = {
            **_VERSION,
            "content-type": found.media_type,
            "docker-content-digest": found.digest,
        }
        return Reply(status=_OK, headers=headers, body=found.content)

    async def _find(self, call: Call, name: str, reference: str) -> Manifest | Reply:
        """Return a manifest: by digest the lab image's own, by tag what the cloud has there."""
        image = lab_image()
        if reference in image.manifests:
            return image.manifests[reference]
        if not self._line.there:
            known = not reference.startswith("sha256:") or reference == image.index.digest
            return image.index if known else _unknown(reference)
        kind = "imageDigest" if reference.startswith("sha256:") else "imageTag"
        status, said = await self._line.ask(
            "api.ecr",
            f"{_ECR_TARGET}.BatchGetImage",
            {
                "registryId": _account(call),
                "repositoryName": name,
                "imageIds": [{kind: reference}],
            },
        )
        images = said.get("images")
        if status != _OK:
            return _error(404, "NAME_UNKNOWN", str(said.get("message") or "no such repository"))
        if not isinstance(images, list) or not images:
            return _unknown(reference)
        content = str(images[0]["imageManifest"])
        return Manifest(_media_type(content), content.encode())

    def _blob(self, call: Call, name: str, digest: str) -> Reply:
        action = "ecr:GetDownloadUrlForLayer"
        stopped = self._gate.refusal(call.caller, action, (self._arn(call, name),))
        if stopped is not None:
            return _error(403, "DENIED", stopped)
        if digest not in lab_image().blobs:
            return _error(404, "BLOB_UNKNOWN", f"Requested blob {digest} not found")
        region = self._premises.region
        elsewhere = Code.ECR_LAYER_PATH in self._troubles.get(call.caller.server, ())
        host = layer_host_elsewhere(region) if elsewhere else layer_bucket_host(region)
        path = f"/{_account(call)}/{digest.partition(':')[2]}"
        url = presign(self._key, region, host, path, now=self._clock(), seconds=SECONDS_TO_DOWNLOAD)
        return Reply(status=307, headers={**_VERSION, "location": url})

    def _not_shared(self, call: Call, name: str) -> str:
        """Return what ECR says of another account's repository, which has no policy for ours."""
        action = "ecr:BatchGetImage"
        said = not_authorized(self._premises, action, self._arn(call, name))
        return f"{said} because no resource-based policy allows the {action} action"

    def _arn(self, call: Call, name: str) -> str:
        place = self._premises
        return f"arn:{place.partition}:ecr:{place.region}:{_account(call)}:repository/{name}"


def _account(call: Call) -> str:
    return call.host.partition(".")[0]


def _media_type(content: str) -> str:
    return str(json.loads(content)["mediaType"])


def _turned_away(call: Call, standing: Standing) -> Reply:
    if standing is Standing.MISSING:
        realm = f'Basic realm="https://{call.host}/",service="ecr.amazonaws.com"'
        headers = {**_VERSION, "www-authenticate": realm, "content-type": "text/plain"}
        return Reply(status=401, headers=headers, body=b"Not Authorized\n")
    message = {
        Standing.FOREIGN: "Your Authorization Token is invalid.",
        Standing.EXPIRED: ("Your authorization token has expired. Reauthenticate and try again."),
    }[standing]
    return _error(403, "DENIED", message)


def _unknown(reference: str) -> Reply:
    return _error(404, "MANIFEST_UNKNOWN", f"Requested image not found: {reference}")


def _error(status: int, code: str, message: str) -> Reply:
    headers: Mapping[str, str] = {**_VERSION, "content-type": "application/json"}
    body = json.dumps({"errors": [{"code": code, "message": message}]}).encode()
    return Reply(status=status, headers=headers, body=body)

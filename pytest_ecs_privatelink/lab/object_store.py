"""S3 as image layers need it: objects of the layer bucket, to whoever has a presigned URL."""

import re
import uuid
from xml.sax.saxutils import escape

from pytest_ecs_privatelink.catalogue.services import layer_bucket
from pytest_ecs_privatelink.lab.gate import Gate
from pytest_ecs_privatelink.lab.images import lab_image
from pytest_ecs_privatelink.lab.presigned import Refusal, SigningKey, refusal
from pytest_ecs_privatelink.lab.tokens import Clock, clock
from pytest_ecs_privatelink.lab.twin_plan import TwinPlan
from pytest_ecs_privatelink.lab.web import Call, Reply
from pytest_ecs_privatelink.verdict import Code

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_DENIED = Refusal(403, "AccessDenied", "Access Denied")


class ObjectStore:
    """Answers for S3 in ``plan``'s Region: signatures first, then the policy on the way."""

    def __init__(self, plan: TwinPlan, gate: Gate, key: SigningKey, clock: Clock = clock) -> None:
        self._premises = plan.premises
        self._troubles = {server.address: server.troubles for server in plan.servers}
        self._gate = gate
        self._key = key
        self._clock = clock

    async def answer(self, call: Call) -> Reply | None:
        """Return what S3 says."""
        refused = refusal(self._key, call.method, call.host, call.target, self._clock())
        if refused is not None:
            return _refused(refused)
        bucket = layer_bucket(self._premises.region)
        arn = f"arn:{self._premises.partition}:s3:::{bucket}{call.path}"
        if self._gate.stops_download(call.caller, arn):
            return _refused(_DENIED)
        blob = lab_image().blobs.get(f"sha256:{call.path.rpartition('/')[2]}")
        if blob is None:
            return _refused(Refusal(404, "NoSuchKey", "The specified key does not exist."))
        return self._part(call, blob)

    def _part(self, call: Call, blob: bytes) -> Reply:
        """Return the object or the range of it that was asked for, with what goes wrong here."""
        troubles = self._troubles.get(call.caller.server, ())
        if Code.ECR_DIGEST in troubles:
            blob = blob[:-1] + bytes([blob[-1] ^ 1])
        headers = {**_identified(), "content-type": "application/octet-stream"}
        stops = len(blob) // 2 if Code.ECR_LAYER in troubles else None
        asked = _RANGE.fullmatch(call.headers.get("range", ""))
        if asked is None:
            headers["accept-ranges"] = "bytes"
            return Reply(status=200, headers=headers, body=blob, stops_after=stops)
        first, last = int(asked[1]), min(int(asked[2] or len(blob)), len(blob) - 1)
        if first > last:
            return _refused(Refusal(416, "InvalidRange", "The requested range is not satisfiable"))
        headers["content-range"] = f"bytes {first}-{last}/{len(blob)}"
        return Reply(status=206, headers=headers, body=blob[first : last + 1], stops_after=stops)


def _identified() -> dict[str, str]:
    return {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "server": "AmazonS3"}


def _refused(why: Refusal) -> Reply:
    headers = {**_identified(), "content-type": "application/xml"}
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{why.code}</Code><Message>{escape(why.message)}</Message>"
        f"<RequestId>{headers['x-amz-request-id']}</RequestId></Error>"
    )
    return Reply(status=why.status, headers=headers, body=text.encode())

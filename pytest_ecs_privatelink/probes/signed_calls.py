"""Signed calls to AWS's JSON services, retried only where AWS asks for patience, and counted."""

import json
import time
from collections.abc import Mapping
from email.message import Message
from typing import Any

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.patience import pause_after
from pytest_ecs_privatelink.probes.refusals import read_refusal
from pytest_ecs_privatelink.probes.reply import Reply
from pytest_ecs_privatelink.probes.signing import Sign
from pytest_ecs_privatelink.probes.wire import Wire, authority

# By signing name, which is also the prefix of the IAM actions.
_TARGETS = {
    "ecr": "AmazonEC2ContainerRegistry_V20150921",
    "ecs": "AmazonEC2ContainerServiceV20141113",
    "logs": "Logs_20140328",
    "secretsmanager": "secretsmanager",
    "ssm": "AmazonSSM",
}
# A secret has at most 64 KiB, a token about 4; JSON may take six bytes for one.
_LONGEST_ANSWER = 1 << 20


def call(
    wire: Wire, sign: Sign, link: Link, host: str, action: str, payload: Mapping[str, Any]
) -> dict[str, Any]:
    """Call ``action`` (``logs:PutLogEvents``) at ``host`` and return the answer's document.

    Throttling and server errors are tried again as `pause_after` says, nothing else is. Raises
    `WireError`, whose outcome says what AWS's refusal means.
    """
    attempt = 1
    while True:
        found, headers = _attempt(wire, sign, link, host, action, payload, attempt)
        if not isinstance(found, Outcome):
            return found
        pause = pause_after(attempt, found.status, headers)
        if pause is None:
            raise WireError(found)
        time.sleep(pause)
        attempt += 1


def _attempt(
    wire: Wire,
    sign: Sign,
    link: Link,
    host: str,
    action: str,
    payload: Mapping[str, Any],
    attempt: int,
) -> tuple[dict[str, Any] | Outcome, Message]:
    """Return the document, or what became of it, and the answer's headers.

    What it returns may be secret: it raises only before anything has come.
    """
    service, _, operation = action.partition(":")
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"{_TARGETS[service]}.{operation}",
    }
    body = json.dumps(payload).encode()
    reply = wire.send(
        link,
        host,
        "POST",
        "/",
        sign(service, authority(host, wire.port), headers, body),
        body,
        attempt=attempt,
    )
    with reply:
        return _read(reply, reply.read(_LONGEST_ANSWER), link, action), reply.headers


def _read(reply: Reply, body: bytes, link: Link, action: str) -> dict[str, Any] | Outcome:
    document = _document(body)
    said = document if document is not None else {}
    code = str(
        reply.headers.get("x-amzn-errortype") or said.get("__type") or said.get("code") or ""
    )
    code = code.split(":")[0].rpartition("#")[2]
    signed_by_aws = bool(reply.headers.get("x-amzn-requestid") or code)
    if document is None or not signed_by_aws or 300 <= reply.status < 400:
        return _foreign(reply, body, link, action)
    if reply.status < 300:
        return document
    message = str(said.get("message") or said.get("Message") or "")
    return read_refusal(link, action, reply.status, code or f"HTTP {reply.status}", message)


def _document(body: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _foreign(reply: Reply, body: bytes, link: Link, action: str) -> Outcome:
    """Describe an answer that is not the service's by its form: its text may repeat the request."""
    kind = str(reply.headers.get("content-type", "no content type")).partition(";")[0].strip()
    form = f"HTTP {reply.status}, {kind[:60]}, {len(body)} bytes"
    status = CallStatus.UNEXPECTED
    if reply.status == 429:
        status = CallStatus.THROTTLED
    elif reply.status >= 500:
        status = CallStatus.UNAVAILABLE
    return Outcome(
        status=status,
        link=link,
        error=f"HTTP {reply.status}",
        action=action,
        detail=f"not an answer of the AWS service: {form}",
    )

"""Presigned S3 URLs, made and checked as AWS does (Signature Version 4 in the query).

Source: Amazon S3 API Reference, "Authenticating Requests: Using Query Parameters".
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, quote, unquote

_ALGORITHM = "AWS4-HMAC-SHA256"
_STAMP = "%Y%m%dT%H%M%S%z"
_NEEDED = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An access key; its secret never shows."""

    access_key: str
    secret_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a URL is not honoured: status, S3's error code, S3's message."""

    status: int
    code: str
    message: str


def presign(
    key: SigningKey, region: str, host: str, path: str, *, now: datetime, seconds: int
) -> str:
    """Return a URL that lets whoever has it GET ``https://host/path`` from ``now`` on."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    query = {
        "X-Amz-Algorithm": _ALGORITHM,
        "X-Amz-Credential": f"{key.access_key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(seconds),
        "X-Amz-SignedHeaders": "host",
    }
    signature = _signature(key, "GET", host, path, query)
    return f"https://{host}{_quoted(path)}?{_joined(query)}&X-Amz-Signature={signature}"


def refusal(key: SigningKey, method: str, host: str, target: str, now: datetime) -> Refusal | None:
    """Return why S3 refuses a request by a presigned URL of ``key``; None: it does not."""
    path, _, text = target.partition("?")
    query = dict(parse_qsl(text, keep_blank_values=True))
    if not any(name.startswith("X-Amz-") for name in query):
        return Refusal(403, "AccessDenied", "Access Denied")
    if not all(query.get(f"X-Amz-{name}") for name in _NEEDED):
        return _malformed("X-Amz-Algorithm and the like")
    signature = query.pop("X-Amz-Signature")
    try:
        began = datetime.strptime(query["X-Amz-Date"], _STAMP)
        ends = began + timedelta(seconds=int(query["X-Amz-Expires"]))
    except (ValueError, OverflowError):
        return _malformed("X-Amz-Date and X-Amz-Expires")
    if query["X-Amz-Credential"].partition("/")[0] != key.access_key:
        return Refusal(
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        )
    expected = _signature(key, method, host, unquote(path), query)
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        return Refusal(
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        )
    if now > ends:
        return Refusal(403, "AccessDenied", "Request has expired")
    return None


def _malformed(what: str) -> Refusal:
    message = f"Query-string authentication version 4 requires well-formed {what}."
    return Refusal(400, "AuthorizationQueryParametersError", message)


def _signature(key: SigningKey, method: str, host: str, path: str, query: dict[str, str]) -> str:
    request = "\n".join(
        (method, _quoted(path), _joined(query), f"host:{host}\n", "host", "UNSIGNED-PAYLOAD")
    )
    scope = query["X-Amz-Credential"].partition("/")[2]
    hashed = hashlib.sha256(request.encode()).hexdigest()
    text = "\n".join((_ALGORITHM, query["X-Amz-Date"], scope, hashed))
    mac = f"AWS4{key.secret_key}".encode()
    for part in (*scope.split("/"), text):
        mac = hmac.digest(mac, part.encode(), "sha256")
    return mac.hex()


def _quoted(path: str) -> str:
    return quote(path, safe="/-_.~")


def _joined(query: dict[str, str]) -> str:
    return "&".join(
        f"{quote(name, safe='-_.~')}={quote(query[name], safe='-_.~')}" for name in sorted(query)
    )

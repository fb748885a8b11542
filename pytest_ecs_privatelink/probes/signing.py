"""AWS Signature Version 4 for POST requests to ``/``, as all JSON services take them.

Written out here because botocore's, at log level DEBUG, writes session tokens into the log.
"""

import datetime
import hashlib
import hmac
from collections.abc import Callable, Mapping

from pytest_ecs_privatelink.probes.call_records import Credentials

Sign = Callable[[str, str, Mapping[str, str], bytes], dict[str, str]]
"""Takes signing name, ``Host``, headers and body; returns all headers, signed and complete."""

_ALGORITHM = "AWS4-HMAC-SHA256"


def signer(
    credentials: Credentials,
    region: str,
    now: Callable[[], datetime.datetime] = lambda: datetime.datetime.now(datetime.UTC),
) -> Sign:
    """Return what signs with ``credentials`` for ``region``, at the time that ``now`` tells."""

    def sign(service: str, host: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
        time = now().strftime("%Y%m%dT%H%M%SZ")
        signed = {**headers, "Host": host, "X-Amz-Date": time}
        if credentials.token is not None:
            signed["X-Amz-Security-Token"] = credentials.token
        scope = f"{time[:8]}/{region}/{service}/aws4_request"
        names, digest = _canonical(signed, body)
        key = f"AWS4{credentials.secret_key}".encode()
        for part in scope.split("/"):
            key = _mac(key, part)
        signature = _mac(key, f"{_ALGORITHM}\n{time}\n{scope}\n{digest}").hex()
        signed["Authorization"] = (
            f"{_ALGORITHM} Credential={credentials.access_key}/{scope},"
            f" SignedHeaders={names}, Signature={signature}"
        )
        return signed

    return sign


def _canonical(headers: Mapping[str, str], body: bytes) -> tuple[str, str]:
    """Return the names of the signed headers and the digest of the canonical request."""
    lines = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    names = ";".join(name for name, _ in lines)
    texts = "".join(f"{name}:{value}\n" for name, value in lines)
    request = f"POST\n/\n\n{texts}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    return names, hashlib.sha256(request.encode()).hexdigest()


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()

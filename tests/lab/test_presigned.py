"""Presigned URLs: as botocore signs them, and refused as S3 refuses them."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from pytest_ecs_privatelink.lab.presigned import Refusal, SigningKey, presign, refusal

KEY = SigningKey("ASIALAB", "a secret of nobody's")
HOST = "prod-us-east-1-starport-layer-bucket.s3.us-east-1.amazonaws.com"
PATH = "/123456789012/0a1b"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
URL = presign(KEY, "us-east-1", HOST, PATH, now=NOW, seconds=60)


def refused(url: str, *, method: str = "GET", later: int = 0) -> Refusal | None:
    """Return what S3 says to ``url``, some seconds after it was signed."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    return refusal(KEY, method, parts.netloc, target, NOW + timedelta(seconds=later))


def test_botocore_signs_alike() -> None:
    """The signature of the same request at the same moment is the one that AWS's SDK computes."""
    request = AWSRequest("GET", f"https://{HOST}{PATH}")
    signer = S3SigV4QueryAuth(
        Credentials(KEY.access_key, KEY.secret_key), "s3", "us-east-1", expires=60
    )
    signer.add_auth(request)
    said = parse_qs(urlsplit(str(request.url)).query)
    moment = datetime.strptime(said["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")

    ours = presign(KEY, "us-east-1", HOST, PATH, now=moment, seconds=60)

    assert parse_qs(urlsplit(ours).query) == said


def test_a_good_url_is_honoured_to_its_end() -> None:
    """Until the second in which it expires nothing is said against it."""
    assert refused(URL) is None
    assert refused(URL, later=60) is None


@pytest.mark.parametrize(
    ("url", "status", "code", "message"),
    [
        (
            URL.replace("0a1b", "0a1c"),
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        ),
        (
            URL.replace("Expires=60", "Expires=600"),
            403,
            "SignatureDoesNotMatch",
            "The request signature we calculated does not match the signature you provided. "
            "Check your key and signing method.",
        ),
        (
            URL.replace("ASIALAB", "ASIABAL"),
            403,
            "InvalidAccessKeyId",
            "The AWS Access Key Id you provided does not exist in our records.",
        ),
        (f"https://{HOST}{PATH}", 403, "AccessDenied", "Access Denied"),
        (
            URL.partition("&X-Amz-Signature")[0],
            400,
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires well-formed X-Amz-Algorithm and the "
            "like.",
        ),
        (
            URL.replace("Expires=60", "Expires=soon"),
            400,
            "AuthorizationQueryParametersError",
            "Query-string authentication version 4 requires well-formed X-Amz-Date and "
            "X-Amz-Expires.",
        ),
    ],
    ids=("path", "expiry", "key", "none", "part", "no number"),
)
def test_a_tampered_url_is_refused(url: str, status: int, code: str, message: str) -> None:
    """Whatever of it is changed, S3's own words say why."""
    assert refused(url) == Refusal(status, code, message)


def test_an_expired_url_is_refused() -> None:
    """A second after its end it is worth nothing."""
    assert refused(URL, later=61) == Refusal(403, "AccessDenied", "Request has expired")


def test_a_url_is_for_one_method() -> None:
    """What lets GET does not let HEAD, as with S3."""
    said = refused(URL, method="HEAD")
    assert said is not None
    assert said.code == "SignatureDoesNotMatch"


def test_the_secret_never_shows() -> None:
    """Neither key nor its representation tell the secret."""
    assert "nobody" not in repr(KEY)
    assert "nobody" not in URL

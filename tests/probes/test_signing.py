"""Signatures, compared with botocore's."""

import datetime
from collections.abc import Callable

import pytest
from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.signing import signer


def at(text: str) -> Callable[[], datetime.datetime]:
    """Return a clock that has stopped."""
    return lambda: datetime.datetime.fromisoformat(text)


@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjE//+="])
@pytest.mark.parametrize("host", ["logs.us-east-1.amazonaws.com", "localhost:8443"])
def test_signatures_are_botocores(token: str | None, host: str) -> None:
    """For the same time, both signers send the same `Authorization`, with a token or without."""
    body = '{"message": "schön"}'.encode()
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328.X  y"}
    request = AWSRequest("POST", f"https://{host}/", data=body, headers=headers)
    theirs = auth.SigV4Auth(BotocoreCredentials("AKIA", "sEcReT/+", token), "logs", "us-east-1")
    theirs.add_auth(request)
    time = datetime.datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")

    sign = signer(
        Credentials(access_key="AKIA", secret_key="sEcReT/+", token=token),
        "us-east-1",
        at(time.isoformat()),
    )
    ours = sign("logs", host, headers, body)

    assert ours["Authorization"] == request.headers["Authorization"]
    assert ours.get("X-Amz-Security-Token") == token
    assert ours["Host"] == host


def test_nothing_shows_of_credentials() -> None:
    """Neither credentials nor what signs with them show in a representation."""
    credentials = Credentials(access_key="AKIA", secret_key="one", token="two")

    assert repr(credentials) == "Credentials()"
    assert "one" not in repr(signer(credentials, "us-east-1"))

"""Signed calls to scripted AWS services: what is retried, what is not, and what is told."""

import time

import https_servers
import pytest
import trustme
from aws_calls import MARK, SIGN, service
from https_servers import answer, aws, refusal
from tracebacks import told

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.signed_calls import call
from pytest_ecs_privatelink.probes.wire import Wire

ACTION = "logs:CreateLogStream"
THROTTLED = refusal("ThrottlingException", "Rate exceeded")


def make_call(wire: Wire) -> dict[str, object]:
    """Make a call."""
    return call(wire, SIGN, Link.STREAM, "localhost", ACTION, {"logGroupName": "app"})


def refused(wire: Wire) -> Outcome:
    """Make a call that must fail; return its outcome."""
    with pytest.raises(WireError) as raised:
        make_call(wire)
    return raised.value.outcome


def test_a_call_is_a_signed_post(certificate: trustme.LeafCert, ca_file: str) -> None:
    """The service hears its target, the payload and a signature, and its document comes back."""
    with service(certificate, ca_file, aws({"a": [1]})) as (wire, server):
        assert make_call(wire) == {"a": [1]}

    (asked,) = server.requests
    assert (asked.method, asked.target, asked.json) == ("POST", "/", {"logGroupName": "app"})
    assert asked.headers["x-amz-target"] == "Logs_20140328.CreateLogStream"
    assert asked.headers["content-type"] == "application/x-amz-json-1.1"
    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIATELLNOONE/")
    assert asked.headers["x-amz-security-token"] == f"token-{MARK}"


def test_an_empty_answer_is_an_empty_document(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Operations that return nothing return an empty document."""
    reply = answer(200, b"", {"x-amzn-RequestId": "1"})
    with service(certificate, ca_file, reply) as (wire, _):
        assert make_call(wire) == {}


@pytest.mark.parametrize(
    "trouble",
    [
        THROTTLED,
        refusal("InternalFailure", status=500),
        answer(503, b"<html>", {"Content-Type": "text/html"}),
        answer(429, b"slow down"),
    ],
)
def test_throttling_and_server_errors_are_retried(
    trouble: bytes, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """A service that recovers is asked again until it does; the hop counts the attempts."""
    with service(certificate, ca_file, trouble, trouble, aws({"ok": 1})) as (wire, server):
        assert make_call(wire) == {"ok": 1}

    assert len(server.requests) == 3
    assert [(hop.status, hop.attempts) for hop in wire.hops] == [(200, 3)]
    assert server.connections == 1


def test_each_attempt_is_signed_anew(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A retry carries a signature of its own time, so that waiting does not make it expire."""
    later = refusal("ThrottlingException", headers={"Retry-After": "1.1"})
    began = time.monotonic()
    with service(certificate, ca_file, later, aws({})) as (wire, server):
        make_call(wire)

    first, second = server.requests
    assert first.headers["x-amz-date"] < second.headers["x-amz-date"]
    assert 1.1 <= time.monotonic() - began < 4


def test_retrying_ends(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A service that throttles to the end is asked five times, within bounded time."""
    began = time.monotonic()
    with service(certificate, ca_file, THROTTLED) as (wire, server):
        found = refused(wire)

    assert found == Outcome(
        status=CallStatus.THROTTLED,
        link=Link.STREAM,
        error="ThrottlingException",
        action=ACTION,
        detail="ThrottlingException: Rate exceeded",
    )
    assert len(server.requests) == 5
    assert [hop.attempts for hop in wire.hops] == [5]
    assert time.monotonic() - began < 6


def test_a_service_that_stays_down(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Server errors to the end are told as unavailable, by code or by form."""
    steps = (*[refusal("InternalFailure", "oops", 500)] * 5, answer(502, b"<html>"))
    with service(certificate, ca_file, *steps) as (wire, server):
        first, second = refused(wire), refused(wire)

    assert first.status is CallStatus.UNAVAILABLE
    assert first.detail == "InternalFailure: oops"
    assert second.status is CallStatus.UNAVAILABLE
    assert second.detail == "not an answer of the AWS service: HTTP 502, no content type, 6 bytes"
    assert len(server.requests) == 10


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("AccessDeniedException", CallStatus.DENIED),
        ("ExpiredTokenException", CallStatus.EXPIRED),
        ("ResourceNotFoundException", CallStatus.MISSING),
        ("ValidationException", CallStatus.FAILED),
        ("com.amazonaws.logs#ResourceNotFoundException", CallStatus.MISSING),
        ("ResourceNotFoundException:http://internal.amazon.com/x/", CallStatus.MISSING),
    ],
)
def test_other_refusals_are_final(
    code: str, status: CallStatus, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """What patience cannot mend is asked once; codes are read with or without their namespace."""
    with service(certificate, ca_file, refusal(code, "words")) as (wire, server):
        found = refused(wire)

    assert (found.status, found.link, found.action) == (status, Link.STREAM, ACTION)
    assert len(server.requests) == 1


def test_a_code_may_come_in_a_header(certificate: trustme.LeafCert, ca_file: str) -> None:
    """`x-amzn-ErrorType` names the error where the body does not."""
    header = {"x-amzn-ErrorType": "ResourceNotFoundException:http://x/"}
    with service(certificate, ca_file, answer(400, b"{}", header)) as (wire, _):
        assert refused(wire).error == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("step", "seen"),
    [
        (
            answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html; charset=utf-8"}),
            "HTTP 200, text/html, 20 bytes",
        ),
        (
            answer(403, b"blocked", {"Content-Type": "text/plain"}),
            "HTTP 403, text/plain, 7 bytes",
        ),
        (
            answer(302, b"", {"Location": f"https://portal/?{MARK}", "x-amzn-RequestId": "1"}),
            "HTTP 302, no content type, 0 bytes",
        ),
        (
            answer(200, b"[1]", {"Content-Type": "application/json", "x-amzn-RequestId": "1"}),
            "HTTP 200, application/json, 3 bytes",
        ),
        (
            answer(200, b"{}", {"Content-Type": "application/json"}),
            "HTTP 200, application/json, 2 bytes",
        ),
    ],
)
def test_somebody_else_answers(
    step: bytes, seen: str, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """A portal's page, a redirect, and JSON of nobody known are no answers of the service."""
    with service(certificate, ca_file, step) as (wire, server):
        found = refused(wire)

    assert found.status is CallStatus.UNEXPECTED
    assert found.detail == f"not an answer of the AWS service: {seen}"
    assert len(server.requests) == 1


def test_silence_is_not_retried(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A service that never answers costs one timeout."""
    with service(certificate, ca_file, https_servers.silence, timeout=0.4) as (wire, server):
        found = refused(wire)

    assert (found.status, found.phase) == (CallStatus.TIMEOUT, "request")
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "step",
    [
        refusal("AccessDeniedException", "no"),
        refusal("InvalidSignatureException", f"x-amz-security-token:token-{MARK}"),
        answer(200, MARK.encode()),
        answer(302, b"", {"Location": MARK}),
        answer(200, MARK.encode() * 70000),
        https_servers.close,
        https_servers.saying(answer(200, MARK.encode(), length=99)),
    ],
)
def test_nothing_secret_is_told(
    step: https_servers.Step, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """No failure shows credentials, signature or answer, even with the locals of every frame."""
    with service(certificate, ca_file, step) as (wire, server):
        try:
            make_call(wire)
        except WireError as error:
            text = told(error)

    assert "WireError" in text
    signature = server.requests[0].headers["authorization"].rpartition("=")[2]
    for secret in (MARK, "AKIATELLNOONE", signature):
        assert secret not in text

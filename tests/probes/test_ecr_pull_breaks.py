"""Where a pull breaks, and as what: every link of the chain, by script."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from https_servers import Step, answer, refusal
from scripted_registry import REGISTRY, STORE, registry_error, s3_error
from staged_pull import REPOSITORY, TAGGED, Stage, ask, staged

from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link

USER = "User: arn:aws:sts::111122223333:assumed-role/tasks/x is not authorized to perform:"
ON = "on resource: arn:aws:ecr:us-east-1:111122223333:repository/team/app"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Serve an image of three layers."""
    with staged(tmp_path) as stage:
        yield stage


def denied(action: str, because: str) -> str:
    """Return AWS's wording for a refusal of an action on the repository."""
    return f"{USER} {action} {ON} {because}"


ENDPOINT = "because no VPC endpoint policy allows the {} action"
IDENTITY = "because no identity-based policy allows the {} action"
WORDINGS = [
    (ENDPOINT, Denier.ENDPOINT_POLICY),
    ("with an explicit deny in a VPC endpoint policy", Denier.ENDPOINT_POLICY),
    (IDENTITY, Denier.IDENTITY),
    ("with an explicit deny in a service control policy", Denier.ORGANIZATION),
    ("because no resource-based policy allows the {} action", Denier.RESOURCE),
    ("", Denier.UNSAID),
]


@pytest.mark.parametrize(("because", "denier"), WORDINGS)
def test_a_refused_token(stage: Stage, because: str, denier: Denier) -> None:
    """The wording tells whose policy it was, and nothing further is asked."""
    message = denied("ecr:GetAuthorizationToken", because.format("ecr:GetAuthorizationToken"))
    stage.script.say(REGISTRY, "/", refusal("AccessDeniedException", message))

    stage.breaks(
        Link.AUTH,
        CallStatus.DENIED,
        f"AccessDeniedException: {message}".strip(),
        denied_by=denier,
        action="ecr:GetAuthorizationToken",
    )
    assert stage.script.asked(REGISTRY) == ["/"]


@pytest.mark.parametrize("data", [[], [{}], [{"authorizationToken": "a\r\nb: c"}], None, {}])
def test_an_answer_without_token(stage: Stage, data: object) -> None:
    """What holds no token, or one that would break a header, is nobody's answer."""
    body = json.dumps({"authorizationData": data}).encode()
    stage.script.say(REGISTRY, "/", answer(200, body, {"x-amzn-requestid": "1"}))

    words = f"{REGISTRY} gave no authorization token"
    stage.breaks(Link.AUTH, CallStatus.UNEXPECTED, words)


@pytest.mark.parametrize(("because", "denier"), WORDINGS)
def test_a_refused_manifest(stage: Stage, because: str, denier: Denier) -> None:
    """The registry passes on AWS's wording."""
    message = denied("ecr:BatchGetImage", because.format("ecr:BatchGetImage")).strip()
    stage.script.say(REGISTRY, TAGGED, registry_error(403, "DENIED", message))

    stage.breaks(
        Link.MANIFEST,
        CallStatus.DENIED,
        f"{REGISTRY} answered HTTP 403: {message}",
        error="DENIED",
        denied_by=denier,
        action="ecr:BatchGetImage",
    )


def test_a_refused_layer_at_the_registry(stage: Stage) -> None:
    """It is the registry that refuses to say where the layer is: S3 was never asked."""
    message = denied("ecr:GetDownloadUrlForLayer", ENDPOINT.format("ecr:GetDownloadUrlForLayer"))
    path = f"{REPOSITORY}/blobs/{stage.layers[0]}"
    stage.script.say(REGISTRY, path, registry_error(403, "DENIED", message))

    stage.breaks(
        Link.MANIFEST,
        CallStatus.DENIED,
        f"{REGISTRY} answered HTTP 403: {message}",
        denied_by=Denier.ENDPOINT_POLICY,
        action="ecr:GetDownloadUrlForLayer",
    )


def test_a_layer_refused_by_s3(stage: Stage) -> None:
    """S3's code is in its XML; of the policies it names none."""
    stage.say_of_layer(s3_error(403, "AccessDenied", "Access Denied"))

    stage.breaks(
        Link.LAYER,
        CallStatus.DENIED,
        f"{STORE} answered HTTP 403: Access Denied",
        error="AccessDenied",
        denied_by=Denier.UNSAID,
        action="s3:GetObject",
    )


LOGIN = answer(401, b"no basic auth credentials\n", {"WWW-Authenticate": 'Basic realm="x"'})
NAME = "The repository with name &lt;team/app&gt; does not exist"


@pytest.mark.parametrize(
    ("said", "status", "words", "code"),
    [
        (LOGIN, CallStatus.DENIED, "HTTP 401: no word", None),
        (
            registry_error(404, "MANIFEST_UNKNOWN", "Requested image\nnot found"),
            CallStatus.MISSING,
            "HTTP 404: Requested image not found",
            "MANIFEST_UNKNOWN",
        ),
        (
            registry_error(404, "NAME_UNKNOWN", ""),
            CallStatus.MISSING,
            "HTTP 404: NAME_UNKNOWN",
            "NAME_UNKNOWN",
        ),
        (s3_error(404, "NoSuchKey", NAME), CallStatus.MISSING,
         "HTTP 404: The repository with name <team/app> does not exist", "NoSuchKey"),
        (
            registry_error(403, "DENIED", "Your authorization token has expired. Reauthenticate"),
            CallStatus.EXPIRED,
            "HTTP 403: Your authorization token has expired. Reauthenticate",
            "DENIED",
        ),
        (
            registry_error(400, "TAG_INVALID", "bad tag"),
            CallStatus.FAILED,
            "HTTP 400: bad tag",
            "TAG_INVALID",
        ),
        (
            answer(403, b"<html>Blocked</html>", {"Content-Type": "text/html"}),
            CallStatus.UNEXPECTED,
            "HTTP 403, text/html, as no registry and no S3 would",
            None,
        ),
        (
            answer(404, b'{"errors": []}', {"Content-Type": "application/json"}),
            CallStatus.UNEXPECTED,
            "HTTP 404, application/json, as no registry and no S3 would",
            None,
        ),
        (answer(204), CallStatus.UNEXPECTED,
         "HTTP 204, text/plain, as no registry and no S3 would", None),
    ],
)  # fmt: skip
def test_what_a_registry_says_instead(
    stage: Stage, said: Step, status: CallStatus, words: str, code: str | None
) -> None:
    """Codes of registries and of S3 are told, and whoever has neither is a stranger."""
    stage.script.say(REGISTRY, TAGGED, said)

    stage.breaks(Link.MANIFEST, status, f"{REGISTRY} answered {words}", error=code)


def test_a_busy_server_is_waited_for(stage: Stage) -> None:
    """Two answers of a busy S3 are waited out, and its hop counts three attempts."""
    busy = s3_error(503, "SlowDown", "Reduce your request rate.")
    whole = answer(200, stage.images.blobs[stage.layers[0]])
    stage.say_of_layer(busy, busy, whole)

    answered = ask(stage.question)

    assert (answered.outcome.status, answered.layers) == (CallStatus.OK, 3)
    assert [hop.attempts for hop in answered.hops if hop.link is Link.LAYER] == [1, 3, 1, 1]


@pytest.mark.parametrize(
    ("busy", "status", "words"),
    [
        (s3_error(503, "SlowDown", "Reduce your request rate."), CallStatus.THROTTLED,
         "answered HTTP 503: Reduce your request rate."),
        (answer(502, b"<html>", {"Content-Type": "text/html"}), CallStatus.UNAVAILABLE,
         "answered HTTP 502, text/html, as no registry and no S3 would"),
    ],
)  # fmt: skip
def test_patience_ends_with_the_fifth_attempt(
    stage: Stage, busy: bytes, status: CallStatus, words: str
) -> None:
    """What is busy for good is told apart from what is closed."""
    stage.say_of_layer(busy)

    stage.breaks(Link.LAYER, status, f"{STORE} {words}")

    assert stage.script.asked(STORE).count(f"/layers/{stage.layers[0]}") == 5

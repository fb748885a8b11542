"""AWS's refusals, by the words that AWS uses."""

import pytest

from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link, Outcome
from pytest_ecs_privatelink.probes.refusals import read_refusal

WHO = "User: arn:aws:sts::111111111111:assumed-role/exec/1 is not authorized to perform: "
WHAT = "logs:PutLogEvents on resource: arn:aws:logs:us-east-1:111111111111:log-group:app "


def read(code: str, message: str = "", status: int = 400) -> Outcome:
    """Return the outcome of a refusal of a call to the logs."""
    return read_refusal(Link.EVENT, "logs:PutLogEvents", status, code, message)


@pytest.mark.parametrize(
    ("wording", "denier"),
    [
        (
            "because no VPC endpoint policy allows the logs:PutLogEvents action",
            Denier.ENDPOINT_POLICY,
        ),
        ("with an explicit deny in a VPC endpoint policy", Denier.ENDPOINT_POLICY),
        ("because no identity-based policy allows the logs:PutLogEvents action", Denier.IDENTITY),
        ("with an explicit deny in an identity-based policy", Denier.IDENTITY),
        ("because no permissions boundary allows the logs:PutLogEvents action", Denier.IDENTITY),
        ("with an explicit deny in a permissions boundary", Denier.IDENTITY),
        ("because no session policy allows the logs:PutLogEvents action", Denier.IDENTITY),
        ("because no resource-based policy allows the logs:PutLogEvents action", Denier.RESOURCE),
        ("with an explicit deny in a resource-based policy", Denier.RESOURCE),
        ("with an explicit deny in a service control policy", Denier.ORGANIZATION),
        ("because no service control policy allows the action", Denier.ORGANIZATION),
        ("with an explicit deny in a resource control policy", Denier.ORGANIZATION),
        ("", Denier.UNSAID),
    ],
)
def test_the_wording_says_what_denied(wording: str, denier: Denier) -> None:
    """Each of AWS's wordings names its kind of policy; without one it is unsaid."""
    found = read("AccessDeniedException", f"{WHO}{WHAT}{wording}")

    assert found == Outcome(
        status=CallStatus.DENIED,
        link=Link.EVENT,
        error="AccessDeniedException",
        denied_by=denier,
        action="logs:PutLogEvents",
        detail=f"AccessDeniedException: {WHO}{WHAT}{wording}".strip(),
    )


@pytest.mark.parametrize(
    ("code", "message", "denier"),
    [
        ("AccessDeniedException", "Access to KMS is not allowed", Denier.KMS),
        ("KMSAccessDeniedException", "no", Denier.KMS),
        ("KMSDisabledException", "", Denier.KMS),
        ("InvalidKeyId", "", Denier.KMS),
        ("DecryptionFailure", "", Denier.KMS),
        (
            "AccessDeniedException",
            "The ciphertext refers to a customer master key that does not exist, does not exist in"
            " this region, or you are not allowed to access.",
            Denier.KMS,
        ),
        (
            "AccessDeniedException",
            f"{WHO}kms:Decrypt on resource: x because no resource-based policy allows it",
            Denier.KMS,
        ),
        (
            "AccessDeniedException",
            f"{WHO}kms:Decrypt on resource: x because no identity-based policy allows it",
            Denier.IDENTITY,
        ),
    ],
)
def test_keys_deny_too(code: str, message: str, denier: Denier) -> None:
    """KMS is named by codes of its own and by wordings, unless the role's own policy is."""
    found = read(code, message)

    assert (found.status, found.denied_by) == (CallStatus.DENIED, denier)


@pytest.mark.parametrize(
    ("message", "denier"),
    [
        ("User: arn:aws:iam::111111111111:user/kms is not authorized to perform: x", Denier.UNSAID),
        (f"{WHO}ssm:GetParameters on resource: arn:aws:ssm:x:1:parameter/kms/token", Denier.UNSAID),
        (
            f"{WHO}secretsmanager:GetSecretValue on resource: app/kms-token because no"
            " resource-based policy allows the secretsmanager:GetSecretValue action",
            Denier.RESOURCE,
        ),
        (f"{WHO}kms:Decrypt on the resource associated with this ciphertext", Denier.KMS),
    ],
)
def test_what_is_called_after_keys_is_none(message: str, denier: Denier) -> None:
    """Users, secrets and parameters have names, and these are not AWS's words."""
    assert read("AccessDeniedException", message).denied_by is denier


def test_the_refused_action_is_the_one_that_aws_names() -> None:
    """A call that needs another action is refused for that one."""
    found = read("AccessDeniedException", f"{WHO}kms:Decrypt on resource: x")

    assert found.action == "kms:Decrypt"


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("ThrottlingException", 400, CallStatus.THROTTLED),
        ("TooManyRequestsException", 429, CallStatus.THROTTLED),
        ("Whatever", 429, CallStatus.THROTTLED),
        ("InternalFailure", 500, CallStatus.UNAVAILABLE),
        ("InternalServiceError", 400, CallStatus.UNAVAILABLE),
        ("Whatever", 503, CallStatus.UNAVAILABLE),
        ("ResourceNotFoundException", 400, CallStatus.MISSING),
        ("ParameterNotFound", 400, CallStatus.MISSING),
        ("RepositoryNotFoundException", 400, CallStatus.MISSING),
        ("ValidationException", 400, CallStatus.FAILED),
    ],
)
def test_codes_have_meanings(code: str, status: int, meaning: CallStatus) -> None:
    """The code, else the HTTP status, tells what a refusal means."""
    assert read(code, "because", status).status is meaning


@pytest.mark.parametrize(
    "code",
    [
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidSignatureException",
        "RequestExpired",
        "IncompleteSignatureException",
    ],
)
def test_a_refused_signature_is_not_quoted(code: str) -> None:
    """Such refusals may repeat the signed request, token and all, so their text stays away."""
    found = read(code, "The Canonical String should have been 'POST x-amz-security-token:abc'")

    assert found.status is CallStatus.EXPIRED
    assert found.detail == f"{code}: the credentials are not, or no longer, valid"


def test_a_wrong_clock_is_named() -> None:
    """A signature whose time is off tells of the clock."""
    found = read("InvalidSignatureException", "Signature expired: 20260101T000000Z is now earlier")

    assert found.status is CallStatus.EXPIRED
    assert found.detail == (
        "InvalidSignatureException: the signature's time is not AWS's (is the clock there right?)"
    )


def test_details_are_one_line_of_bounded_length() -> None:
    """A message of many lines becomes one, and a long one is cut."""
    assert read("ValidationException", "one\n  two").detail == "ValidationException: one two"
    assert len(read("ValidationException", "x" * 9000).detail) == 500

"""Secrets and parameters: moto's where it is right, a scripted service where it is not."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace

import moto_service
import pytest
import trustme
from aws_calls import MARK, SIGN, service
from https_servers import Request, Respond, aws, in_turn, refusal

from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Denier,
    Link,
    Outcome,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.secrets import fetch
from pytest_ecs_privatelink.probes.signed_calls import call

VALUE = json.dumps({"password": f"p-{MARK}", "port": 5432})
SECRET = SecretQuestion(
    host="localhost", region="us-east-1", service="secretsmanager", reference="db", key="run-key"
)
PARAMETER = replace(SECRET, service="ssm", reference="/app/token")


def digest(value: str) -> str:
    """Return the digest that only this run's key can make."""
    return hashlib.blake2b(value.encode(), key=b"run-key", digest_size=16).hexdigest()


def ask(
    question: SecretQuestion, respond: Respond, certificate: trustme.LeafCert, ca_file: str
) -> SecretAnswer:
    """Fetch through a fresh wire; the answer never shows the value."""
    with service(certificate, ca_file, respond=respond) as (wire, _):
        answer = fetch(question, wire, SIGN)
    assert MARK not in repr(answer)
    return answer


@pytest.fixture(scope="module")
def moto() -> Iterator[Respond]:
    """Return the answers of a moto that has a secret and two parameters."""
    with moto_service.moto() as respond:
        yield respond


@pytest.fixture(scope="module")
def arn(moto: Respond, certificate: trustme.LeafCert, ca_file: str) -> str:
    """Return the ARN of the secret that moto has, beside its parameters."""
    with service(certificate, ca_file, respond=moto) as (wire, _):

        def make(action: str, **payload: object) -> dict[str, object]:
            return call(wire, SIGN, Link.SECRET, "localhost", action, payload)

        for name, value in (("/app/token", f"t-{MARK}"), ("plain", "x")):
            make("ssm:PutParameter", Name=name, Value=value, Type="SecureString")
        made = make("secretsmanager:CreateSecret", Name="db", SecretString=f"old-{MARK}")
        make("secretsmanager:PutSecretValue", SecretId="db", SecretString=VALUE)
    return str(made["ARN"])


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("{arn}", VALUE),
        ("{arn}:password::", f"p-{MARK}"),
        ("{arn}:port:AWSCURRENT:", "5432"),
        ("{arn}::AWSPREVIOUS:", f"old-{MARK}"),
        ("db", VALUE),
        ("db:password", f"p-{MARK}"),
    ],
)
def test_a_secret_is_measured(
    reference: str,
    value: str,
    arn: str,
    moto: Respond,
    certificate: trustme.LeafCert,
    ca_file: str,
) -> None:
    """By ARN or name, whole, by JSON key or by stage: length and keyed digest are the value's."""
    question = replace(SECRET, reference=reference.format(arn=arn))

    found = ask(question, moto, certificate, ca_file)

    assert found.outcome == Outcome(
        status=CallStatus.OK, link=Link.SECRET, action="secretsmanager:GetSecretValue"
    )
    assert (found.length, found.digest) == (len(value), digest(value))
    assert found.reference == question.reference
    assert [(hop.link, hop.status) for hop in found.hops] == [(Link.SECRET, 200)]


def test_a_version_is_asked_for(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Stage and version of a reference are what is asked for, and nothing else."""
    asked: list[object] = []

    def respond(request: Request) -> bytes:
        asked.append(request.json)
        return aws({"SecretString": "{}"})

    for reference in ("a", "a:k:PREVIOUS:", "a::PREVIOUS:v1", "a:::v1"):
        ask(replace(SECRET, reference=reference), respond, certificate, ca_file)

    assert asked == [
        {"SecretId": "a"},
        {"SecretId": "a", "VersionStage": "PREVIOUS"},
        {"SecretId": "a", "VersionStage": "PREVIOUS", "VersionId": "v1"},
        {"SecretId": "a", "VersionId": "v1"},
    ]


def test_a_json_key_that_is_not_there(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A key that the value lacks is missing, and so it is where the value is no JSON object."""
    for value in (VALUE, f"no json {MARK}", f'["{MARK}"]', f'"\\ud800{MARK}"', "[" * 9000):
        respond = in_turn(aws({"SecretString": value}))

        found = ask(replace(SECRET, reference="db:user"), respond, certificate, ca_file)

        assert found.outcome == Outcome(
            status=CallStatus.MISSING,
            link=Link.SECRET,
            action="secretsmanager:GetSecretValue",
            detail="the secret's value has no JSON key 'user'",
        )
        assert (found.length, found.digest) == (None, None)


def test_a_binary_secret_is_measured(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Of a binary secret the bytes count."""
    respond = in_turn(aws({"SecretBinary": base64.b64encode(b"\0\1\2").decode()}))

    assert ask(SECRET, respond, certificate, ca_file).length == 3


def test_an_answer_without_a_value(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A document that has no value is no answer of the service."""
    for question in (SECRET, PARAMETER):
        for document in ({}, {"SecretString": 5}, {"SecretBinary": "é"}, {"Parameters": [1]}):
            found = ask(question, in_turn(aws(document)), certificate, ca_file)

            assert found.outcome.status is CallStatus.UNEXPECTED
            assert found.outcome.detail == "the answer holds no value"


def test_without_a_key_there_is_no_digest(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A digest without key would let values be guessed."""
    respond = in_turn(aws({"SecretString": "1234"}))

    found = ask(replace(SECRET, key=""), respond, certificate, ca_file)

    assert (found.length, found.digest) == (4, None)


@pytest.mark.parametrize(
    ("reference", "length"),
    [
        ("/app/token", 2 + len(MARK)),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/app/token", 2 + len(MARK)),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/plain", 1),
        ("plain", 1),
    ],
)
@pytest.mark.usefixtures("arn")
def test_a_parameter_is_measured(
    reference: str, length: int, moto: Respond, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """A parameter is found by ARN or name, in a hierarchy or not, and is decrypted."""
    found = ask(replace(PARAMETER, reference=reference), moto, certificate, ca_file)

    assert found.outcome == Outcome(
        status=CallStatus.OK, link=Link.SECRET, action="ssm:GetParameters"
    )
    assert found.length == length


@pytest.mark.usefixtures("arn")
def test_what_is_not_there(moto: Respond, certificate: trustme.LeafCert, ca_file: str) -> None:
    """Missing secrets and parameters are told so; for a probe by such a name all is well."""
    for question, detail in (
        (
            replace(SECRET, reference="none"),
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        ),
        (replace(PARAMETER, reference="/none"), "there is no parameter /none"),
    ):
        found = ask(question, moto, certificate, ca_file)
        probed = ask(replace(question, probing=True), moto, certificate, ca_file)

        assert (found.outcome.status, found.outcome.detail) == (CallStatus.MISSING, detail)
        assert (probed.outcome.status, probed.outcome.link) == (CallStatus.OK, Link.SECRET)
        assert probed.length is None


def test_a_secret_that_is_being_deleted(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A secret marked for deletion cannot be fetched any more: it is missing."""
    message = "You can't perform this operation on the secret because it was marked for deletion."

    found = ask(SECRET, in_turn(refusal("InvalidRequestException", message)), certificate, ca_file)

    assert found.outcome.status is CallStatus.MISSING
    assert found.outcome.detail == f"InvalidRequestException: {message}"


@pytest.mark.parametrize(
    ("message", "denier"),
    [
        ("Access to KMS is not allowed", Denier.KMS),
        (
            "User: x is not authorized to perform: secretsmanager:GetSecretValue on resource: db"
            " because no VPC endpoint policy allows the secretsmanager:GetSecretValue action",
            Denier.ENDPOINT_POLICY,
        ),
        (
            "User: x is not authorized to perform: secretsmanager:GetSecretValue on resource: db"
            " with an explicit deny in a resource-based policy",
            Denier.RESOURCE,
        ),
    ],
)
def test_denials_are_told_apart(
    message: str, denier: Denier, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """The key, the endpoint's policy and the secret's own policy are three different refusals."""
    found = ask(SECRET, in_turn(refusal("AccessDeniedException", message)), certificate, ca_file)

    assert (found.outcome.status, found.outcome.denied_by) == (CallStatus.DENIED, denier)
    assert found.outcome.action == "secretsmanager:GetSecretValue"

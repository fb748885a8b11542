"""Fetch a secret or a parameter as ECS does for a container; of the value keep nothing."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Link,
    Outcome,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.references import read_parameter_name, read_secret_reference
from pytest_ecs_privatelink.probes.signed_calls import call
from pytest_ecs_privatelink.probes.signing import Sign
from pytest_ecs_privatelink.probes.wire import Wire

_GET_SECRET, _GET_PARAMETERS = "secretsmanager:GetSecretValue", "ssm:GetParameters"
_DIGEST_BYTES, _LONGEST_KEY = 16, 64


@dataclass(frozen=True, slots=True)
class _Value:
    """A value on its way to be measured."""

    value: bytes = b""

    def __repr__(self) -> str:
        return "<value>"


def fetch(question: SecretQuestion, wire: Wire, sign: Sign) -> SecretAnswer:
    """Do what ``question`` asks; see `SecretQuestion`. How it went is in the answer; never raises.

    A JSON key that is not in the secret is ``MISSING``, as is a secret marked for deletion.
    """
    began = time.perf_counter()
    look = _fetch_parameter if question.service == "ssm" else _fetch_secret
    try:
        found = look(question, wire, sign)
    except WireError as error:
        found = error.outcome
    outcome = found if isinstance(found, Outcome) else _outcome(CallStatus.OK, question)
    measured = found if isinstance(found, _Value) else None
    return SecretAnswer(
        reference=question.reference,
        outcome=_as_wanted(outcome, question),
        hops=tuple(wire.hops),
        length=None if measured is None else len(measured.value),
        digest=None if measured is None else _digest(measured.value, question.key),
        duration_ms=(time.perf_counter() - began) * 1000,
    )


def _as_wanted(outcome: Outcome, question: SecretQuestion) -> Outcome:
    """Turn "there is no such secret" into what a probe by an impossible name wanted to hear."""
    if question.probing and outcome.status is CallStatus.MISSING:
        return replace(outcome, status=CallStatus.OK)
    return outcome


def _digest(value: bytes, key: str) -> str | None:
    """Return a digest that only who knows ``key`` can guess values by; none without a key."""
    if not key:
        return None
    secret = key.encode()[:_LONGEST_KEY]
    return hashlib.blake2b(value, key=secret, digest_size=_DIGEST_BYTES).hexdigest()


def _fetch_secret(question: SecretQuestion, wire: Wire, sign: Sign) -> _Value | Outcome:
    reference = read_secret_reference(question.reference)
    payload = {"SecretId": reference.secret}
    if reference.stage is not None:
        payload["VersionStage"] = reference.stage
    if reference.version is not None:
        payload["VersionId"] = reference.version
    try:
        found = call(wire, sign, Link.SECRET, question.host, _GET_SECRET, payload)
    except WireError as error:
        if "marked for deletion" not in error.outcome.detail:
            raise
        return replace(error.outcome, status=CallStatus.MISSING)
    whole = _secret_value(found)
    if whole is None:
        return _outcome(CallStatus.UNEXPECTED, question, "the answer holds no value")
    if reference.json_key is None:
        return whole
    return _entry(whole, reference.json_key) or _outcome(
        CallStatus.MISSING, question, f"the secret's value has no JSON key {reference.json_key!r}"
    )


def _secret_value(found: dict[str, Any]) -> _Value | None:
    text, binary = found.get("SecretString"), found.get("SecretBinary")
    if isinstance(text, str):
        return _text(text)
    try:
        return _Value(base64.b64decode(binary)) if isinstance(binary, str) else None
    except ValueError:
        return None


def _text(value: str) -> _Value:
    # JSON can say what UTF-8 cannot, and an exception would quote it.
    return _Value(value.encode(errors="surrogatepass"))


def _entry(whole: _Value, key: str) -> _Value | None:
    try:
        document = json.loads(whole.value)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or key not in document:
        return None
    entry = document[key]
    return _text(entry if isinstance(entry, str) else json.dumps(entry))


def _fetch_parameter(question: SecretQuestion, wire: Wire, sign: Sign) -> _Value | Outcome:
    name = read_parameter_name(question.reference)
    payload = {"Names": [name], "WithDecryption": True}
    found = call(wire, sign, Link.SECRET, question.host, _GET_PARAMETERS, payload)
    parameters = found.get("Parameters")
    if isinstance(parameters, list) and parameters:
        value = parameters[0].get("Value") if isinstance(parameters[0], dict) else None
        if isinstance(value, str):
            return _text(value)
    if found.get("InvalidParameters"):
        return _outcome(CallStatus.MISSING, question, f"there is no parameter {name}")
    return _outcome(CallStatus.UNEXPECTED, question, "the answer holds no value")


def _outcome(status: CallStatus, question: SecretQuestion, detail: str = "") -> Outcome:
    action = _GET_PARAMETERS if question.service == "ssm" else _GET_SECRET
    return Outcome(status=status, link=Link.SECRET, action=action, detail=detail)

"""The machine's own credentials: from instance metadata or not at all, with the reason."""

import json
import socket
import time
from collections.abc import Mapping

import pytest
from instance_metadata import DOCUMENT, MARK, ROLES, metadata

from pytest_ecs_privatelink.probes.instance_role import NoRoleError, role_credentials


def refusal(documents: Mapping[str, str | int], token: int = 200) -> str:
    """Return why a metadata service with ``documents`` gives no credentials."""
    with metadata(documents, token) as endpoint, pytest.raises(NoRoleError) as refused:
        role_credentials(5.0, endpoint)
    return str(refused.value)


def test_the_roles_credentials_are_read_through_a_session() -> None:
    """Token, role and document are asked for in turn, and the document's keys come back."""
    with metadata({ROLES: "agent\n", f"{ROLES}agent": json.dumps(DOCUMENT)}) as endpoint:
        found = role_credentials(5.0, endpoint)

    assert (found.access_key, found.secret_key, found.token) == (
        "ASIAEXAMPLE",
        f"secret-{MARK}",
        f"token-{MARK}",
    )
    assert MARK not in repr(found)


def test_proxies_are_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy's machine would give away credentials that are not this machine's."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with metadata({ROLES: "agent", f"{ROLES}agent": json.dumps(DOCUMENT)}) as endpoint:
        assert role_credentials(5.0, endpoint).access_key == "ASIAEXAMPLE"


NO_ROLE = "no credentials: no IAM role is attached to this instance (no instance profile)"


@pytest.mark.parametrize(
    ("documents", "token", "why"),
    [
        (
            {},
            403,
            "no credentials: instance metadata is switched off on this instance (HTTP 403)",
        ),
        ({}, 200, NO_ROLE),
        ({ROLES: "\n"}, 200, NO_ROLE),
        (
            {},
            503,
            "no credentials: instance metadata answers HTTP 503 for PUT /latest/api/token",
        ),
    ],
)
def test_each_lack_has_its_reason(documents: Mapping[str, str | int], token: int, why: str) -> None:
    """Switched off, no role and trouble are told apart, for each has another remedy."""
    assert refusal(documents, token) == why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"Code": "AssumeRoleUnauthorizedAccess"},
            "no credentials: instance metadata says of role agent: AssumeRoleUnauthorizedAccess",
        ),
        ({"Code": None}, "no credentials: instance metadata says of role agent: no word"),
        (
            {"Expiration": "2026-01-01T00:00:00Z"},
            "no credentials: those of role agent expired at 2026-01-01T00:00:00Z"
            " (is the clock there right?)",
        ),
        ({"SecretAccessKey": ""}, "no credentials: instance metadata has none for role agent"),
    ],
)
def test_documents_that_are_no_use_say_why(changes: dict[str, object], why: str) -> None:
    """A role that cannot be assumed, credentials of yesterday or none at all: no secret shows."""
    document = json.dumps(DOCUMENT | changes)

    assert refusal({ROLES: "agent", f"{ROLES}agent": document}) == why


@pytest.mark.parametrize("document", ["<html>", "[]", "[" * 100_000])
def test_what_is_no_document_has_no_credentials(document: str) -> None:
    """Whatever answers in the place of the service, nothing is made of it."""
    why = "no credentials: instance metadata says of role agent: no word"

    assert refusal({ROLES: "agent", f"{ROLES}agent": document}) == why


def test_silence_and_nobody_there_end_in_time() -> None:
    """Where no service answers, the deadline is kept, and the hop limit is thought of."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(NoRoleError) as late:
            role_credentials(0.2, endpoint)
        took = time.monotonic() - began
    with pytest.raises(NoRoleError) as refused:
        role_credentials(5.0, endpoint)

    hint = " (no EC2 instance, or its hop limit is too low to be reached from a container)"
    assert str(late.value) == (f"no credentials: instance metadata: no answer within 0.2 s{hint}")
    assert took < 2
    assert str(refused.value) == (
        f"no credentials: instance metadata: no answer: Connection refused{hint}"
    )

"""Where the credentials of probes come from, and what a run without any says."""

import functools
from dataclasses import replace
from pathlib import Path

import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from planned_vpc import SERVICES, planned, vpc

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.plugin.keys import keys_of, unsigned
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, Claim

NONE = "no AWS credentials were found: calls to AWS are signed with them"


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Leave no credentials anywhere that botocore looks."""
    for name in (
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"),
        *("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/config")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", f"{tmp_path}/credentials")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.mark.usefixtures("nobody")
def test_credentials_are_the_sessions_own() -> None:
    """Key, secret and token go out as the session has them, opened once."""
    opened: list[boto3.Session] = []

    def session() -> boto3.Session:
        opened.append(
            boto3.Session(
                aws_access_key_id="AKIAEXAMPLE",
                aws_secret_access_key="of-nobody",
                aws_session_token="passing",
            )
        )
        return opened[-1]

    keys = keys_of(session)
    found = (keys(), keys())[1]
    assert (found.access_key, found.secret_key, found.token) == (
        "AKIAEXAMPLE",
        "of-nobody",
        "passing",
    )
    assert len(opened) == 1
    assert "of-nobody" not in repr(found)


@pytest.mark.usefixtures("nobody")
def test_a_run_without_credentials_cannot_prove_chains() -> None:
    """It says so once, for all that it was asked for, and proves the paths all the same."""
    keys = keys_of(functools.partial(boto3.Session, region_name="us-east-1"))
    with pytest.raises(VantageError) as refused:
        keys()
    assert str(refused.value) == NONE
    plan = planned(vpc(*SERVICES))
    assert unsigned(keys, plan) == dict.fromkeys(CHAIN_CLAIMS, NONE)


@pytest.mark.usefixtures("nobody")
def test_a_run_that_asks_for_no_chain_looks_for_no_credentials() -> None:
    """Where only paths are proven nothing is signed."""
    plan = planned(vpc(*SERVICES))
    paths = replace(plan, settings=replace(plan.settings, claims=(Claim.TCP_443,)))

    def never() -> boto3.Session:
        raise AssertionError("a session was opened")

    assert unsigned(keys_of(never), paths) == {}


@pytest.mark.usefixtures("nobody")
def test_what_a_credential_process_says_is_not_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    """Its text may hold a secret: only the kind of the error is named."""
    config = f"{tmp_path}/config"
    with open(config, "w", encoding="ascii") as file:
        file.write("[default]\ncredential_process = sh -c 'echo hunter2 >&2; exit 1'\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", config)
    with pytest.raises(VantageError) as refused:
        keys_of(boto3.Session)()
    assert str(refused.value) == "AWS credentials could not be had: CredentialRetrievalError"
    assert refused.value.__context__ is None
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("text", ['{"SecretAccessKey": "hunter2"', "[]"])
@pytest.mark.usefixtures("nobody")
def test_what_no_credential_process_should_say_is_not_told(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Botocore lets such errors through as they are, and its frames hold what was said."""
    (tmp_path / "said").write_text(text)
    (tmp_path / "config").write_text(f"[default]\ncredential_process = cat {tmp_path}/said\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", f"{tmp_path}/config")
    with pytest.raises(VantageError) as refused:
        keys_of(boto3.Session)()
    assert str(refused.value).startswith("AWS credentials could not be had: ")
    assert refused.value.__context__ is None


def test_credentials_that_are_stale_once_refreshed_are_not_told() -> None:
    """Botocore says so by RuntimeError, in a frame that knows them."""

    def refresh() -> dict[str, str]:
        return {
            "access_key": "AKIAEXAMPLE",
            "secret_key": "hunter2",
            "token": "passing",
            "expiry_time": "2000-01-01T00:00:00Z",
        }

    session = botocore.session.Session()
    session._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]
        refresh(), refresh, "test"
    )
    with pytest.raises(VantageError) as refused:
        keys_of(lambda: boto3.Session(botocore_session=session))()
    assert str(refused.value) == "AWS credentials could not be had: RuntimeError"
    assert refused.value.__context__ is None


def test_what_a_failed_refresh_says_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Botocore warns with the error's text, which is the credential process's own."""

    def refresh() -> dict[str, str]:
        raise CredentialRetrievalError(provider="custom-process", error_msg="hunter2")

    old = {
        "access_key": "AKIAEXAMPLE",
        "secret_key": "of-nobody",
        "token": "passing",
        "expiry_time": "2000-01-01T00:00:00Z",
    }
    session = botocore.session.Session()
    session._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]
        old, refresh, "test"
    )
    with pytest.raises(VantageError) as refused:
        keys_of(lambda: boto3.Session(botocore_session=session))()
    assert str(refused.value) == "AWS credentials could not be had: CredentialRetrievalError"
    assert "hunter2" not in caplog.text

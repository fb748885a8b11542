"""The credentials of a task's role: from the ECS agent or not at all, with the reason."""

import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pytest_ecs_privatelink.probes.instance_role import NoRoleError
from pytest_ecs_privatelink.probes.task_role import task_credentials

PATH = "/v2/credentials/5d0a-tell-no-one"
MARK = "tell-no-one"
DOCUMENT = {
    "RoleArn": "arn:aws:iam::111122223333:role/execution",
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": f"secret-{MARK}",
    "Token": f"token-{MARK}",
    "Expiration": "2199-01-01T00:00:00Z",
}
NOBODY = "http://127.0.0.1:9"


@contextlib.contextmanager
def agent(status: int, text: str) -> Iterator[str]:
    """Serve a task's credentials on loopback; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = status if self.path == PATH else 404
            self.send_response(found)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_a_task_signs_as_its_own_role(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's path is in the environment; the instance is not asked where it is."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", PATH)
    with agent(200, json.dumps(DOCUMENT)) as endpoint:
        found = task_credentials(5.0, NOBODY, endpoint)

    assert (found.access_key, found.secret_key, found.token) == (
        "ASIAEXAMPLE",
        f"secret-{MARK}",
        f"token-{MARK}",
    )


@pytest.mark.parametrize(
    ("status", "text", "why"),
    [
        (400, "{}", "no credentials: the ECS agent: HTTP 400"),
        (200, "{}", "no credentials: the ECS agent has none for the task's role"),
        (
            200,
            json.dumps(DOCUMENT | {"Expiration": "2026-01-01T00:00:00Z"}),
            "no credentials: those of the task's role expired at 2026-01-01T00:00:00Z (is the"
            " clock there right?)",
        ),
    ],
)
def test_each_lack_has_its_reason(
    monkeypatch: pytest.MonkeyPatch, status: int, text: str, why: str
) -> None:
    """Refused, empty or of yesterday: told without the path, which is as good as a key."""
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", PATH)
    with agent(status, text) as endpoint, pytest.raises(NoRoleError) as refused:
        task_credentials(5.0, NOBODY, endpoint)

    assert str(refused.value) == why
    assert MARK not in str(refused.value)


def test_a_task_without_a_role_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a task, the instance's credentials are not the task's."""
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", raising=False)
    monkeypatch.setenv("ECS_CONTAINER_METADATA_URI_V4", "http://169.254.170.2/v4/1")
    with pytest.raises(NoRoleError, match="this task has no task role"):
        task_credentials(5.0, NOBODY, NOBODY)


def test_elsewhere_the_machine_s_own_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where this is no task at all, instance metadata is what there is."""
    for name in ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "ECS_CONTAINER_METADATA_URI_V4"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(NoRoleError, match="instance metadata"):
        task_credentials(5.0, NOBODY, NOBODY)

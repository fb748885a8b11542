"""The emulator with what it only pretends put right: scripts run, agents are who they are."""

import io
import json
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_ecs_privatelink.lab.agent_truth import Agents, Raw
from pytest_ecs_privatelink.lab.cloud import ACCOUNT, REGION
from pytest_ecs_privatelink.lab.poll_endpoints import ECS, poll_endpoints
from pytest_ecs_privatelink.lab.refused_call import CallRefusedError
from pytest_ecs_privatelink.lab.run_command import Commands
from pytest_ecs_privatelink.lab.run_task import Tasks

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_JSON = "application/x-amz-json-1.1"
_SIGNED = (
    f"AWS4-HMAC-SHA256 Credential=lab/20260101/{REGION}/ecs/aws4_request, SignedHeaders=host,"
    " Signature=0"
)
Own: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, object]]
Amend: TypeAlias = Callable[[Raw, Raw], None]


class Answers:
    """A WSGI application: own answers to some calls, the ``emulator``'s to all others.

    ``machines`` is the file that names the sockets of the lab's hosts, ``places`` the one that
    names where tasks can run. Calls are told apart by X-Amz-Target alone, whoever signed them.
    """

    def __init__(
        self, emulator: "WSGIApplication", machines: Path | None, places: Path | None
    ) -> None:
        self._emulator = emulator
        # moto's backends are plain dictionaries, not made for threads.
        self._one_at_a_time = threading.Lock()
        commands, agents = Commands(machines, ACCOUNT), Agents(_endpoints_beside)
        tasks = Tasks(places, self._ask)
        self._agents = agents
        self._own: Mapping[str, Own] = {
            "AmazonSSM.SendCommand": commands.send,
            "AmazonSSM.GetCommandInvocation": commands.invocation,
            "AmazonSSM.CancelCommand": commands.cancel,
            f"{ECS}.RunTask": tasks.run,
            f"{ECS}.DescribeTasks": tasks.describe,
            f"{ECS}.ListTasks": tasks.arns,
            f"{ECS}.StopTask": tasks.stop,
            # Whoever asks the cloud itself has come by a public path: endpoints are the twin's.
            f"{ECS}.DiscoverPollEndpoint": lambda _: poll_endpoints(REGION, private=False),
        }
        self._amended: Mapping[str, Amend] = {
            f"{ECS}.RegisterContainerInstance": agents.registered,
            f"{ECS}.DescribeContainerInstances": agents.described,
        }

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one call."""
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        if target in self._own:
            return _said(start_response, self._own[target], _body(environ))
        with self._one_at_a_time:
            if target in self._amended:
                return self._put_right(environ, start_response, self._amended[target])
            return list(self._emulator(environ, start_response))

    def _ask(self, operation: str, request: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the emulator's ECS says, its agents put right; `CallRefusedError`."""
        statuses: list[str] = []

        def keep(status: str, *_: object) -> Callable[..., object]:
            statuses.append(status)
            return statuses.append

        with self._one_at_a_time:
            answer = b"".join(self._emulator(_call_of(operation, request), keep))
            said: dict[str, Any] = json.loads(answer)
            if operation == "DescribeContainerInstances":
                self._agents.looked_at(said)
        if not statuses[0].startswith("200"):
            code = str(said.get("__type", "ServerException")).rpartition("#")[2]
            raise CallRefusedError(code, str(said.get("message", "")))
        return said

    def _put_right(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", amend: Amend
    ) -> Iterable[bytes]:
        request = _body(environ)
        heads: list[tuple[str, list[tuple[str, str]]]] = []

        def keep(status: str, headers: list[tuple[str, str]], *_: object) -> Callable[..., object]:
            heads.append((status, headers))
            return heads.append

        body = b"".join(self._emulator(environ, keep))
        ((status, headers),) = heads
        if status.startswith("200"):
            answer = json.loads(body)
            amend(json.loads(request), answer)
            body = json.dumps(answer).encode()
        length = ("Content-Length", str(len(body)))
        kept = [each for each in headers if each[0].lower() != "content-length"]
        start_response(status, [*kept, length])
        return [body]


def _call_of(operation: str, request: Mapping[str, Any]) -> "WSGIEnvironment":
    """Return a call of ECS as a client's would come."""
    body = json.dumps(request).encode()
    return {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": f"ecs.{REGION}.amazonaws.com",
        "HTTP_AUTHORIZATION": _SIGNED,
        "HTTP_X_AMZ_TARGET": f"{ECS}.{operation}",
        "CONTENT_TYPE": _JSON,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.url_scheme": "http",
    }


def _body(environ: "WSGIEnvironment") -> bytes:
    """Return the request's body, and leave it there for whoever reads on."""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _said(start_response: "StartResponse", own: Own, request: bytes) -> Iterable[bytes]:
    status = "200 OK"
    try:
        answer = own(json.loads(request))
    except CallRefusedError as refusal:
        status = "400 Bad Request"
        answer = {"__type": refusal.code, "message": refusal.message}
    body = json.dumps(answer).encode()
    start_response(status, [("Content-Type", _JSON), ("Content-Length", str(len(body)))])
    return [body]


def _endpoints_beside(instance: str) -> Iterable[float]:
    """Return when the endpoints were made that the emulator has in the VPC of an EC2 instance."""
    from moto.ec2.models import ec2_backends

    backend = ec2_backends[ACCOUNT][REGION]
    vpc = backend.get_instance(instance).vpc_id
    return [
        each.creation_timestamp.replace(tzinfo=UTC).timestamp()
        for each in backend.vpc_end_points.values()
        if each.vpc_id == vpc and each.state != "deleted"
    ]

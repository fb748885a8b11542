"""ECS and CloudWatch Logs over real HTTP on loopback, whose tasks live as a test says."""

import contextlib
import functools
import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3
from botocore import xform_name

from pytest_ecs_privatelink.lab.cloud_session import session_at

REGION = "us-east-1"
ACCOUNT = "arn:aws:ecs:us-east-1:111122223333"
Raw = dict[str, Any]
Refusal = tuple[str, str]
GAP = "a page without events"
HEALTHY = ("PROVISIONING", "PENDING", "RUNNING", "DEPROVISIONING", "STOPPED")
ENDED_WELL: Raw = {
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "startedAt": 1_764_000_000.0,
    "containers": [{"name": "probe", "exitCode": 0}],
}


@dataclass
class EcsCloud:
    """What was called, and how tasks live.

    Each look at a task shows the next of ``story``, its last one for ever; ``end`` is what a
    stopped task says of itself. ``hidden`` are the numbers of the looks (from 1) that find no task.
    ``log`` is what a task's log stream holds, which is there from look ``log_from`` on.
    ``refuses`` has code and message by operation, ``stubborn`` is a task that cannot be stopped,
    ``failure`` what RunTask says in place of a task.
    ``hold`` keeps RunTask from answering until it is set; ``held`` is set when it does, ``stopped``
    when a task was.
    """

    url: str = ""
    sessions: boto3.Session | None = None
    story: Sequence[str] = HEALTHY
    end: Raw = field(default_factory=lambda: dict(ENDED_WELL))
    hidden: Callable[[int], bool] = lambda _: False
    log: Sequence[str] = ("whole",)
    log_from: int = 1
    refuses: Mapping[str, Refusal] = field(default_factory=dict)
    stubborn: str = ""
    failure: Raw | None = None
    hold: threading.Event | None = None
    held: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    calls: list[tuple[str, Raw]] = field(default_factory=list)
    tasks: dict[str, Raw] = field(default_factory=dict)
    definitions: dict[str, Raw] = field(default_factory=dict)
    streams: set[str] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    together: int = 0
    _looks: dict[str, int] = field(default_factory=dict)
    _alone: threading.Lock = field(default_factory=threading.Lock)

    def session(self) -> boto3.Session:
        """Return a session whose clients call here."""
        assert self.sessions is not None
        return self.sessions

    def called(self, operation: str) -> list[Raw]:
        """Return the requests of ``operation``."""
        return [request for name, request in self.calls if name == operation]

    @property
    def left(self) -> dict[str, list[str]]:
        """What is still there of all that was made: tasks that run, definitions, streams."""
        running = [arn for arn, task in self.tasks.items() if task["desired"] != "STOPPED"]
        found = {
            "tasks": running,
            "definitions": list(self.definitions),
            "streams": sorted(self.streams),
            "groups": sorted(self.groups),
        }
        return {kind: names for kind, names in found.items() if names}

    def answer(self, operation: str, request: Raw) -> tuple[int, Raw]:
        """Answer one call."""
        if operation == "RunTask" and self.hold is not None:
            self.held.set()
            self.hold.wait(10)
        with self._alone:
            self.calls.append((operation, request))
            refusal = self.refuses.get(operation)
            if operation == "StopTask" and request["task"] == self.stubborn:
                refusal = ("InvalidParameterException", "The referenced task was not found.")
            if refusal:
                return 400, {"__type": refusal[0], "message": refusal[1]}
            answering: Callable[[Raw], Raw | None] = getattr(self, f"_on_{xform_name(operation)}")
            found = answering(request)
        if found is None:
            return 400, {"__type": "ResourceNotFoundException", "message": "it is not there"}
        return 200, found

    def _on_register_task_definition(self, request: Raw) -> Raw:
        revision = sum(each["family"] == request["family"] for each in self.definitions.values())
        arn = f"{ACCOUNT}:task-definition/{request['family']}:{revision + 1}"
        self.definitions[arn] = request
        return {"taskDefinition": {"taskDefinitionArn": arn}}

    def _on_deregister_task_definition(self, request: Raw) -> Raw:
        self.definitions.pop(request["taskDefinition"])
        return {"taskDefinition": {}}

    def _on_list_task_definition_families(self, request: Raw) -> Raw:
        families = dict.fromkeys(each["family"] for each in self.definitions.values())
        prefix = request.get("familyPrefix", "")
        return {"families": [each for each in families if each.startswith(prefix)]}

    def _on_list_task_definitions(self, request: Raw) -> Raw:
        wanted = request["familyPrefix"]
        arns = [arn for arn, each in self.definitions.items() if each["family"] == wanted]
        return {"taskDefinitionArns": arns}

    def _on_describe_task_definition(self, _: Raw) -> Raw:
        return {"taskDefinition": {"registeredAt": 1_000.0}}

    def _on_list_clusters(self, _: Raw) -> Raw:
        return {"clusterArns": [f"{ACCOUNT}:cluster/app"]}

    def _on_run_task(self, request: Raw) -> Raw:
        if self.failure is not None:
            return {"tasks": [], "failures": [self.failure]}
        same = [a for a, t in self.tasks.items() if t["clientToken"] == request["clientToken"]]
        arn = same[0] if same else f"{ACCOUNT}:task/app/{len(self.tasks) + 1:032x}"
        self.tasks[arn] = {**request, "desired": "RUNNING"}
        return {"tasks": [{"taskArn": arn, "lastStatus": "PROVISIONING"}], "failures": []}

    def _on_list_tasks(self, request: Raw) -> Raw:
        by = request.get("startedBy")
        return {
            "taskArns": [
                arn
                for arn, task in self.tasks.items()
                if task["desired"] == "RUNNING" and by in (None, task["startedBy"])
            ]
        }

    def _on_stop_task(self, request: Raw) -> Raw:
        self.tasks[request["task"]]["desired"] = "STOPPED"
        self.stopped.set()
        return {"task": {}}

    def _on_describe_tasks(self, request: Raw) -> Raw:
        self.together = max(self.together, len(request["tasks"]))
        found, missing = [], []
        for arn in request["tasks"]:
            self._looks[arn] = look = self._looks.get(arn, 0) + 1
            if self.hidden(look):
                missing.append({"arn": arn, "reason": "MISSING"})
            else:
                found.append(self._described(arn, look))
        return {"tasks": found, "failures": missing}

    def _described(self, arn: str, look: int) -> Raw:
        task = self.tasks[arn]
        status = self.story[min(look, len(self.story)) - 1]
        if task["desired"] == "STOPPED":
            status = "STOPPED"
        told: Raw = {"taskArn": arn, "lastStatus": status, "createdAt": 1_000.0}
        told["startedBy"] = task["startedBy"]
        if status == "RUNNING" and self.log:
            self.streams.add(_stream_of(arn, task))
        if status == "STOPPED":
            task["desired"] = "STOPPED"
            told |= self.end
        return told

    def _on_get_log_events(self, request: Raw) -> Raw | None:
        looks = sum(name == "GetLogEvents" for name, _ in self.calls)
        if not self.log or looks < self.log_from:
            return None
        start = int(request.get("nextToken", "f/0").partition("/")[2])
        page = self.log[start : start + 2]
        if page and page[0] == GAP:
            return {"events": [], "nextForwardToken": f"f/{start + 1}"}
        return {
            "events": [{"message": each, "timestamp": 1} for each in page],
            "nextForwardToken": f"f/{start + len(page)}",
        }

    def _on_create_log_group(self, request: Raw) -> Raw:
        self.groups.add(request["logGroupName"])
        return {}

    def _on_put_retention_policy(self, _: Raw) -> Raw:
        return {}

    def _on_delete_log_group(self, request: Raw) -> Raw:
        self.groups.remove(request["logGroupName"])
        return {}

    def _on_describe_log_groups(self, _: Raw) -> Raw:
        return {"logGroups": []}

    def _on_delete_log_stream(self, request: Raw) -> Raw | None:
        if request["logStreamName"] not in self.streams:
            return None
        self.streams.remove(request["logStreamName"])
        return {}


def _stream_of(arn: str, task: Raw) -> str:
    return f"{task['startedBy']}/probe/{arn.rpartition('/')[2]}"


@contextlib.contextmanager
def ecs_cloud(**said: Any) -> Iterator[EcsCloud]:  # noqa: ANN401 - the fields of EcsCloud
    """Serve on loopback until closed."""
    server = _server()
    cloud = server.cloud = EcsCloud(url=server.url, sessions=server.sessions, **said)
    try:
        yield cloud
    finally:
        server.cloud = EcsCloud()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    cloud: EcsCloud

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @functools.cached_property
    def sessions(self) -> boto3.Session:
        """One for all tests: what botocore knows of a service takes long to read."""
        return session_at(self.url, REGION)


class _Handler(BaseHTTPRequestHandler):
    wbufsize = -1
    server: _Server

    def do_POST(self) -> None:
        operation = self.headers["X-Amz-Target"].rpartition(".")[2]
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, answer = self.server.cloud.answer(operation, request)
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        with contextlib.suppress(ConnectionError):
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@functools.cache
def _server() -> _Server:
    server = _Server(("127.0.0.1", 0), _Handler)
    server.cloud = EcsCloud()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server

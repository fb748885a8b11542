"""An ECS API on loopback that knows container instances, and whose agents come and go."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.targets.agent_watch import AgentWatch

REGION = "us-east-1"


@dataclass
class EcsApi:
    """``connected`` tells of an agent in which look (from 1) it is connected; None: unknown.

    ``asked`` holds the container instances of each request, ``denies`` makes it refuse.
    """

    connected: Callable[[str, int], bool | None]
    url: str = ""
    denies: bool = False
    asked: list[list[str]] = field(default_factory=list)

    def watch(self) -> AgentWatch:
        """Return a watch that looks here."""
        return AgentWatch(lambda: session_at(self.url, REGION), REGION)

    def answer(self, asked: list[str]) -> tuple[int, object]:
        """Return status and document, and remember who was asked about."""
        self.asked.append(asked)
        if self.denies:
            words = "User: x is not authorized to perform: ecs:DescribeContainerInstances"
            return 400, {"__type": "AccessDeniedException", "message": words}
        looks = {each: sum(each in one for one in self.asked) for each in asked}
        found = {each: self.connected(each, looks[each]) for each in asked}
        known = [
            {"containerInstanceArn": each, "agentConnected": value}
            for each, value in found.items()
            if value is not None
        ]
        return 200, {"containerInstances": known, "failures": []}


@contextlib.contextmanager
def ecs_api(connected: Callable[[str, int], bool | None]) -> Iterator[EcsApi]:
    """Serve until the block ends."""
    api = EcsApi(connected)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, document = api.answer(body["containerInstances"])
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.end_headers()
            self.wfile.write(json.dumps(document).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        api.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()

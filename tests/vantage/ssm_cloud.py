"""RunCommand of Systems Manager over real HTTP, which really runs the script, here on loopback."""

import contextlib
import json
import subprocess
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import boto3

MOST_SHOWN = 24_000
_CUT = "\n---Output truncated---"

Refusal = tuple[str, str]


@dataclass
class SsmCloud:
    """What was called, and how to answer otherwise than by running what was sent.

    ``refuses`` has error code and message by operation; ``unknown_at_first`` is how often an
    invocation is not known yet; ``status`` stands in for what a command came to.
    """

    endpoint: str = ""
    refuses: dict[str, Refusal] = field(default_factory=dict)
    unknown_at_first: int = 0
    status: tuple[str, str] | None = None
    shown: int = MOST_SHOWN
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)
    clients: int = 0

    def session(self) -> boto3.Session:
        """Return a session whose clients call here."""
        cloud = self

        class Session(boto3.Session):
            def client(self, name: str, **more: Any) -> Any:  # type: ignore[override]  # noqa: ANN401
                cloud.clients += 1
                return super().client(name, endpoint_url=cloud.endpoint, **more)

        return Session(
            aws_access_key_id="AKIA", aws_secret_access_key="secret", region_name="us-east-1"
        )

    def called(self, operation: str) -> list[dict[str, Any]]:
        """Return the requests of ``operation``."""
        return [request for name, request in self.calls if name == operation]

    def answer(self, operation: str, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Answer one call."""
        self.calls.append((operation, request))
        if refusal := self.refuses.get(operation):
            return 400, {"__type": refusal[0], "message": refusal[1]}
        if operation == "SendCommand":
            return 200, {"Command": {"CommandId": self._send(request)}}
        if operation == "GetCommandInvocation":
            if self.unknown_at_first:
                self.unknown_at_first -= 1
                return 400, {"__type": "InvocationDoesNotExist", "message": ""}
            return 200, self.results[request["CommandId"]]
        return 200, {}

    def _send(self, request: dict[str, Any]) -> str:
        id_ = str(uuid.uuid4())
        common = {"CommandId": id_, "InstanceId": request["InstanceIds"][0]}
        empty = {"ResponseCode": -1, "StandardOutputContent": "", "StandardErrorContent": ""}
        if self.status is not None:
            status, detail = self.status
            self.results[id_] = {**common, **empty, "Status": status, "StatusDetails": detail}
            return id_
        self.results[id_] = {
            **common,
            **empty,
            "Status": "InProgress",
            "StatusDetails": "InProgress",
        }
        threading.Thread(target=self._run, args=(id_, request), daemon=True).start()
        return id_

    def _run(self, id_: str, request: dict[str, Any]) -> None:
        ended = subprocess.run(
            ["/bin/sh", "-c", "\n".join(request["Parameters"]["commands"])],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
        status = "Failed" if ended.returncode else "Success"
        output = ended.stdout.decode()
        cut = output[: self.shown - len(_CUT)] + _CUT if len(output) > self.shown else output
        self.results[id_] = {
            **self.results[id_],
            "Status": status,
            "StatusDetails": status,
            "ResponseCode": ended.returncode,
            "StandardOutputContent": cut,
            "StandardErrorContent": ended.stderr.decode()[:8000],
        }


@contextlib.contextmanager
def ssm_cloud() -> Iterator[SsmCloud]:
    """Serve on loopback until closed."""
    cloud = SsmCloud()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            operation = self.headers["X-Amz-Target"].partition(".")[2]
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, answer = cloud.answer(operation, request)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        cloud.endpoint = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield cloud
        finally:
            server.shutdown()
            thread.join()

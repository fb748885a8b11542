"""What answers on a container instance, on loopback and Unix sockets: its agent, its Docker."""

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

METADATA, CONTAINER = "/v1/metadata", "/containers/ecs-agent/json"
Documents = Mapping[str, str]


class _OverUnix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def get_request(self) -> tuple[Any, Any]:
        connection, _ = super().get_request()
        return connection, ("unix", 0)


@contextlib.contextmanager
def agent(documents: Documents) -> Iterator[int]:
    """Serve ``documents`` by path, 404 else; yield the port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _handler(documents)) as server, _running(server):
        yield server.server_port


@contextlib.contextmanager
def docker(folder: Path, documents: Documents) -> Iterator[str]:
    """Serve ``documents`` on a Unix socket in ``folder``; yield its path."""
    path = str(folder / "docker.sock")
    with _OverUnix(path, _handler(documents)) as server, _running(server):
        yield path


def container(started: str, *environment: str) -> Documents:
    """Return what Docker says of the agent's container."""
    told = {
        "State": {"Running": True, "StartedAt": started},
        "Config": {"Env": list(environment), "Cmd": ["/agent"]},
    }
    return {CONTAINER: json.dumps(told)}


@contextlib.contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def _handler(documents: Documents) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = documents.get(self.path)
            self.send_response(404 if text is None else 200)
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler

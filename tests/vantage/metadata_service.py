"""AWS's metadata services on loopback, as a test wants them."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "token-of-the-test"


@dataclass
class MetadataService:
    """``documents`` by path; ``requests`` holds (method, path, token) of each that came."""

    documents: Mapping[str, str]
    address: str = ""
    requests: list[tuple[str, str, str | None]] = field(default_factory=list)


@contextlib.contextmanager
def metadata_service(documents: Mapping[str, str]) -> Iterator[MetadataService]:
    """Serve ``documents`` on 127.0.0.1; what needs a token (instance metadata) asks for it."""
    service = MetadataService(documents)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            self._note()
            lifetime = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds")
            asked_right = self.path == "/latest/api/token" and lifetime is not None
            self._answer(200 if asked_right else 400, TOKEN if asked_right else "")

        def do_GET(self) -> None:
            self._note()
            text = service.documents.get(self.path)
            if self.path.startswith("/latest/") and self._token() != TOKEN:
                self._answer(401, "")
            else:
                self._answer(404 if text is None else 200, text or "")

        def _note(self) -> None:
            service.requests.append((self.command, self.path, self._token()))

        def _token(self) -> str | None:
            token: str | None = self.headers.get("X-aws-ec2-metadata-token")
            return token

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()

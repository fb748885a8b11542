"""Instance metadata (IMDSv2) on loopback, with a role, or with what a test wants instead."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ROLES = "/latest/meta-data/iam/security-credentials/"
MARK = "tell-no-one-51c2"
DOCUMENT = {
    "Code": "Success",
    "Type": "AWS-HMAC",
    "AccessKeyId": "ASIAEXAMPLE",
    "SecretAccessKey": f"secret-{MARK}",
    "Token": f"token-{MARK}",
    "Expiration": "2199-01-01T00:00:00Z",
}
TOKEN = "session-of-the-test"


@contextlib.contextmanager
def metadata(documents: Mapping[str, str | int], token: int = 200) -> Iterator[str]:
    """Serve IMDSv2 on loopback: texts, or statuses in their place; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            asked = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds") is not None
            self._answer(token if asked and self.path == "/latest/api/token" else 400, TOKEN)

        def do_GET(self) -> None:
            found = documents.get(self.path, 404)
            if self.headers.get("X-aws-ec2-metadata-token") != TOKEN:
                found = 401
            self._answer(200, found) if isinstance(found, str) else self._answer(found, "<html/>")

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()

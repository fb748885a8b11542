"""A real HTTP server in front of an emulator, which answers named operations as AWS would.

What has no answer of its own goes on to the emulator. Answers are functions of the request, so
that a test can count, fail once, cut into pages or never end.
"""

import contextlib
import http.client
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

# Operations of REST services by the end of their paths.
_BY_PATH = {
    "/hostedzonesbyvpc": "ListHostedZonesByVPC",
    "/rrset": "ListResourceRecordSets",
    "/mount-targets": "DescribeMountTargets",
    "/security-groups": "DescribeMountTargetSecurityGroups",
}
XML, JSON, HTML = "text/xml", "application/x-amz-json-1.1", "text/html"


@dataclass(frozen=True, slots=True)
class Request:
    """A request: IAM service and operation, its query parameters, and its raw form."""

    service: str
    operation: str
    params: dict[str, str]
    forward: Callable[[], "Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A status, a body and its content type."""

    status: int
    body: bytes
    content_type: str = XML
    headers: tuple[tuple[str, str], ...] = ()


Answering = Callable[[Request], Answer]


@dataclass(slots=True)
class Front:
    """The server: ``answers`` by operation name; ``seen`` is what was asked, in order.

    ``known`` is what the emulator answered before, by path and body: its world does not change.
    """

    upstream: str
    known: dict[tuple[str, bytes], Answer]
    url: str = ""
    answers: dict[str, Answering] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def running(upstream: str, known: dict[tuple[str, bytes], Answer]) -> Iterator[Front]:
    """Serve in front of ``upstream`` (a URL on loopback) until the block ends."""
    front = Front(upstream, known)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # one write for an answer: two wait 40 ms for a delayed ACK

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, *_: object) -> None:
            pass

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = _request(front, self, body)
            front.seen.append(f"{request.service}:{request.operation}")
            answering = front.answers.get(request.operation)
            answer = answering(request) if answering else request.forward()
            with contextlib.suppress(ConnectionError):  # a client that gave up
                _send(self, answer)

    class Server(ThreadingHTTPServer):
        daemon_threads = False
        request_queue_size = 128  # with the default of 5, a burst waits a second for a second SYN

    server = Server(("127.0.0.1", 0), Handler)
    front.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield front
    finally:
        front.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.content_type)
    handler.send_header("Content-Length", str(len(answer.body)))
    # Kept-alive connections would outlive the test in the server's threads.
    handler.send_header("Connection", "close")
    for name, value in answer.headers:
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(answer.body)


def _request(front: Front, handler: BaseHTTPRequestHandler, body: bytes) -> Request:
    path = urlsplit(handler.path)
    params = {key: value[0] for key, value in parse_qs(body.decode()).items()}
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", handler.headers["Authorization"])
    return Request(
        service=scope[1] if scope else "",
        operation=params.get("Action") or _operation(handler, path.path),
        params=params,
        forward=lambda: _forward(front, handler, body),
    )


def _operation(handler: BaseHTTPRequestHandler, path: str) -> str:
    if target := handler.headers.get("X-Amz-Target"):
        return str(target).rpartition(".")[2]
    named = (operation for end, operation in _BY_PATH.items() if path.endswith(end))
    return next(named, "ListProfileAssociations")


def _forward(front: Front, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
    region = handler.headers["Authorization"].split("/")[2]
    key = (f"{region} {handler.headers.get('X-Amz-Target')} {handler.path}", body)
    if key not in front.known:
        front.known[key] = _ask(front, handler, body)
    return front.known[key]


def _ask(front: Front, handler: BaseHTTPRequestHandler, body: bytes) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(front.upstream).netloc, timeout=20)
    headers = dict(handler.headers) | {"Connection": "close"}
    try:
        connection.request(handler.command, handler.path, body, headers)
        response = connection.getresponse()
        content = response.read()
    finally:
        connection.close()
    return Answer(response.status, content, response.getheader("Content-Type", XML))


def always(answer: Answer) -> Answering:
    """Answer the same every time."""
    return lambda _: answer


def xml(operation: str, inner: str) -> Answer:
    """Return an EC2 answer."""
    return Answer(
        200,
        f'<?xml version="1.0" encoding="UTF-8"?>'
        f'<{operation}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">'
        f"<requestId>1</requestId>{inner}</{operation}Response>".encode(),
    )


def as_json(value: object) -> Answer:
    """Return an answer of a JSON service."""
    return Answer(200, json.dumps(value).encode(), JSON)


def refusal(service: str, code: str, message: str) -> Answer:
    """Return AWS's error in the form that the service's protocol gives it."""
    if service == "ec2":
        return Answer(
            403,
            f'<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>{code}</Code>'
            f"<Message>{escape(message)}</Message></Error></Errors>"
            f"<RequestID>1</RequestID></Response>".encode(),
        )
    if service in ("route53", "iam"):
        return Answer(
            403,
            f'<ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error>'
            f"<Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message>"
            f"</Error><RequestId>1</RequestId></ErrorResponse>".encode(),
        )
    body = json.dumps({"__type": code, "message": message}).encode()
    return Answer(400, body, JSON, (("x-amzn-ErrorType", code),))


def denied(request: Request) -> Answer:
    """Refuse as IAM does when no identity-based policy allows the action."""
    action = f"{request.service}:{request.operation}"
    who = "arn:aws:sts::123456789012:assumed-role/ci/run"
    code = {
        "ec2": "UnauthorizedOperation",
        "route53": "AccessDenied",
        "iam": "AccessDenied",
    }.get(request.service, "AccessDeniedException")
    return refusal(
        request.service,
        code,
        f"User: {who} is not authorized to perform: {action} "
        f"because no identity-based policy allows the {action} action. "
        f"Encoded authorization failure message: {'x' * 900}",
    )


def in_pages(list_tag: str, size: int) -> Answering:
    """Cut the emulator's EC2 answer into pages of ``size`` items, with tokens as AWS gives."""

    def answer(request: Request) -> Answer:
        whole = request.forward().body.decode()
        list_ = re.search(rf"<{list_tag}>(.*)</{list_tag}>", whole, re.DOTALL)
        assert list_ is not None, whole
        items = _top_level_items(list_[1])
        start = int(request.params.get("NextToken", 0))
        page = "".join(items[start : start + size])
        token = f"<nextToken>{start + size}</nextToken>" if start + size < len(items) else ""
        return xml(request.operation, f"<{list_tag}>{page}</{list_tag}>{token}")

    return answer


def _top_level_items(text: str) -> list[str]:
    items, depth, start = [], 0, 0
    for tag in re.finditer(r"<(/?)item>", text):
        if not tag[1]:
            start = tag.start() if depth == 0 else start
            depth += 1
            continue
        depth -= 1
        if depth == 0:
            items.append(text[start : tag.end()])
    return items

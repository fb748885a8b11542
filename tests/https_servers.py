"""HTTPS servers on loopback whose answers, and whose tempers, are scripted."""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import parse_headers

import trustme

Treatment = Callable[[socket.socket], None]
Step = bytes | Treatment
"""Whole answers keep the connection; a treatment of it ends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What was asked; names of ``headers`` are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        """The body's JSON value."""
        return json.loads(self.body)


@dataclass(slots=True)
class Server:
    """A server that runs: its port, what it was asked, and the address of each that connected."""

    port: int
    requests: list[Request] = field(default_factory=list)
    peers: list[str] = field(default_factory=list)

    @property
    def connections(self) -> int:
        """How many connections it took."""
        return len(self.peers)


Respond = Callable[[Request], Step]


@contextlib.contextmanager
def serving(
    certificate: trustme.LeafCert, respond: Respond, *, address: str = "127.0.0.1"
) -> Iterator[Server]:
    """Serve on ``address``, each connection in a thread of its own, until the block ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with socket.create_server((address, 0)) as listener:
        server = Server(listener.getsockname()[1])
        ended = threading.Event()
        threads: list[threading.Thread] = []
        open_ones: list[socket.socket] = []

        def accept() -> None:
            while True:
                connection, peer = listener.accept()
                if ended.is_set():
                    connection.close()
                    return
                server.peers.append(peer[0])
                open_ones.append(connection)
                thread = threading.Thread(target=converse, args=(connection,))
                threads.append(thread)
                thread.start()

        def converse(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                connection.settimeout(20)
                with context.wrap_socket(connection, server_side=True) as secure:
                    open_ones.append(secure)
                    _converse(secure, server, respond)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server
        finally:
            ended.set()
            socket.create_connection(listener.getsockname()).close()
            acceptor.join()
            for connection in open_ones:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def _converse(secure: ssl.SSLSocket, server: Server, respond: Respond) -> None:
    with secure.makefile("rb") as lines:
        while first := lines.readline():
            method, target, _ = first.decode("latin-1").split(" ")
            headers = {name.lower(): value for name, value in parse_headers(lines).items()}
            body = lines.read(int(headers.get("content-length", "0")))
            request = Request(method=method, target=target, headers=headers, body=body)
            server.requests.append(request)
            step = respond(request)
            if not isinstance(step, bytes):
                step(secure)
                return
            secure.sendall(step)


def in_turn(*steps: Step) -> Respond:
    """Answer with one step after the other; the last one stays."""
    left = list(steps)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def answer(
    status: int,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    length: int | None = None,
) -> bytes:
    """Return an HTTP answer; ``length`` is what it says of its body's, which may be a lie."""
    head = {"Content-Length": str(len(body) if length is None else length)} | dict(headers or {})
    lines = [f"HTTP/1.1 {status} X", *(f"{name}: {value}" for name, value in head.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def aws(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> bytes:
    """Return an answer of an AWS JSON service."""
    own = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-RequestId": "0-1-2"}
    return answer(status, json.dumps(document).encode(), own | dict(headers or {}))


def refusal(
    code: str, message: str = "", status: int = 400, headers: Mapping[str, str] | None = None
) -> bytes:
    """Return an AWS JSON service's error."""
    return aws({"__type": code, "message": message}, status, headers)


def silence(connection: socket.socket) -> None:
    """Read until the client gives up."""
    while connection.recv(65536):
        pass


def close(connection: socket.socket) -> None:
    """Hang up in order."""


def reset(connection: socket.socket) -> None:
    """Reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def saying(text: bytes, then: Treatment = close) -> Treatment:
    """Send ``text``, which may be half an answer, and go on with ``then``."""

    def treat(connection: socket.socket) -> None:
        connection.sendall(text)
        then(connection)

    return treat


@contextlib.contextmanager
def deaf(address: str, port: int = 0) -> Iterator[int]:
    """Listen on ``address``, but let nobody in: whoever dials hears nothing. Yield the port."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind((address, port))
        listener.listen(0)
        bound: tuple[str, int] = listener.getsockname()
        for _ in range(2):  # the queue holds one more than it is told
            early = stack.enter_context(socket.socket())
            early.setblocking(False)
            early.connect_ex(bound)
        yield bound[1]

"""moto's server behind TLS, as a service of AWS stands behind its endpoint."""

import contextlib
import http.client
from collections.abc import Iterator

import https_servers
from moto.server import ThreadedMotoServer


@contextlib.contextmanager
def moto() -> Iterator[https_servers.Respond]:
    """Run moto on loopback; yield what forwards requests to it."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()

    def forward(request: https_servers.Request) -> bytes:
        connection = http.client.HTTPConnection(host, port, timeout=20)
        with contextlib.closing(connection):
            connection.request(request.method, request.target, request.body, request.headers)
            reply = connection.getresponse()
            body = reply.read()
        kept = {
            name: value
            for name, value in reply.headers.items()
            if name.lower() not in {"content-length", "connection", "transfer-encoding"}
        }
        return https_servers.answer(reply.status, body, kept)

    try:
        yield forward
    finally:
        server.stop()

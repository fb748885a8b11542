"""TCP and TLS servers on loopback, each with a temper of its own."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator

import trustme

Treatment = Callable[[socket.socket], None]


@contextlib.contextmanager
def server(treat: Treatment) -> Iterator[tuple[int, list[str]]]:
    """Accept on 127.0.0.1 and ``treat`` each connection; yield the port and the peers."""
    peers: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as last:
        # The last caller ends the server, after every connection that came before it.
        last.bind(("127.0.0.1", 0))

        def accept() -> None:
            while True:
                connection, peer = listener.accept()
                with connection, contextlib.suppress(OSError):
                    if peer == last.getsockname():
                        return
                    peers.append(peer[0])
                    connection.settimeout(5)
                    treat(connection)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1], peers
        finally:
            last.connect(listener.getsockname())
            thread.join()


def tls(certificate: trustme.LeafCert, *, newest: ssl.TLSVersion | None = None) -> Treatment:
    """Shake hands with ``certificate`` and wait for the client's goodbye."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if newest is not None:
        context.maximum_version = newest

    def treat(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            secure.recv(1)

    return treat


def plaintext(connection: socket.socket) -> None:
    """Answer the hello in HTTP."""
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


def close(connection: socket.socket) -> None:
    """Read the hello and hang up in order."""
    connection.recv(65536)


def reset(connection: socket.socket) -> None:
    """Read the hello and reset the connection."""
    connection.recv(65536)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def silence(connection: socket.socket) -> None:
    """Read until the client gives up."""
    while connection.recv(65536):
        pass

"""A registry of images of one layer, as fast as one core: ``python layer_server.py FOLDER SIZE..``.

``sized:BYTES`` is an image whose layer has so many bytes, noise that repeats. Blobs are redirected
from ``localhost`` to ``127.0.0.1``, as ECR's are to S3. It writes ``FOLDER/ca.pem``, prints its
port and ends with its standard input.
"""

import contextlib
import hashlib
import json
import random
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import trustme

_BLOCK = random.Random(1).randbytes(1 << 20)
_CONFIG = b"{}"
_KIND = "application/vnd.oci.image.manifest.v1+json"

_Contents = dict[str, tuple[int, bytes]]
"""What is served by path: its length, and a block that repeats up to it."""


def main(folder: Path, sizes: tuple[int, ...]) -> None:
    """Serve until standard input ends."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    contents = dict(_contents(sizes))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, contents), daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        sys.stdin.read()


def _contents(sizes: tuple[int, ...]) -> Iterator[tuple[str, tuple[int, bytes]]]:
    config = f"sha256:{hashlib.sha256(_CONFIG).hexdigest()}"
    yield f"/{config}", (len(_CONFIG), _CONFIG)
    for size in sizes:
        made = hashlib.sha256()
        for piece in _pieces(size, _BLOCK):
            made.update(piece)
        layer = f"sha256:{made.hexdigest()}"
        manifest = {
            "schemaVersion": 2,
            "mediaType": _KIND,
            "config": {"digest": config, "size": len(_CONFIG)},
            "layers": [{"digest": layer, "size": size}],
        }
        body = json.dumps(manifest).encode()
        yield f"/v2/sized/manifests/{size}", (len(body), body)
        for name in (layer, str(size)):
            yield f"/{name}", (size, _BLOCK)


def _pieces(size: int, block: bytes) -> Iterator[bytes | memoryview]:
    for _ in range(size // len(block)):
        yield block
    yield memoryview(block)[: size % len(block)]


def _accept(listener: socket.socket, context: ssl.SSLContext, contents: _Contents) -> None:
    while True:
        connection, _ = listener.accept()
        threading.Thread(
            target=_converse, args=(connection, context, contents), daemon=True
        ).start()


def _converse(connection: socket.socket, context: ssl.SSLContext, contents: _Contents) -> None:
    with connection, contextlib.suppress(OSError):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        port = connection.getsockname()[1]
        with context.wrap_socket(connection, server_side=True) as secure:
            lines = secure.makefile("rb")
            while request := lines.readline():
                path = request.split(b" ")[1].decode()
                while lines.readline() != b"\r\n":
                    pass
                _answer(secure, path, contents, port)


def _answer(secure: ssl.SSLSocket, path: str, contents: _Contents, port: int) -> None:
    _, blobs, digest = path.partition("/blobs/")
    if blobs:
        there = f"https://127.0.0.1:{port}/{digest}"
        secure.sendall(f"HTTP/1.1 307 X\r\nLocation: {there}\r\nContent-Length: 0\r\n\r\n".encode())
        return
    size, block = contents[path]
    secure.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n".encode())
    for piece in _pieces(size, block):
        secure.sendall(piece)


if __name__ == "__main__":
    main(Path(sys.argv[1]), tuple(map(int, sys.argv[2:])))

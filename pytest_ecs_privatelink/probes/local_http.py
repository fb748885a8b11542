"""JSON from services of this very machine, over loopback or a Unix socket: one attempt each."""

import http.client
import json
import socket
import time
from typing import Any

# What Docker says of a container is some ten kilobytes; nothing else may fill the memory.
_LONGEST = 1 << 20
_PIECE = 1 << 16


class SilentError(Exception):
    """Nothing answered; one line."""


class ForeignError(Exception):
    """Something else answered than was asked for; one line."""


def get_over_tcp(port: int, target: str, timeout: float) -> dict[str, Any]:
    """Return the document at ``target`` of what listens on ``port`` of 127.0.0.1.

    ``timeout`` bounds each wait, and reading as a whole. Raises `SilentError` or `ForeignError`.
    """
    return _get(http.client.HTTPConnection("127.0.0.1", port, timeout=timeout), target, timeout)


def get_over_unix(path: str, target: str, timeout: float) -> dict[str, Any]:
    """Return the document at ``target`` of what listens on the Unix socket ``path``, likewise."""
    return _get(_UnixConnection(path, timeout), target, timeout)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _get(connection: http.client.HTTPConnection, target: str, timeout: float) -> dict[str, Any]:
    try:
        connection.request("GET", target)
        response = connection.getresponse()
        body = _body(response, time.monotonic() + timeout)
    except TimeoutError:
        raise SilentError(f"no answer within {timeout:g} s") from None
    except http.client.RemoteDisconnected:
        raise SilentError("it hung up without an answer") from None
    except (http.client.HTTPException, ValueError):
        raise ForeignError("what answers does not speak HTTP") from None
    except OSError as error:
        raise SilentError(error.strerror or type(error).__name__) from None
    finally:
        connection.close()
    if response.status != 200:
        raise ForeignError(f"HTTP {response.status}")
    return _document(body)


def _body(response: http.client.HTTPResponse, deadline: float) -> bytes:
    pieces: list[bytes] = []
    received = 0
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        received += len(piece)
        if received > _LONGEST:
            raise ForeignError("the answer is too long")
        if time.monotonic() > deadline:
            raise TimeoutError
    return b"".join(pieces)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise ForeignError("the answer is no JSON") from None
    if not isinstance(document, dict):
        raise ForeignError("the answer is no JSON object")
    return document

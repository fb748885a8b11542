"""HTTPS as the platform speaks it, and how Go's standard library, which ECS is written in, fails.

Sources of the wording: FACTS section 4.1, and Go's packages net, net/http and crypto/x509.
"""

import contextlib
import errno
import http.client
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_HTTPS = 443
_AS_LONG_TO_ANSWER = 3.0
"""How many times longer an answer may take than a connection, which kernels make by themselves.

So long it may take, too, until one of a name's addresses is connected.
"""


class WireError(Exception):
    """No answer came. ``text`` is Go's; ``lost``: by packets that vanish, not by a word."""

    def __init__(self, text: str, *, lost: bool = False) -> None:
        super().__init__(text)
        self.text = text
        self.lost = lost


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Wire:
    """Asks servers by their names, with one connection to each that is kept."""

    def __init__(self, ca: str, resolver: str, patience: float) -> None:
        self._trust = ssl.create_default_context(cafile=ca)
        self._resolver = resolver
        self._patience = patience
        self._kept: dict[str, http.client.HTTPSConnection] = {}

    def ask(
        self,
        url: str,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Return the answer to one request; redirects are the caller's. Raises `WireError`."""
        parts = urlsplit(url)
        host = parts.netloc
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        if host in self._kept:
            with contextlib.suppress(http.client.HTTPException, OSError):
                return self._exchange(self._kept[host], method, target, headers or {}, body)
            self._kept.pop(host).close()
        # A context of its own would read all of the machine's authorities, for each connection.
        connection = http.client.HTTPSConnection(host, context=self._trust)
        connection.sock = self._connect(host)
        self._kept[host] = connection
        try:
            return self._exchange(connection, method, target, headers or {}, body)
        except (http.client.HTTPException, OSError) as error:
            self._kept.pop(host).close()
            raise _unanswered(error) from error

    def close(self) -> None:
        """Hang up everywhere."""
        for each in self._kept.values():
            each.close()

    def _exchange(
        self,
        connection: http.client.HTTPSConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Reply:
        connection.request(method, target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, told, answer.read())

    def _connect(self, host: str) -> ssl.SSLSocket:
        """Return a connection to the first of a name's addresses that takes one."""
        first: WireError | None = None
        deadline = time.monotonic() + self._patience * _AS_LONG_TO_ANSWER
        for address in self._addresses(host):
            if first is not None and time.monotonic() >= deadline:
                break
            try:
                return self._secured(host, self._dialled(address))
            except WireError as error:
                first = first or error
        raise first or WireError(f"dial tcp: lookup {host}: no such host")

    def _addresses(self, host: str) -> list[str]:
        found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

        def look_up() -> None:
            try:
                told = socket.getaddrinfo(host, _HTTPS, socket.AF_INET, socket.SOCK_STREAM)
                found.put([str(each[4][0]) for each in told])
            except OSError as error:
                found.put(error)

        # The C library waits for the resolver far longer than we do, and cannot be told to stop.
        threading.Thread(target=look_up, daemon=True).start()
        asked = f"dial tcp: lookup {host} on {self._resolver}:53"
        try:
            answer = found.get(timeout=self._patience * _AS_LONG_TO_ANSWER)
        except queue.Empty:
            raise WireError(f"{asked}: read udp: i/o timeout", lost=True) from None
        if isinstance(answer, OSError):
            unknown = answer.errno in (socket.EAI_NONAME, socket.EAI_NODATA)
            words = "no such host" if unknown else "server misbehaving"
            raise WireError(f"{asked}: {words}") from answer
        return answer

    def _dialled(self, address: str) -> socket.socket:
        asked = f"dial tcp {address}:{_HTTPS}"
        try:
            return socket.create_connection((address, _HTTPS), self._patience)
        except TimeoutError as error:
            raise WireError(f"{asked}: i/o timeout", lost=True) from error
        except OSError as error:
            words = {
                errno.ECONNREFUSED: "connection refused",
                errno.EHOSTUNREACH: "no route to host",
                errno.ENETUNREACH: "network is unreachable",
            }.get(error.errno or 0, (error.strerror or str(error)).lower())
            raise WireError(f"{asked}: connect: {words}") from error

    def _secured(self, host: str, plain: socket.socket) -> ssl.SSLSocket:
        plain.settimeout(self._patience * _AS_LONG_TO_ANSWER)
        try:
            return self._trust.wrap_socket(plain, server_hostname=host)
        except TimeoutError as error:
            plain.close()
            raise WireError("net/http: TLS handshake timeout", lost=True) from error
        except (OSError, ValueError) as error:
            plain.close()
            raise WireError(_untrusted(error, host)) from error


def _unanswered(error: Exception) -> WireError:
    if isinstance(error, TimeoutError):
        words = "net/http: request canceled (Client.Timeout exceeded while awaiting headers)"
        return WireError(words, lost=True)
    if isinstance(error, ConnectionResetError):
        return WireError("read: connection reset by peer")
    return WireError("EOF" if isinstance(error, http.client.HTTPException) else str(error))


_EXPIRED, _SELF_SIGNED, _NO_ISSUER, _OTHER_NAME = 10, 18, 20, 62
_WORDS = {
    _EXPIRED: "x509: certificate has expired or is not yet valid",
    _SELF_SIGNED: "x509: certificate signed by unknown authority",
    _NO_ISSUER: "x509: certificate signed by unknown authority",
}


def _untrusted(error: Exception, host: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == _OTHER_NAME:
            return f"x509: certificate is not valid for any names, but wanted to match {host}"
        words = _WORDS.get(error.verify_code, f"x509: {error.verify_message}")
        return f"tls: failed to verify certificate: {words}"
    if isinstance(error, ssl.SSLError):
        return "http: server gave HTTP response to HTTPS client"
    return "EOF"

"""HTTP exchanges over TLS, each recorded as a hop: whom, at which address, how much, how long.

No proxy is ever used and no redirect followed: what answers is what was dialled.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from types import TracebackType

from pytest_ecs_privatelink.probes.breaks import Break, fail, read_broken
from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop, Link
from pytest_ecs_privatelink.probes.dialling import dial, resolve, secure
from pytest_ecs_privatelink.probes.reply import Record, Reply

HTTPS = 443
_UNWANTED = Break(CallStatus.FAILED, "request", "nobody waits for the answer any more")


@dataclass(frozen=True, slots=True)
class _Request:
    """What is sent; its text, with signatures and presigned queries, never shows."""

    method: str
    target: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Line:
    """An open connection to ``address``, which serves one exchange at a time."""

    address: str
    connection: HTTPConnection


class Wire:
    """The exchanges of one question, in one thread; ``hops`` are those that ended or broke.

    ``timeout``, in seconds, bounds each step by itself: resolution, dialling (of all addresses),
    TLS, the wait for an answer's head, and each wait for more of its body. ``source`` is a local
    address to dial from, ``ca_file`` a PEM bundle (None: the default trust), ``port`` that of every
    host that names none. A connection is used again for the same host; a name is resolved once.
    """

    def __init__(
        self,
        *,
        ca_file: str | None,
        timeout: float,
        source: str | None = None,
        port: int = HTTPS,
    ) -> None:
        self.hops: list[Hop] = []
        self.port = port
        self._ca_file = ca_file
        self._timeout = timeout
        self._source = source
        self._addresses: dict[str, tuple[str, ...]] = {}
        self._lines: dict[str, _Line] = {}
        self._ended = False

    def send(
        self,
        link: Link,
        host: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        *,
        attempt: int = 1,
    ) -> Reply:
        """Send one request to ``host`` (``name`` or ``name:port``) and return the answer's head.

        ``target`` is path and query. ``Host`` and ``Content-Length`` are added where missing. The
        hop of an ``attempt`` after the first takes the place of the one before. Raises `WireError`
        where no answer came; whatever HTTP status comes is an answer. Close the `Reply` before the
        next request, or its connection cannot be used again.
        """
        request = _Request(method, target, dict(headers), body)
        del target, headers, body
        if not any(name.lower() == "host" for name in request.headers):
            request.headers["Host"] = authority(host, self.port)
        if self._ended:
            fail(link, _UNWANTED)
        if attempt > 1:
            self.hops.pop()
        record = Record(self.hops, Hop(link=link, host=host, attempts=attempt))
        exchanged = self._exchange(host, request, record)
        if isinstance(exchanged, Break):
            record.update()
            fail(link, exchanged)
        line, response = exchanged
        record.update(status=response.status)

        def release(usable: bool) -> None:
            if usable and not self._ended and host not in self._lines:
                self._lines[host] = line
            else:
                line.connection.close()

        return Reply(response, record, timeout=self._timeout, release=release)

    def end(self) -> None:
        """Let what is under way be the last exchange. Any thread may say so."""
        self._ended = True

    def close(self) -> None:
        """End, and close idle connections; replies that are still open close theirs."""
        self.end()
        while self._lines:
            self._lines.popitem()[1].connection.close()

    def __enter__(self) -> "Wire":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _exchange(
        self, host: str, request: _Request, record: Record
    ) -> tuple[_Line, HTTPResponse] | Break:
        line = self._lines.pop(host, None)
        if line is not None:
            record.update(addresses=self._addresses[host], address=line.address)
            answer = _ask(line.connection, request, self._timeout)
            if not isinstance(answer, Break):
                return line, answer
            # The peer may have hung up while the connection was idle: that says nothing.
            if answer.status is not CallStatus.RESET:
                return answer
        fresh = self._open(host, record)
        if isinstance(fresh, Break):
            return fresh
        if self._ended:  # a request may create what nobody removes any more
            fresh.connection.close()
            return _UNWANTED
        answer = _ask(fresh.connection, request, self._timeout)
        return answer if isinstance(answer, Break) else (fresh, answer)

    def _open(self, host: str, record: Record) -> _Line | Break:
        name, port = _split(host, self.port)
        if host not in self._addresses:
            found = resolve(name, self._timeout)
            if isinstance(found, Break):
                return found
            self._addresses[host] = found
        addresses = self._addresses[host]
        record.update(addresses=addresses, address=None)
        dialled = dial(addresses, port, timeout=self._timeout, source=self._source)
        if isinstance(dialled, Break):
            return dialled
        sock, address = dialled
        record.update(address=address)
        secured = secure(sock, name, ca_file=self._ca_file, timeout=self._timeout)
        if isinstance(secured, Break):
            return secured
        connection = HTTPConnection(name)
        connection.auto_open = 0
        connection.sock = secured
        return _Line(address, connection)


# Exceptions of http.client know the request: none leaves these frames.


def _ask(connection: HTTPConnection, request: _Request, timeout: float) -> HTTPResponse | Break:
    found = _write(connection, request, timeout)
    if found is None:
        try:
            return connection.getresponse()
        except OSError as error:
            found = read_broken(error, "request", timeout)
        except (HTTPException, ValueError):
            words = "what answered does not speak HTTP"
            found = Break(CallStatus.UNEXPECTED, "request", words)
    connection.close()
    return found


def _write(connection: HTTPConnection, request: _Request, timeout: float) -> Break | None:
    try:
        connection.sock.settimeout(timeout)
        connection.request(request.method, request.target, request.body or None, request.headers)
    except OSError as error:
        return read_broken(error, "request", timeout)
    except (HTTPException, ValueError):
        return Break(CallStatus.FAILED, "request", "the request is none that HTTP can carry")
    return None


def _split(host: str, port: int) -> tuple[str, int]:
    name, colon, digits = host.rpartition(":")
    with contextlib.suppress(ValueError):
        if colon:
            return name, int(digits)
    return host, port


def authority(host: str, port: int) -> str:
    """Return what ``Host`` is to say of ``host``, which may bring a port of its own."""
    name, own = _split(host, port)
    return name if own == HTTPS else f"{name}:{own}"

"""The answer to an HTTP request, streamed, and the hop that it is recorded as."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.message import Message
from http.client import HTTPException, HTTPResponse, IncompleteRead
from types import TracebackType

from pytest_ecs_privatelink.probes.breaks import Break, fail, read_broken
from pytest_ecs_privatelink.probes.call_records import CallStatus, Hop

_PIECE = 1 << 18
# Reading so much to the end is cheaper than another handshake.
_WORTH_READING = 1 << 14


class Record:
    """The place of one hop among ``hops``, kept up to date."""

    def __init__(self, hops: list[Hop], hop: Hop) -> None:
        self.hop = hop
        self._hops = hops
        self._index = len(hops)
        self._began = time.perf_counter()
        hops.append(hop)

    def update(self, **changes: object) -> None:
        """Set fields of the hop, and its time."""
        ms = (time.perf_counter() - self._began) * 1000
        self.hop = replace(self.hop, ms=ms, **changes)  # type: ignore[arg-type]
        self._hops[self._index] = self.hop


class Reply:
    """The answer to one request. Read it by `read` or `chunks`, then close it (or use ``with``).

    ``release`` is told at the end whether the connection can serve another request.
    """

    def __init__(
        self,
        response: HTTPResponse,
        record: Record,
        *,
        timeout: float,
        release: Callable[[bool], None],
    ) -> None:
        self.status: int = response.status
        self.headers: Message = response.headers
        self._response = response
        self._record = record
        self._timeout = timeout
        self._release = release
        self._received = 0
        self._closed = False

    def chunks(self, size: int = _PIECE) -> Iterator[bytes]:
        """Yield the body in pieces of at most ``size`` bytes; raise `WireError` if it breaks."""
        while piece := self._piece(size):
            if isinstance(piece, Break):
                self.close()
                fail(self._record.hop.link, piece)
            yield piece

    def read(self, limit: int) -> bytes:
        """Return the body; raise `WireError` if it breaks, or is longer than ``limit`` bytes."""
        body = self._whole(limit)
        if isinstance(body, Break):
            self.close()
            fail(self._record.hop.link, body)
        return body

    def close(self) -> None:
        """Let go of the connection, which lives on if the body was read; twice is harmless."""
        if self._closed:
            return
        self._closed = True
        left = self._response.length
        if left is not None and left <= _WORTH_READING:
            self._whole(self._received + left)
        self._record.update(received=self._received)
        whole = self._response.isclosed()
        self._response.close()
        self._release(whole and not self._response.will_close)

    def __enter__(self) -> "Reply":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What was received may be a secret: no frame that raises holds it.

    def _whole(self, limit: int) -> bytes | Break:
        body = bytearray()
        while piece := self._piece(_PIECE):
            if isinstance(piece, Break):
                return piece
            body += piece
            if len(body) > limit:
                words = f"the answer is longer than {limit} bytes"
                return Break(CallStatus.UNEXPECTED, "body", words)
        return bytes(body)

    def _piece(self, size: int) -> bytes | Break:
        try:
            piece = self._response.read(size)
        except OSError as error:
            return read_broken(error, "body", self._timeout)
        except IncompleteRead:
            return self._cut_short()
        except (HTTPException, ValueError):
            return Break(CallStatus.UNEXPECTED, "body", "the body is no HTTP")
        if not piece and self._response.length:
            return self._cut_short()
        self._received += len(piece)
        return piece

    def _cut_short(self) -> Break:
        left = self._response.length
        words = "the connection ended within the body"
        if left is not None:
            whole = self._received + left
            words = f"the connection ended after {self._received} of {whole} bytes of the body"
        return Break(CallStatus.RESET, "body", words)

"""HTTP/1.1 as the twin's servers speak it: one request after the other on a connection."""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate

import h11

from pytest_ecs_privatelink.lab.inside.links import WAY_INDEXES
from pytest_ecs_privatelink.lab.listeners import Handler
from pytest_ecs_privatelink.lab.twin_plan import Way

_IP_PKTOPTIONS = 9
_INTERFACE_AT, _INTERFACE_BYTES = 16, 4  # in in_pktinfo, behind a 64-bit cmsghdr (ip(7))
_PIECE = 1 << 16
_MOST_BODY = 1 << 22
_WAYS = {index: way for way, index in WAY_INDEXES.items()}
_NOT_HTTP = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks whom, by address, and the way by which the kernel saw the connection come.

    At a Unix socket ``client`` is empty, and ``server`` the path.
    """

    client: str
    server: str
    way: Way | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request; header names are lower case, ``target`` is path and query as they were sent."""

    caller: Caller
    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def host(self) -> str:
        """The host that was asked for, without a port."""
        return self.headers.get("host", "").partition(":")[0].lower()

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer. ``stops_after``: bytes of the body after which nothing more ever comes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    stops_after: int | None = None


Answer = Callable[[Call], Awaitable[Reply | None]]
"""What a server says to a call; None is silence, on a connection that stays open."""


def speaking(answer: Answer) -> Handler:
    """Return the handler of a server that answers calls by ``answer``."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await _converse(answer, reader, writer)
        writer.close()

    return handle


async def _converse(
    answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    connection = h11.Connection(h11.SERVER)
    caller = _caller(writer)
    try:
        while (call := await _next_call(connection, reader, caller)) is not None:
            reply = await answer(call)
            if reply is None or not await _send(connection, writer, call, reply):
                await _outwait(reader)
                return
            if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                return
            connection.start_next_cycle()
    except h11.RemoteProtocolError:
        writer.write(_NOT_HTTP)
        await writer.drain()


async def _next_call(
    connection: h11.Connection, reader: asyncio.StreamReader, caller: Caller
) -> Call | None:
    """Return the next request with its body; None where the client has gone."""
    request: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_PIECE))
        elif isinstance(event, h11.Request):
            request = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _MOST_BODY:
                raise h11.RemoteProtocolError("a body too long for any call")
        elif isinstance(event, h11.EndOfMessage) and request is not None:
            return Call(
                caller=caller,
                method=request.method.decode("ascii"),
                target=request.target.decode("ascii"),
                headers={
                    name.decode("ascii"): value.decode("latin-1") for name, value in request.headers
                },
                body=bytes(body),
            )
        else:
            return None


async def _send(
    connection: h11.Connection, writer: asyncio.StreamWriter, call: Call, reply: Reply
) -> bool:
    """Send the answer; return whether it is whole."""
    headers = {
        "date": formatdate(usegmt=True),
        **{name.lower(): value for name, value in reply.headers.items()},
        "content-length": str(len(reply.body)),
    }
    head = h11.Response(status_code=reply.status, headers=list(headers.items()))
    writer.write(connection.send(head) or b"")
    body = b"" if call.method == "HEAD" else reply.body
    whole = reply.stops_after is None or reply.stops_after >= len(body)
    body = body[: reply.stops_after]
    for at in range(0, len(body), _PIECE):
        writer.write(connection.send(h11.Data(data=body[at : at + _PIECE])) or b"")
        await writer.drain()
    if whole:
        writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()
    return whole


async def _outwait(reader: asyncio.StreamReader) -> None:
    """Say nothing for as long as the client stays."""
    while await reader.read(_PIECE):
        pass


def _caller(writer: asyncio.StreamWriter) -> Caller:
    if writer.get_extra_info("socket").family == socket.AF_UNIX:
        return Caller("", writer.get_extra_info("sockname"))
    client, server = (writer.get_extra_info(name)[0] for name in ("peername", "sockname"))
    return Caller(client, server, _way(writer.get_extra_info("socket")))


def _way(connection: socket.socket) -> Way | None:
    """Return the link that the connection came by; the kernel tells a listener that asked for it.

    See `listeners`: of a TCP connection, the interface is that of its first packet.
    """
    told = connection.getsockopt(socket.IPPROTO_IP, _IP_PKTOPTIONS, 64)
    index = told[_INTERFACE_AT : _INTERFACE_AT + _INTERFACE_BYTES]
    return _WAYS.get(int.from_bytes(index, sys.byteorder)) if index else None

"""What answers on port 443 of every server address, with a certificate of that server's own.

Which certificate is presented depends on the address alone, never on the name that a client sends:
the endpoint of ``logs`` cannot pass for the one of ``ecr.api``.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping

from pytest_ecs_privatelink.lab.certificates import Authority
from pytest_ecs_privatelink.lab.twin_plan import Manner, PlannedServer

PORT = 443

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Speaks with one client, inside TLS where the server has it, and closes the writer."""

_BACKLOG = 1024
_IP_PKTINFO = 8
_WITH_TLS = (Manner.TLS, Manner.EXPIRED)


async def listen(
    servers: Iterable[PlannedServer],
    authority: Authority,
    handlers: Mapping[str, Handler] | None = None,
) -> list[asyncio.Server]:
    """Start a listener for each of ``servers``; the handler is its service's, else none speaks.

    A server that refuses, or that no packet reaches, gets none: the kernel answers for it.
    """
    handlers = handlers or {}
    started = []
    for server in servers:
        handler = handlers.get(server.service, _hang_up_after_client)
        if server.manner in _WITH_TLS:
            context = authority.context(server)
            started.append(
                await asyncio.start_server(handler, sock=_bound(server.address), ssl=context)
            )
        elif server.manner is Manner.PLAINTEXT:
            started.append(await asyncio.start_server(_speak_plainly, sock=_bound(server.address)))
    return started


def _bound(address: str) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # What accepts from it can be asked by which link it came (IP_PKTOPTIONS, `lab.web`).
    listener.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
    listener.bind((address, PORT))
    listener.listen(_BACKLOG)
    return listener


async def _hang_up_after_client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while await reader.read(65_536):
            pass
    writer.close()


async def _speak_plainly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a TLS hello as a web server without TLS would."""
    with contextlib.suppress(OSError):
        await reader.read(65_536)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()

"""Sockets that dial from a chosen source, and what the errors of dialling mean."""

import errno
import os
import socket
import struct

from pytest_ecs_privatelink.probes.records import ConnectStatus

# EACCES and EPERM are prohibiting routes and packet filters, EINVAL a blackhole route (Linux).
_UNREACHABLE = frozenset(
    {
        errno.ENETUNREACH,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EACCES,
        errno.EPERM,
        errno.EINVAL,
    }
)
_RESET = frozenset({errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE})

# Linux has this option (ip(7)), Python's socket module only from 3.14 on does.
_IP_BIND_ADDRESS_NO_PORT = 24
_ABORT = struct.pack("ii", 1, 0)

Source = tuple[str, int]
"""A local address and port to dial from; port 0 is any that is free."""


def bind(sock: socket.socket, source: Source | None) -> None:
    """Have ``sock`` dial from ``source``; raise OSError where this machine cannot."""
    if source is None:
        return
    if source[1]:
        # The same port may serve for several destinations, and again at once: no TIME_WAIT.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    else:
        sock.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
    sock.bind(source)


def name_of(source: Source | None) -> str:
    """Return how messages call ``source``."""
    address, port = source or ("", 0)
    return f"{address} port {port}" if port else address


def explain(error: OSError) -> tuple[ConnectStatus, str]:
    """Say what ``error`` means for the path, and which it was.

    ``FAILED`` where it means nothing; a `TimeoutError` without number is the caller's own.
    """
    number = error.errno or 0
    detail = f"{errno.errorcode.get(number, number)}: {os.strerror(number)}"
    if number == errno.ECONNREFUSED:
        return ConnectStatus.REFUSED, detail
    if number in _RESET:
        return ConnectStatus.RESET, detail
    if number in _UNREACHABLE:
        return ConnectStatus.UNREACHABLE, detail
    return ConnectStatus.FAILED, detail

"""Netlink on the wire: attributes, messages, and requests that are sent many at a time.

A library of the kind (pyroute2) costs 0.2 s of import and 0.7 ms per packet filter rule; a twin is
some hundreds of messages of a dozen shapes, and is to be there in a fraction of a second.
Layouts: linux/netlink.h.
"""

import os
import socket
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.errors import LabError

REQUEST, ACK, CREATE, EXCL, APPEND = 0x1, 0x4, 0x400, 0x200, 0x800

_ERROR = 2
_NESTED = 0x8000
_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_CAPPED, _ACK_TLVS = 0x100, 0x200
_SOL_NETLINK, _CAP_ACK, _EXT_ACK = 270, 10, 11
_TEXT_OF_ERROR = 1
_SECONDS_TO_ANSWER = struct.pack("=qq", 10, 0)


class NetlinkError(LabError):
    """The kernel refused a message; says which one, and why in the kernel's own words."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message without sequence number; ``purpose`` completes "the kernel refused to ..."."""

    kind: int
    flags: int
    body: bytes
    purpose: str


def attribute(kind: int, payload: bytes) -> bytes:
    """Return a type-length-value triple, padded to four bytes."""
    return _ATTRIBUTE.pack(4 + len(payload), kind) + payload + bytes(-len(payload) % 4)


def nested(kind: int, *attributes: bytes) -> bytes:
    """Return an attribute that holds attributes."""
    return attribute(kind | _NESTED, b"".join(attributes))


def text(kind: int, value: str) -> bytes:
    """Return a NUL-terminated string attribute."""
    return attribute(kind, value.encode() + b"\0")


class NetlinkSocket:
    """A socket to one of the kernel's netlink families, in the network namespace of its making."""

    def __init__(self, family: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family)
        self._sequence = 0
        self._socket.setsockopt(_SOL_NETLINK, _CAP_ACK, 1)
        self._socket.setsockopt(_SOL_NETLINK, _EXT_ACK, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _SECONDS_TO_ANSWER)
        self._socket.bind((0, 0))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def __enter__(self) -> "NetlinkSocket":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def grow(self, size: int) -> None:
        """Ask for room for one datagram of ``size`` bytes; the kernel may give less."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, size)

    def carry_out(self, messages: Iterable[Message], limit: int = 32_768) -> None:
        """Send ``messages`` in order, some at a time; raise `NetlinkError` where one is refused."""
        pending: list[Message] = []
        size = 0
        for message in messages:
            if pending and size + len(message.body) > limit:
                self.carry_out_as_one(pending)
                pending, size = [], 0
            pending.append(message)
            size += _HEADER.size + len(message.body)
        if pending:
            self.carry_out_as_one(pending)

    def carry_out_as_one(self, messages: Sequence[Message], answering: int = -1) -> None:
        """Send ``messages`` as one datagram; only the one at ``answering`` reports success.

        Acknowledging each would overflow the socket's receive buffer, and errors are told anyway.
        """
        first = self._sequence + 1
        self._sequence += len(messages)
        answerer = range(len(messages))[answering]
        datagram = b"".join(
            _HEADER.pack(
                _HEADER.size + len(message.body),
                message.kind,
                message.flags | REQUEST | (ACK if i == answerer else 0),
                first + i,
                0,
            )
            + message.body
            for i, message in enumerate(messages)
        )
        self._socket.send(datagram)
        self._await(messages, first, first + answerer)

    def _await(self, messages: Sequence[Message], first: int, last: int) -> None:
        refusal: NetlinkError | None = None
        while True:
            for sequence, number, words in _answers(self._socket.recv(65_536)):
                if number and refusal is None:
                    purpose = messages[sequence - first].purpose
                    why = os.strerror(number) + (f" ({words})" if words else "")
                    refusal = NetlinkError(f"the kernel refused to {purpose}: {why}")
                # An error on the first message of a batch stands for the whole of it.
                if sequence == last or (number and sequence == first):
                    if refusal is not None:
                        raise refusal
                    return


def _answers(datagram: bytes) -> Iterable[tuple[int, int, str]]:
    at = 0
    while at < len(datagram):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(datagram, at)
        if kind == _ERROR:
            body = datagram[at + _HEADER.size : at + length]
            yield sequence, -struct.unpack_from("=i", body)[0], _words(body, flags)
        at += length + -length % 4


def _words(body: bytes, flags: int) -> str:
    if not flags & _ACK_TLVS:
        return ""
    quoted = _HEADER.size if flags & _CAPPED else struct.unpack_from("=I", body, 4)[0]
    at = 4 + quoted + -quoted % 4
    while at + 4 <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, at)
        if kind == _TEXT_OF_ERROR:
            return body[at + 4 : at + length].rstrip(b"\0").decode(errors="replace")
        at += length + -length % 4
    return ""

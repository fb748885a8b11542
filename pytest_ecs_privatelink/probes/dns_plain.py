"""DNS queries and responses by the standard library alone, as far as addresses need it.

It stands in for `dns_codec` on hosts, and reads as dnspython does, but for records that are neither
addresses nor CNAMEs: of those it looks at the length alone.
"""

import random
import socket
import struct
from dataclasses import dataclass, field

from pytest_ecs_privatelink.probes.dns_response import (
    CONTRADICTORY,
    ENDLESS,
    MALFORMED,
    NXDOMAIN,
    TOO_SHORT,
    MalformedError,
    Response,
)

_A, _CNAME, _AAAA, _OPT, _TSIG, _IN = 1, 5, 28, 41, 250, 1
_FAMILIES = {_A: (socket.AF_INET, 4), _AAAA: (socket.AF_INET6, 16)}
_KINDS = {"A": _A, "AAAA": _AAAA}
_QR, _TC, _RD, _OPCODE = 0x8000, 0x0200, 0x0100, 0x7800
_MAY_OMIT_THE_QUESTION = frozenset({1, 2, 4, 5})
_LONGEST_NAME, _LONGEST_LABEL, _LONGEST_CHAIN = 255, 63, 15
_ESCAPED = frozenset(b'"().;\\@$')

_Labels = tuple[bytes, ...]
_Asked = tuple[_Labels, int, int]


class Query:
    """The question for records of ``kind`` (``A`` or ``AAAA``) of an absolute name, with an id.

    Raises ValueError where ``name`` is none. ``payload`` is how long an answer by UDP may be.
    """

    def __init__(self, name: str, kind: str, payload: int) -> None:
        labels = _labels(name)
        self._id = random.SystemRandom().randrange(1 << 16)
        self._asked = (_lowered(labels), _KINDS[kind], _IN)
        self.wire = b"".join(
            (
                struct.pack("!6H", self._id, _RD, 1, 0, 0, 1),
                *(bytes([len(label)]) + label for label in labels),
                struct.pack("!xHH", _KINDS[kind], _IN),
                struct.pack("!xHHIH", _OPT, payload, 0, 0),
            )
        )

    def read(self, wire: bytes, *, last: bool = False) -> Response | None:
        """Return what ``wire`` answers, None where it answers somebody else.

        ``last``: it is read as far as it goes, truncated or not. Raises `MalformedError`.
        """
        message = _parse(wire)
        if message.id != self._id or not message.flags & _QR or message.flags & _OPCODE:
            return None
        rcode, asked = message.rcode, message.asked
        bare = not asked and rcode in _MAY_OMIT_THE_QUESTION
        if not bare and (not asked or any(each != self._asked for each in asked)):
            return None
        if message.flags & _TC and not last:
            return Response(rcode=rcode, truncated=True)
        if bare:
            return Response(rcode=rcode)
        if len(asked) > 1:
            raise MalformedError(MALFORMED)
        return self._follow(message)

    def _follow(self, message: "_Message") -> Response:
        name, kind, _ = self._asked
        chain: list[str] = []
        while not (found := message.addresses.get((name, kind))) and name in message.aliases:
            target = message.aliases[name]
            chain.append(_text(target))
            name = _lowered(target)
            if len(chain) > _LONGEST_CHAIN:
                raise MalformedError(ENDLESS)
        if found and message.rcode == NXDOMAIN:
            raise MalformedError(CONTRADICTORY)
        return Response(
            rcode=message.rcode, chain=tuple(chain), addresses=tuple(sorted(found or ()))
        )


@dataclass(slots=True)
class _Message:
    """What counts of a message; names are in lower case but for the targets of ``aliases``."""

    id: int
    flags: int
    rcode: int
    extended: bool = False
    asked: list[_Asked] = field(default_factory=list)
    addresses: dict[tuple[_Labels, int], set[str]] = field(default_factory=dict)
    aliases: dict[_Labels, _Labels] = field(default_factory=dict)


def _parse(wire: bytes) -> _Message:
    """Take ``wire`` apart; a truncated message as far as it goes."""
    if len(wire) < 12:
        raise MalformedError(TOO_SHORT)
    number, flags, questions, *counts = struct.unpack_from("!6H", wire)
    message = _Message(number, flags, flags & 0xF)
    try:
        _take_sections(message, wire, questions, counts)
    except MalformedError:
        if not flags & _TC:
            raise
    return message


def _take_sections(message: _Message, wire: bytes, questions: int, counts: list[int]) -> None:
    place = 12
    for _ in range(questions):
        name, place = _name(wire, place, len(wire))
        kind, of = _unpack("!HH", wire, place)
        message.asked.append((_lowered(name), kind, of))
        place += 4
    for section, count in enumerate(counts):
        for _ in range(count):
            place = _take_record(message, wire, place, section)
    if place != len(wire):
        raise MalformedError(MALFORMED)


def _take_record(message: _Message, wire: bytes, place: int, section: int) -> int:
    """Note what the record at ``place`` says, if it counts; return where the next one begins."""
    owner, place = _name(wire, place, len(wire))
    kind, of, ttl, length = _unpack("!HHIH", wire, place)
    place += 10
    end = place + length
    if end > len(wire) or kind == _TSIG:  # nobody asked for a signature
        raise MalformedError(MALFORMED)
    name, answers = _lowered(owner), section == 0 and of == _IN
    if kind == _OPT:
        _take_options(message, wire[place:end], ttl, fits=section == 2 and not owner)
    elif kind == _CNAME:
        target, last = _name(wire, place, end)
        if last != end:
            raise MalformedError(MALFORMED)
        if answers:
            message.aliases[name] = target
    elif kind in _FAMILIES and of == _IN:
        family, size = _FAMILIES[kind]
        if length != size:
            raise MalformedError(MALFORMED)
        if answers:
            address = socket.inet_ntop(family, wire[place:end])
            message.addresses.setdefault((name, kind), set()).add(address)
    return end


def _take_options(message: _Message, options: bytes, ttl: int, *, fits: bool) -> None:
    if not fits or message.extended:
        raise MalformedError(MALFORMED)
    place = 0
    while place < len(options):
        place += 4 + _unpack("!2xH", options, place)[0]
    if place != len(options):
        raise MalformedError(MALFORMED)
    message.extended = True
    message.rcode |= ttl >> 20 & 0xFF0


def _unpack(form: str, wire: bytes, place: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, wire, place)
    except struct.error:
        raise MalformedError(MALFORMED) from None


def _name(wire: bytes, place: int, end: int) -> tuple[_Labels, int]:
    """Return the name at ``place``, and where it ends there.

    Each pointer leads before all that was read for the name so far: none goes round in circles.
    """
    labels: list[bytes] = []
    after, begin = None, place
    while length := _byte(wire, place, end):
        if length >= 0xC0:
            target = (length & 0x3F) << 8 | _byte(wire, place + 1, end)
            after = place + 2 if after is None else after
            if target >= begin:
                raise MalformedError(MALFORMED)
            place, begin, end = target, target, begin
        elif length > _LONGEST_LABEL or place + 1 + length > end:
            raise MalformedError(MALFORMED)
        else:
            labels.append(wire[place + 1 : place + 1 + length])
            place += 1 + length
    if sum(map(len, labels)) + len(labels) >= _LONGEST_NAME:
        raise MalformedError(MALFORMED)
    return tuple(labels), place + 1 if after is None else after


def _byte(wire: bytes, place: int, end: int) -> int:
    if place >= end:
        raise MalformedError(MALFORMED)
    return wire[place]


def _labels(name: str) -> _Labels:
    """Take the text of a name apart; raise ValueError where it is none."""
    if not name.isascii():
        raise ValueError(f"{name!r} is not ASCII, and cannot be asked from here")
    parts = [] if name in {"", "."} else name.removesuffix(".").split(".")
    labels = tuple(_encoded(part) for part in parts)
    if sum(map(len, labels)) + len(labels) >= _LONGEST_NAME:
        raise ValueError("A DNS name is > 255 octets long.")
    return labels


def _encoded(label: str) -> bytes:
    if not label:
        raise ValueError("A DNS label is empty.")
    if len(label) > _LONGEST_LABEL:
        raise ValueError("A DNS label is > 63 octets long.")
    return label.encode()


def _lowered(labels: _Labels) -> _Labels:
    return tuple(label.lower() for label in labels)


def _text(labels: _Labels) -> str:
    return ".".join("".join(map(_character, label)) for label in labels) or "."


def _character(byte: int) -> str:
    if byte in _ESCAPED:
        return f"\\{byte:c}"
    return chr(byte) if 0x20 < byte < 0x7F else f"\\{byte:03d}"

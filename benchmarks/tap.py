"""Watch what a running twin's hosts send: ``python tap.py PID`` for the twin's first process.

Prints ``ready``, watches the links between hosts and router until its standard input ends, then
prints one line of JSON: what was `Seen`, and ``lost``, how many packets it missed. It observes
only: a packet socket in the twin's own namespaces, which belong to the user who made them. SYN
segments and DNS queries over UDP are all it takes.
"""

import ctypes
import json
import os
import select
import socket
import struct
import sys
from dataclasses import dataclass, field

import dns.message
import dns.rdatatype

_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ETH_P_IP, _PACKET_OUTGOING = 0x0800, 4
_SO_ATTACH_FILTER, _SOL_PACKET, _PACKET_STATISTICS = 26, 263, 6
_IPV4_HEADER, _UDP_HEADER = 20, 8
_TCP, _UDP, _DNS = 6, 17, 53
_SYN, _SYN_AND_ACK = 0x02, 0x12
_BUFFER = 8 * 1024 * 1024

# Classic BPF over the IPv4 packet (no options, which nobody here sends): code, true, false, value.
_LOAD_BYTE, _LOAD_HALF, _AND, _EQUAL, _RETURN = 0x30, 0x28, 0x54, 0x15, 0x06
_FILTER = (
    (_LOAD_BYTE, 0, 0, 9),  # protocol
    (_EQUAL, 0, 3, _TCP),
    (_LOAD_BYTE, 0, 0, _IPV4_HEADER + 13),  # flags
    (_AND, 0, 0, _SYN_AND_ACK),
    (_EQUAL, 3, 4, _SYN),
    (_EQUAL, 0, 3, _UDP),
    (_LOAD_HALF, 0, 0, _IPV4_HEADER + 2),  # destination port
    (_EQUAL, 0, 1, _DNS),
    (_RETURN, 0, 0, 65_535),
    (_RETURN, 0, 0, 0),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was sent, by who sent what to whom.

    ``dials`` counts SYNs by ``source>destination:port`` and source port (a repeated SYN keeps its
    port), ``queries`` those of the form ``source>server name type``.
    """

    dials: dict[str, dict[int, int]] = field(default_factory=dict)
    queries: dict[str, int] = field(default_factory=dict)


def main(pid: int) -> None:
    """Watch until standard input ends."""
    _enter(pid)
    seen = Seen()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP)) as packets:
        packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        _attach_filter(packets)
        packets.setblocking(False)
        print("ready", flush=True)
        while packets.fileno() in select.select([packets.fileno(), 0], [], [])[0] or not _ended():
            _take(packets, seen)
        lost = struct.unpack("II", packets.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8))[1]
    print(json.dumps({"dials": seen.dials, "queries": seen.queries, "lost": lost}), flush=True)


def _enter(pid: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    for name, kind in (("user", _CLONE_NEWUSER), ("net", _CLONE_NEWNET)):
        descriptor = os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY)
        if libc.setns(descriptor, kind) != 0:
            raise OSError(ctypes.get_errno(), f"cannot enter the twin's {name} namespace")
        os.close(descriptor)


def _attach_filter(packets: socket.socket) -> None:
    program = b"".join(struct.pack("HBBI", *each) for each in _FILTER)
    kept = ctypes.create_string_buffer(program)
    header = struct.pack("HL", len(_FILTER), ctypes.addressof(kept))
    packets.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, header)


def _ended() -> bool:
    return bool(select.select([0], [], [], 0)[0]) and not os.read(0, 1)


def _take(packets: socket.socket, seen: Seen) -> None:
    try:
        while True:
            packet, (link, _, kind, *_) = packets.recvfrom(65_535)
            if link.startswith("host") and kind != _PACKET_OUTGOING:
                _note(packet, seen)
    except BlockingIOError:
        return


def _note(packet: bytes, seen: Seen) -> None:
    source, destination = (socket.inet_ntoa(packet[at : at + 4]) for at in (12, 16))
    from_port, to_port = struct.unpack_from(">HH", packet, _IPV4_HEADER)
    if packet[9] == _TCP:
        ports = seen.dials.setdefault(f"{source}>{destination}:{to_port}", {})
        ports[from_port] = ports.get(from_port, 0) + 1
        return
    question = dns.message.from_wire(packet[_IPV4_HEADER + _UDP_HEADER :]).question[0]
    name, kind = question.name.to_text(omit_final_dot=True), dns.rdatatype.to_text(question.rdtype)
    query = f"{source}>{destination} {name} {kind}"
    seen.queries[query] = seen.queries.get(query, 0) + 1


if __name__ == "__main__":
    main(int(sys.argv[1]))

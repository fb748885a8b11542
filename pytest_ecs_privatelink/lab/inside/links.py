"""Links, addresses, routes and policy rules as rtnetlink messages.

Layouts: linux/rtnetlink.h, if_link.h, if_addr.h, fib_rules.h. All is IPv4 and point to point: a
link has no ARP and the same hardware address on both of its ends, so that every packet sent into
it arrives, whatever its next hop, and nothing has to be asked before.
"""

import socket
import struct

from pytest_ecs_privatelink.lab.inside.netlink import (
    CREATE,
    EXCL,
    Message,
    attribute,
    nested,
    text,
)
from pytest_ecs_privatelink.lab.twin_plan import Way

ROUTE_FAMILY = 0
MAIN_TABLE = 254
HOST_LINK, HOST_LINK_INDEX = "eth0", 100
"""The one link of a host or a task."""
LOOPBACK = 1
WAY_INDEXES = {way: 100 + i for i, way in enumerate(Way)}
"""Index, on both ends, of the link between router and servers for each way."""

_NEW_LINK, _NEW_ADDRESS, _NEW_ROUTE, _NEW_RULE = 16, 20, 24, 32
_LINK = struct.Struct("=BxHiII")
_IFF_UP, _IFF_NOARP = 0x1, 0x80
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_LINKINFO, _IFLA_NET_NS_FD = 1, 3, 18, 28
_INFO_KIND, _INFO_DATA, _VETH_PEER = 1, 2, 1
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_RTA_DESTINATION, _RTA_OIF, _RTA_TABLE = 1, 4, 15
_UNICAST, _BLACKHOLE = 1, 6
_STATIC, _SCOPE_UNIVERSE, _SCOPE_LINK = 4, 0, 253
_FRA_DESTINATION, _FRA_IIFNAME, _FRA_PRIORITY, _FRA_TABLE = 1, 3, 6, 15
_TO_TABLE = 1


def link_up(index: int) -> Message:
    """Set a link up."""
    body = _LINK.pack(socket.AF_UNSPEC, 0, index, _IFF_UP, _IFF_UP)
    return Message(_NEW_LINK, 0, body, f"set link {index} up")


def pair(name: str, index: int, peer_name: str, peer_index: int, peer_namespace: int) -> Message:
    """Make a veth pair, with one end in the namespace of a file descriptor; both are down."""
    hardware = attribute(_IFLA_ADDRESS, b"\x02\x00" + struct.pack(">I", index))
    peer = (
        _end(peer_index)
        + text(_IFLA_IFNAME, peer_name)
        + hardware
        + attribute(_IFLA_NET_NS_FD, struct.pack("=I", peer_namespace))
    )
    kind = nested(
        _IFLA_LINKINFO,
        text(_INFO_KIND, "veth"),
        nested(_INFO_DATA, attribute(_VETH_PEER, peer)),
    )
    body = _end(index) + text(_IFLA_IFNAME, name) + hardware + kind
    return Message(_NEW_LINK, CREATE | EXCL, body, f"make a veth pair {name}")


def address(index: int, value: str) -> Message:
    """Give a link an address of its own, without a network around it."""
    packed = socket.inet_aton(value)
    body = struct.pack("=BBBBI", socket.AF_INET, 32, 0, _SCOPE_UNIVERSE, index)
    body += attribute(_IFA_LOCAL, packed) + attribute(_IFA_ADDRESS, packed)
    return Message(_NEW_ADDRESS, CREATE | EXCL, body, f"add address {value}")


def route(destination: str, index: int | None, table: int = MAIN_TABLE) -> Message:
    """Route a CIDR into a link; with None drop it silently (a blackhole)."""
    base, _, length = destination.partition("/")
    kind, scope = (_BLACKHOLE, _SCOPE_UNIVERSE) if index is None else (_UNICAST, _SCOPE_LINK)
    small = table if table < 256 else 0
    body = struct.pack(
        "=BBBBBBBBI", socket.AF_INET, int(length), 0, 0, small, _STATIC, scope, kind, 0
    )
    body += attribute(_RTA_DESTINATION, socket.inet_aton(base))
    body += attribute(_RTA_TABLE, struct.pack("=I", table))
    if index is not None:
        body += attribute(_RTA_OIF, struct.pack("=I", index))
    return Message(_NEW_ROUTE, CREATE | EXCL, body, f"add route {destination} to table {table}")


def rule_from_link(name: str, table: int, priority: int) -> Message:
    """Let packets that arrive on a link be routed by a table."""
    return _rule(0, text(_FRA_IIFNAME, name), table, priority, f"from {name}")


def rule_to_address(value: str, table: int, priority: int) -> Message:
    """Let packets to an address be routed by a table, wherever they come from."""
    match = attribute(_FRA_DESTINATION, socket.inet_aton(value))
    return _rule(32, match, table, priority, f"to {value}")


def _end(index: int) -> bytes:
    return _LINK.pack(socket.AF_UNSPEC, 0, index, _IFF_NOARP, _IFF_NOARP)


def _rule(length: int, match: bytes, table: int, priority: int, words: str) -> Message:
    body = struct.pack("=BBBBBBBBI", socket.AF_INET, length, 0, 0, 0, 0, 0, _TO_TABLE, 0)
    body += match
    body += attribute(_FRA_PRIORITY, struct.pack("=I", priority))
    body += attribute(_FRA_TABLE, struct.pack("=I", table))
    return Message(_NEW_RULE, CREATE | EXCL, body, f"add the policy rule {words}")

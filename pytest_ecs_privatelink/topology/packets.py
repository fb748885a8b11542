"""Packet evaluation: which security group rule admits a packet.

Security groups only allow, all rules of all groups count together, and replies are admitted by
state [VPC User Guide, "Security group rules"]. So one admitting rule decides.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

from pytest_ecs_privatelink.topology.model import AclEntry, GroupRule, SecurityGroup, Snapshot
from pytest_ecs_privatelink.topology.ranges import Ranges

_PROTOCOL_NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """The other end of a packet: its address, and the groups it wears (None: nobody knows)."""

    address: str
    groups: tuple[str, ...] | None


def admitting_ingress(
    snapshot: Snapshot, groups: Iterable[SecurityGroup], source: Peer, port: int = 443
) -> GroupRule | None:
    """Return the ingress rule of ``groups`` that admits TCP ``port`` from ``source``, or None."""
    rules = (rule for group in groups for rule in group.ingress)
    return _first_admitting(snapshot, rules, source, port)


def admitting_egress(
    snapshot: Snapshot, groups: Iterable[SecurityGroup], destination: Peer, port: int = 443
) -> GroupRule | None:
    """Return the egress rule of ``groups`` that lets TCP ``port`` out to ``destination``."""
    rules = (rule for group in groups for rule in group.egress)
    return _first_admitting(snapshot, rules, destination, port)


def admitted_ranges(snapshot: Snapshot, groups: Iterable[SecurityGroup], port: int) -> Ranges:
    """Return the addresses that ``groups`` admit on TCP ``port`` whatever their wearers wear."""
    rules = (rule for group in groups for rule in group.ingress)
    cidrs = (_cidrs(snapshot, rule) for rule in rules if covers_tcp(rule, port))
    return Ranges.of(cidr for each in cidrs for cidr in each)


def names_a_group(rule: GroupRule, port: int = 443) -> bool:
    """Return whether ``rule`` admits TCP ``port`` from whoever wears a certain group."""
    return rule.group is not None and covers_tcp(rule, port)


def covers_tcp(rule: GroupRule | AclEntry, port: int) -> bool:
    """Return whether ``rule`` is about TCP ``port``, whoever its peer may be.

    An unknown protocol is about nothing; ports that are missing or -1 are all of them.
    """
    ports = tcp_ports(rule)
    return ports is not None and ports[0] <= port <= ports[1]


def tcp_ports(rule: GroupRule | AclEntry) -> tuple[int, int] | None:
    """Return the first and last TCP port that ``rule`` is about; None where it is not for TCP."""
    protocol = rule.protocol.lower()
    protocol = _PROTOCOL_NUMBERS.get(protocol, protocol)
    if protocol not in ("-1", "6"):
        return None
    if protocol == "-1" or rule.from_port is None or rule.to_port is None or rule.from_port < 0:
        return (0, 65535)
    return (rule.from_port, rule.to_port)


def _first_admitting(
    snapshot: Snapshot, rules: Iterable[GroupRule], peer: Peer, port: int
) -> GroupRule | None:
    for rule in rules:
        if covers_tcp(rule, port) and _names(snapshot, rule, peer):
            return rule
    return None


def _names(snapshot: Snapshot, rule: GroupRule, peer: Peer) -> bool:
    if rule.group is not None:
        return peer.groups is not None and rule.group in peer.groups
    return any(_contains(cidr, peer.address) for cidr in _cidrs(snapshot, rule))


def _cidrs(snapshot: Snapshot, rule: GroupRule) -> tuple[str, ...]:
    if rule.prefix_list is not None:
        found = snapshot.index.prefix_lists.get(rule.prefix_list)
        return found.cidrs if found else ()
    return (rule.cidr,) if rule.cidr else ()


def _contains(cidr: str, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)

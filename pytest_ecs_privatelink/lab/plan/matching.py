"""What groups and ACLs have in common: protocols, ports and peers of a packet filter rule."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum

from pytest_ecs_privatelink.lab.twin_plan import FilterRule


class Direction(StrEnum):
    """Which of a subnet's or interface's two rule lists."""

    EGRESS = "egress"
    INGRESS = "ingress"


_NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}
_ALL, _TCP, _UDP, _ICMP, _ICMP_V6 = -1, 6, 17, 1, 58
_WITH_PORTS = (_TCP, _UDP)


def with_protocol(
    rule: FilterRule, protocol: str, first: int | None, last: int | None
) -> Iterator[FilterRule]:
    """Narrow ``rule``; nothing is left of one for ICMPv6, which IPv4 packets never are.

    For ICMP the ports are type and code, and -1 stands for all of them (EC2 API, IpPermission).
    """
    number = _NUMBERS.get(protocol.lower()) or int(protocol)
    if number == _ICMP_V6:
        return
    if number == _ALL:
        yield rule
    elif number == _ICMP:
        kind = first if first is not None and first >= 0 else None
        code = last if last is not None and last >= 0 and kind is not None else None
        yield replace(rule, protocol=number, icmp=(kind, code))
    elif number in _WITH_PORTS and first is not None and last is not None and first >= 0:
        yield replace(rule, protocol=number, ports=(first, last))
    else:
        yield replace(rule, protocol=number)


def tcp_ports(protocol: str, first: int | None, last: int | None) -> tuple[int, int] | None:
    """Return the destination ports that a rule is about for TCP; None where it is not for TCP."""
    number = _NUMBERS.get(protocol.lower()) or int(protocol)
    if number not in (_ALL, _TCP):
        return None
    if number == _ALL or first is None or last is None or first < 0:
        return (0, 65535)
    return (first, last)


def with_peers(
    rule: FilterRule, cidrs: Iterable[str], direction: Direction
) -> Iterator[FilterRule]:
    """Return ``rule`` once for each of ``cidrs`` as the other end; IPv6 ones match nothing."""
    for cidr in cidrs:
        if ":" not in cidr:
            yield toward(rule, cidr, direction)


def at(rule: FilterRule, cidr: str, direction: Direction) -> FilterRule:
    """Narrow ``rule`` to packets whose near end, the one that is guarded, is ``cidr``."""
    if direction is Direction.EGRESS:
        return replace(rule, source=cidr)
    return replace(rule, destination=cidr)


def toward(rule: FilterRule, cidr: str, direction: Direction) -> FilterRule:
    """Narrow ``rule`` to packets whose far end is ``cidr``."""
    if direction is Direction.EGRESS:
        return replace(rule, destination=cidr)
    return replace(rule, source=cidr)

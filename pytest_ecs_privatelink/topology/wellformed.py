"""Accounts, addresses and CIDRs of a snapshot, checked once at the door: files are edited."""

import re
from collections.abc import Iterator
from ipaddress import ip_address, ip_network

from pytest_ecs_privatelink.topology.model import Snapshot

# What is yielded: where it stands (as in RecordError's paths), and the text.
Located = Iterator[tuple[str, str]]

_ACCOUNT = re.compile(r"[0-9]{12}")
_PROTOCOL = re.compile(r"-1|tcp|udp|icmp|icmpv6|[0-9]{1,3}")


def misspelt(snapshot: Snapshot) -> Located:
    """Yield where something is not what it should be, and what is wrong with it."""
    if not _ACCOUNT.fullmatch(snapshot.vpc.owner):
        yield "$.vpc.owner", f"{snapshot.vpc.owner!r} is no account id of 12 digits"
    if not snapshot.vpc.cidrs:
        yield "$.vpc.cidrs", "a VPC has at least one CIDR"
    for path, text in _networks(snapshot):
        if not _is_network(text, strict=False):
            yield path, f"{text!r} is no CIDR"
        elif not _is_network(text, strict=True):
            yield path, f"{text!r} has host bits: {without_host_bits(text)} is the network"
    for path, text in _peers(snapshot):
        if not _is_network(text, strict=False):
            yield path, f"{text!r} is no CIDR"
    for path, text in _protocols(snapshot):
        if not _PROTOCOL.fullmatch(text):
            yield path, f"{text!r} is no protocol: tcp, udp, icmp, icmpv6, -1 or a number"
    for path, text in _addresses(snapshot):
        if not _is_address(text):
            yield path, f"{text!r} is no address"


def without_host_bits(cidr: str) -> str:
    """Return ``cidr`` as AWS keeps it (10.0.0.0/16 for 10.0.3.4/16), or as it is if it is none."""
    try:
        ip_network(cidr)
    except ValueError:
        return str(ip_network(cidr, strict=False)) if _is_network(cidr, strict=False) else cidr
    return cidr


def _is_network(text: str, *, strict: bool) -> bool:
    try:
        ip_network(text, strict=strict)
    except ValueError:
        return False
    return "/" in text


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _networks(snapshot: Snapshot) -> Located:
    yield from _each("$.vpc.cidrs", snapshot.vpc.cidrs)
    yield from _each("$.vpc.ipv6_cidrs", snapshot.vpc.ipv6_cidrs)
    for i, subnet in enumerate(snapshot.subnets):
        yield f"$.subnets[{i}].cidr", subnet.cidr
        if subnet.ipv6_cidr is not None:
            yield f"$.subnets[{i}].ipv6_cidr", subnet.ipv6_cidr
    for i, prefix_list in enumerate(snapshot.prefix_lists or ()):
        yield from _each(f"$.prefix_lists[{i}].cidrs", prefix_list.cidrs)
    for i, table in enumerate(snapshot.route_tables or ()):
        for j, route in enumerate(table.routes):
            if not route.destination.startswith("pl-"):
                yield f"$.route_tables[{i}].routes[{j}].destination", route.destination


def _peers(snapshot: Snapshot) -> Located:
    """Yield the ranges of rules, whose host bits do no harm: emulators leave them there."""
    for i, group in enumerate(snapshot.security_groups or ()):
        for direction, rules in (("ingress", group.ingress), ("egress", group.egress)):
            for j, rule in enumerate(rules):
                if rule.cidr is not None:
                    yield f"$.security_groups[{i}].{direction}[{j}].cidr", rule.cidr
    for i, acl in enumerate(snapshot.network_acls or ()):
        for j, entry in enumerate(acl.entries):
            yield f"$.network_acls[{i}].entries[{j}].cidr", entry.cidr


def _protocols(snapshot: Snapshot) -> Located:
    for i, group in enumerate(snapshot.security_groups or ()):
        for direction, rules in (("ingress", group.ingress), ("egress", group.egress)):
            for j, rule in enumerate(rules):
                yield f"$.security_groups[{i}].{direction}[{j}].protocol", rule.protocol
    for i, acl in enumerate(snapshot.network_acls or ()):
        for j, entry in enumerate(acl.entries):
            yield f"$.network_acls[{i}].entries[{j}].protocol", entry.protocol


def _addresses(snapshot: Snapshot) -> Located:
    for i, interface in enumerate(snapshot.interfaces or ()):
        yield from _each(f"$.interfaces[{i}].addresses", interface.addresses)
        yield from _each(f"$.interfaces[{i}].ipv6_addresses", interface.ipv6_addresses)
    for i, target in enumerate(snapshot.mount_targets or ()):
        yield f"$.mount_targets[{i}].address", target.address


def _each(path: str, texts: tuple[str, ...]) -> Located:
    for i, text in enumerate(texts):
        yield f"{path}[{i}]", text

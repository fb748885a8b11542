"""Addresses and CIDRs of a snapshot, checked once at the door: a file may have been edited."""

from collections.abc import Iterator
from ipaddress import ip_network

from pytest_ecs_privatelink.topology.model import Snapshot

# What is yielded: where it stands (as in RecordError's paths), and the text.
Located = Iterator[tuple[str, str]]


def misspelt_networks(snapshot: Snapshot) -> Located:
    """Yield every address or CIDR that is none, with the path to it."""
    for path, text in _networks(snapshot):
        try:
            ip_network(text, strict=False)
        except ValueError:
            yield path, text


def _networks(snapshot: Snapshot) -> Located:
    vpc = snapshot.vpc
    yield from _each("$.vpc.cidrs", vpc.cidrs)
    yield from _each("$.vpc.ipv6_cidrs", vpc.ipv6_cidrs)
    for i, subnet in enumerate(snapshot.subnets):
        yield f"$.subnets[{i}].cidr", subnet.cidr
        if subnet.ipv6_cidr is not None:
            yield f"$.subnets[{i}].ipv6_cidr", subnet.ipv6_cidr
    for i, interface in enumerate(snapshot.interfaces or ()):
        yield from _each(f"$.interfaces[{i}].addresses", interface.addresses)
        yield from _each(f"$.interfaces[{i}].ipv6_addresses", interface.ipv6_addresses)
    for i, prefix_list in enumerate(snapshot.prefix_lists or ()):
        yield from _each(f"$.prefix_lists[{i}].cidrs", prefix_list.cidrs)
    yield from _routes(snapshot)
    yield from _rules(snapshot)


def _routes(snapshot: Snapshot) -> Located:
    for i, table in enumerate(snapshot.route_tables or ()):
        for j, route in enumerate(table.routes):
            if not route.destination.startswith("pl-"):
                yield f"$.route_tables[{i}].routes[{j}].destination", route.destination


def _rules(snapshot: Snapshot) -> Located:
    for i, group in enumerate(snapshot.security_groups or ()):
        for direction, rules in (("ingress", group.ingress), ("egress", group.egress)):
            for j, rule in enumerate(rules):
                if rule.cidr is not None:
                    yield f"$.security_groups[{i}].{direction}[{j}].cidr", rule.cidr
    for i, acl in enumerate(snapshot.network_acls or ()):
        for j, entry in enumerate(acl.entries):
            yield f"$.network_acls[{i}].entries[{j}].cidr", entry.cidr


def _each(path: str, texts: tuple[str, ...]) -> Located:
    for i, text in enumerate(texts):
        yield f"{path}[{i}]", text

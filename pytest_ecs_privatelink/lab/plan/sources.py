"""Where a subnet's host dials from: a place for each way in which rules treat its addresses.

A rule may tell addresses of one subnet apart (a CIDR that cuts it), or the ports that replies come
back to (an ACL with a hole in them): then what one source finds says nothing of the others. Which
sources fare alike is decided here; how they fare is the kernel's to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network
from itertools import chain, pairwise

from pytest_ecs_privatelink.lab.plan.addresses import highest_free, usable
from pytest_ecs_privatelink.lab.plan.groups import endpoint_groups
from pytest_ecs_privatelink.lab.plan.matching import tcp_ports
from pytest_ecs_privatelink.lab.plan.nat import nat_subnets
from pytest_ecs_privatelink.lab.twin_plan import PlannedSource
from pytest_ecs_privatelink.topology.lookup import acl_of, interfaces_of
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    EndpointType,
    GroupRule,
    NetworkAcl,
    Snapshot,
    Subnet,
)

MOST_SOURCES = 8
"""From how many places a host dials at most."""

_HTTPS = 443
# net.ipv4.ip_local_port_range of Linux, which the hosts are: replies come back to one of these.
_EPHEMERAL = (32768, 60999)
_Span = tuple[int, int]
"""Addresses or ports as numbers, both ends inclusive."""

_EVERYBODY = (0, 2**32 - 1)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A rule for TCP: peers, destination ports, and whether it allows."""

    peers: _Span
    ports: _Span
    allow: bool


_Rules = tuple[_Entry, ...]
"""The first entry that matches decides; without one it is a refusal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judges:
    """Who may tell sources apart: ``requests`` by address, ``replies`` by address and port.

    ``returns`` see what comes back by port alone: their peers are at the far end.
    """

    requests: tuple[_Rules, ...]
    replies: tuple[_Rules, ...]
    returns: tuple[_Rules, ...]


def distinct_sources(
    snapshot: Snapshot, subnet: Subnet, worn: tuple[str, ...] | None, taken: frozenset[str]
) -> tuple[PlannedSource, ...]:
    """Return a source for each way in which rules treat a subnet's free addresses, widest first.

    ``worn`` are the groups that are dialled with, None where nobody knows.

    Nothing where they are all treated alike: the host's own address stands for them.
    """
    judges = _judges(snapshot, subnet, worn or ())
    ports = tuple(_pieces(_EPHEMERAL, _port_spans(judges)))
    widest: dict[object, tuple[int, PlannedSource]] = {}
    for addresses in _pieces(usable(subnet.cidr), _address_spans(judges)):
        free = highest_free(addresses, taken)
        for piece in ports if free is not None else ():
            fate = _fate(judges, addresses[0], piece[0])
            width = _width(addresses) * _width(piece)
            source = PlannedSource(str(free), piece if len(ports) > 1 else None)
            before, _ = widest.get(fate, (0, source))
            widest[fate] = (before + width, source)
    if len(widest) < 2:
        return ()
    ordered = sorted(widest.values(), key=lambda each: each[0], reverse=True)
    return tuple(source for _, source in ordered)


def _judges(snapshot: Snapshot, subnet: Subnet, worn: tuple[str, ...]) -> _Judges:
    far = [acl_of(snapshot, each) for each in sorted(_far_subnets(snapshot) - {subnet.id})]
    nat = [acl_of(snapshot, each) for each in sorted(nat_subnets(snapshot))]
    groups = sorted(set(endpoint_groups(snapshot).values()))
    return _Judges(
        requests=(
            *(_group_rules(snapshot, each, worn) for each in groups),
            *(_acl_rules(acl, egress=False) for acl in far),
        ),
        replies=tuple(_acl_rules(acl, egress=True) for acl in far),
        returns=tuple(_acl_rules(acl, egress=False) for acl in (acl_of(snapshot, subnet.id), *nat)),
    )


def _far_subnets(snapshot: Snapshot) -> set[str]:
    """Return the subnets whose ACLs stand between a host and what it dials."""
    interfaces = {
        interface.subnet
        for endpoint in snapshot.endpoints
        if endpoint.type is EndpointType.INTERFACE
        for interface in interfaces_of(snapshot, endpoint)
    }
    return interfaces | nat_subnets(snapshot)


def _group_rules(snapshot: Snapshot, worn: tuple[str, ...], peers: tuple[str, ...]) -> _Rules:
    """Return the ingress rules of several groups; one that names a peer's group admits it whole."""
    lists = {each.id: each.cidrs for each in snapshot.prefix_lists or ()}

    def cidrs(rule: GroupRule) -> tuple[str, ...]:
        if rule.group is not None:
            return ("0.0.0.0/0",) if rule.group in peers else ()
        return (rule.cidr,) if rule.cidr is not None else lists.get(rule.prefix_list or "", ())

    return tuple(
        entry
        for group in snapshot.security_groups or ()
        if group.id in worn
        for rule in group.ingress
        for cidr in cidrs(rule)
        for entry in _entries(rule, cidr, allow=True)
    )


def _acl_rules(acl: NetworkAcl | None, *, egress: bool) -> _Rules:
    if acl is None:
        return ()
    entries = (entry for entry in acl.entries if entry.egress is egress)
    return tuple(
        each
        for entry in sorted(entries, key=lambda entry: entry.number)
        for each in _entries(entry, entry.cidr, allow=entry.allow)
    )


def _entries(rule: GroupRule | AclEntry, cidr: str, *, allow: bool) -> Iterator[_Entry]:
    ports = tcp_ports(rule.protocol, rule.from_port, rule.to_port)
    if ports is not None and ":" not in cidr:
        network = IPv4Network(cidr, strict=False)
        yield _Entry((int(network[0]), int(network[-1])), ports, allow)


def _address_spans(judges: _Judges) -> Iterator[_Span]:
    requests = (entry for entry in chain(*judges.requests) if _holds(entry.ports, _HTTPS))
    replies = (entry for entry in chain(*judges.replies) if _overlap(entry.ports, _EPHEMERAL))
    return (entry.peers for entry in (*requests, *replies))


def _port_spans(judges: _Judges) -> Iterator[_Span]:
    return (entry.ports for entry in chain(*judges.replies, *judges.returns))


def _pieces(whole: _Span, spans: Iterable[_Span]) -> Iterator[_Span]:
    """Cut ``whole`` wherever one of ``spans`` begins or ends inside it."""
    first, last = whole
    cuts = {edge for low, high in spans for edge in (low, high + 1) if first < edge <= last}
    for low, high in pairwise((first, *sorted(cuts), last + 1)):
        yield low, high - 1


def _fate(judges: _Judges, address: int, port: int) -> object:
    """Return what is the same for two sources if no rule can tell them apart."""
    return (
        tuple(_allows(rules, address, _HTTPS) for rules in judges.requests),
        tuple(_allows(rules, address, port) for rules in judges.replies),
        tuple(tuple(_by_port(rules, port)) for rules in judges.returns),
    )


def _allows(rules: _Rules, peer: int, port: int) -> bool:
    return next(
        (entry.allow for entry in rules if _holds(entry.peers, peer) and _holds(entry.ports, port)),
        False,
    )


def _by_port(rules: _Rules, port: int) -> Iterator[tuple[_Span, bool]]:
    """Yield the peers that entries for ``port`` are about, up to one that is about everybody."""
    for entry in rules:
        if _holds(entry.ports, port):
            yield entry.peers, entry.allow
            if entry.peers == _EVERYBODY:
                return
    yield _EVERYBODY, False


def _holds(span: _Span, number: int) -> bool:
    return span[0] <= number <= span[1]


def _overlap(one: _Span, other: _Span) -> bool:
    return one[0] <= other[1] and other[0] <= one[1]


def _width(span: _Span) -> int:
    return span[1] - span[0] + 1

"""What a network ACL denies, and by which of its rules.

ACLs keep no state and see each direction apart; rules apply in ascending order of their numbers,
the first that matches decides, and what none matches the rule ``*`` denies [VPC User Guide,
"Network ACL rules"].
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from pytest_ecs_privatelink.topology.model import AclEntry, NetworkAcl
from pytest_ecs_privatelink.topology.packets import tcp_ports
from pytest_ecs_privatelink.topology.ranges import Ranges, Span, merged


@dataclass(frozen=True, slots=True)
class Denial:
    """What one rule of an ACL denies: ``rule`` is its number, None the implicit ``*``.

    At every one of ``addresses`` it denies some of the ``ports`` (first and last, ascending).
    """

    rule: int | None
    addresses: Ranges
    ports: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    number: int | None
    allow: bool
    ports: Span
    addresses: Ranges


_LAST = _Rule(None, allow=False, ports=(0, 65535), addresses=Ranges.everything())


def denials(acl: NetworkAcl, ports: Span, *, egress: bool) -> tuple[Denial, ...]:
    """Return what ``acl`` denies of TCP to destination ``ports``, in the order of its rules.

    Addresses are the peers': destinations of what leaves (``egress``), sources of what enters.
    """
    rules = (*_rules(acl, egress=egress), _LAST)
    found: dict[int | None, list[tuple[Span, Ranges]]] = defaultdict(list)
    for piece in _pieces(ports, rules):
        for rule, addresses in _denied(rules, piece):
            found[rule].append((piece, addresses))
    numbers = dict.fromkeys(rule.number for rule in rules)
    return tuple(_denial(number, found[number]) for number in numbers if number in found)


def _denial(rule: int | None, parts: list[tuple[Span, Ranges]]) -> Denial:
    addresses = Ranges()
    for _, each in parts:
        addresses |= each
    return Denial(rule, addresses, merged(piece for piece, _ in parts))


def _rules(acl: NetworkAcl, *, egress: bool) -> Iterator[_Rule]:
    for entry in sorted(acl.entries, key=_number):
        ports = tcp_ports(entry)
        if entry.egress is egress and ports is not None:
            yield _Rule(entry.number, entry.allow, ports, Ranges.of((entry.cidr,)))


def _number(entry: AclEntry) -> int:
    return entry.number


def _pieces(whole: Span, rules: tuple[_Rule, ...]) -> Iterator[Span]:
    """Cut ``whole`` wherever a rule's ports begin or end inside it."""
    first, last = whole
    edges = (edge for rule in rules for edge in (rule.ports[0], rule.ports[1] + 1))
    cuts = {edge for edge in edges if first < edge <= last}
    for low, high in pairwise((first, *sorted(cuts), last + 1)):
        yield low, high - 1


def _denied(rules: tuple[_Rule, ...], piece: Span) -> Iterator[tuple[int | None, Ranges]]:
    left = Ranges.everything()
    for rule in rules:
        if not rule.ports[0] <= piece[0] <= rule.ports[1]:
            continue
        if not rule.allow and (hit := left & rule.addresses):
            yield rule.number, hit
        left -= rule.addresses

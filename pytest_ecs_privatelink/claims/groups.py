"""Whether what the prober meets on 443 says something of the tasks, or of its own groups only.

A vantage stands in a subnet and wears security groups. Where they are not the tasks', the packet's
fate counts only as far as the rules say that tasks share it.
"""

import ipaddress
from dataclasses import replace
from enum import StrEnum

from pytest_ecs_privatelink.claims.terms import Stand, Terms
from pytest_ecs_privatelink.topology.lookup import effective_groups, endpoint_addresses
from pytest_ecs_privatelink.topology.model import Endpoint, SecurityGroup
from pytest_ecs_privatelink.topology.packets import (
    Peer,
    admitting_egress,
    admitting_ingress,
    names_a_group,
)
from pytest_ecs_privatelink.verdict import Cell

_Worn = tuple[str, ...] | None


class Passage(StrEnum):
    """What the rules say of 443 from somebody's groups to an address."""

    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"


def silence_excused(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    """Return why a timeout at ``address`` proves nothing about the tasks, or None if it does.

    It counts where groups are not what silenced the prober, or where they silence tasks, too.
    """
    if _alike(terms.task_groups, stand.groups):
        return None
    if passage(stand.groups, address, cell, terms) is Passage.OPEN:
        return None
    if passage(terms.task_groups, address, cell, terms) is Passage.SHUT:
        return None
    return f"the vantage wears {_told(stand.groups)}, {_tasks(terms)}"


def opening_doubted(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    """Return why an open 443 at ``address`` proves nothing about the tasks, or None if it does.

    Where tasks wear different sets of groups, the rules of each must let them get there.
    """
    doubts = (
        _doubt(address, cell, replace(terms, task_groups=each, other_groups=()), stand)
        for each in (terms.task_groups, *terms.other_groups)
    )
    return next(filter(None, doubts), None)


def _doubt(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    if _alike(terms.task_groups, stand.groups):
        return None
    match passage(terms.task_groups, address, cell, terms):
        case Passage.OPEN:
            return None
        case Passage.SHUT:
            doubt = "whose rules do not get there: probe from their groups"
            return f"443 is open for {_told(stand.groups)}, but {_wearing(terms)}, {doubt}"
        case Passage.UNKNOWN:
            return f"443 is open for {_told(stand.groups)}, but {_tasks(terms)}"


def passage(worn: _Worn, address: str, cell: Cell, terms: Terms) -> Passage:
    """Return whether rules let TCP 443 out of ``worn`` and into what stands at ``address``.

    Unknown groups (None) are not held back on their way out, and match no rule that names a group.
    What is beyond this VPC is not seen: there only the way out counts.
    """
    if terms.snapshot.security_groups is None:
        return Passage.UNKNOWN
    endpoint = _endpoint_at(address, terms)
    sides = (
        _way_out(worn, address, endpoint, terms),
        Passage.OPEN if endpoint is None else _way_in(worn, address, endpoint, cell, terms),
    )
    if Passage.SHUT in sides:
        return Passage.SHUT
    return Passage.UNKNOWN if Passage.UNKNOWN in sides else Passage.OPEN


def _way_out(worn: _Worn, address: str, endpoint: Endpoint | None, terms: Terms) -> Passage:
    if worn is None:
        return Passage.OPEN
    if _unread(worn, terms):
        return Passage.UNKNOWN
    targets = () if endpoint is None else effective_groups(terms.snapshot, endpoint)
    peer = Peer(address=address, groups=tuple(group.id for group in targets))
    groups = [group for group in terms.snapshot.security_groups or () if group.id in worn]
    return _passage(admitting_egress(terms.snapshot, groups, peer))


def _way_in(worn: _Worn, address: str, endpoint: Endpoint, cell: Cell, terms: Terms) -> Passage:
    targets = effective_groups(terms.snapshot, endpoint)
    if _unread(endpoint.groups, terms) or not targets:
        return Passage.UNKNOWN
    peer = Peer(address=_source(address, cell, terms), groups=worn)
    rule = admitting_ingress(terms.snapshot, targets, peer)
    if rule is None and worn is None and _may_name(targets):
        return Passage.UNKNOWN
    return _passage(rule)


def _passage(rule: object) -> Passage:
    return Passage.SHUT if rule is None else Passage.OPEN


def _may_name(groups: tuple[SecurityGroup, ...]) -> bool:
    return any(names_a_group(rule) for group in groups for rule in group.ingress)


def _unread(groups: tuple[str, ...], terms: Terms) -> list[str]:
    read = {group.id for group in terms.snapshot.security_groups or ()}
    return sorted(set(groups) - read)


def _endpoint_at(address: str, terms: Terms) -> Endpoint | None:
    for endpoint in terms.snapshot.endpoints:
        if address in endpoint_addresses(terms.snapshot, endpoint):
            return endpoint
    return None


def _source(destination: str, cell: Cell, terms: Terms) -> str:
    """Return an address of the cell's subnet, of the family of ``destination``."""
    subnet = next(each for each in terms.subnets if each.id == cell.subnet)
    if ipaddress.ip_address(destination).version == 4:
        return subnet.cidr.split("/")[0]
    return (subnet.ipv6_cidr or "::").split("/")[0]


def _alike(tasks: _Worn, prober: _Worn) -> bool:
    return tasks is not None and prober is not None and set(tasks) == set(prober)


def _told(groups: _Worn) -> str:
    return "unknown groups" if groups is None else ", ".join(groups) or "no groups"


def _wearing(terms: Terms) -> str:
    return f"tasks wear {_told(terms.task_groups)}"


def _tasks(terms: Terms) -> str:
    """Return what is known of the tasks' groups, and what would help."""
    if terms.task_groups is None:
        return "the tasks' security groups are unknown: name them with --ecs-security-group"
    if terms.snapshot.security_groups is None:
        return f"{_wearing(terms)}, whose rules could not be read: probe from their groups"
    if missing := _unread(terms.task_groups, terms):
        return f"{_wearing(terms)}, of which {', '.join(missing)} is not among the groups read"
    return f"{_wearing(terms)}: probe from their groups"

"""Whether what the prober meets on 443 says something of ECS, or of its own groups only.

A vantage stands in a subnet and wears security groups. A cell is about one launch type or both:
Fargate tasks' packets leave with the tasks' groups, on EC2 with the container instances'. Where
those are not the vantage's, its packet's fate counts only as far as rules say that theirs share it.
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
from pytest_ecs_privatelink.verdict import Cell, LaunchType

_Worn = tuple[str, ...] | None


class Passage(StrEnum):
    """What the rules say of 443 from somebody's groups to an address."""

    OPEN = "open"
    SHUT = "shut"
    UNKNOWN = "unknown"


def silence_excused(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    """Return why a timeout at ``address`` proves nothing about the cell, or None if it does.

    A cell is red if one of its launch types fails. So it counts where groups are not what silenced
    the prober, or where they silence the packets of one launch type, too.
    """
    launch_types = terms.service(cell.service).launch_types
    for kind in launch_types:
        if _alike(terms.wearers.get(kind), stand.worn(kind)):
            return None
        if passage(stand.worn(kind), address, cell, terms) is Passage.OPEN:
            return None
        if passage(terms.wearers.get(kind), address, cell, terms) is Passage.SHUT:
            return None
    worn = " and ".join(dict.fromkeys(_told(stand.worn(kind)) for kind in launch_types))
    known = "; ".join(_known(kind, terms) for kind in launch_types)
    return f"the vantage wears {worn}, {known}"


def opening_doubted(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    """Return why an open 443 at ``address`` does not prove the cell, or None if it does.

    It has to be as open for every launch type that the cell is about, and for each of the sets of
    groups that are worn where ECS services differ.
    """
    return next(
        (
            doubt
            for kind in terms.service(cell.service).launch_types
            for theirs in (terms.wearers.get(kind), *terms.others.get(kind, ()))
            if (doubt := _doubt(theirs, kind, address, cell, terms, stand))
        ),
        None,
    )


def _doubt(
    theirs: _Worn, kind: LaunchType, address: str, cell: Cell, terms: Terms, stand: Stand
) -> str | None:
    worn = stand.worn(kind)
    if _alike(theirs, worn):
        return None
    judged = replace(terms, wearers={**terms.wearers, kind: theirs})
    match passage(theirs, address, cell, terms):
        case Passage.OPEN:
            return None
        case Passage.SHUT:
            doubt = "whose rules do not get there: probe from their groups"
            return f"443 is open for {_told(worn)}, but {_wearing(kind, judged)}, {doubt}"
        case Passage.UNKNOWN:
            return f"443 is open for {_told(worn)}, but {_known(kind, judged)}"


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


_WHO = {LaunchType.FARGATE: "Fargate tasks", LaunchType.EC2: "container instances"}
_OPTIONS = {
    LaunchType.FARGATE: "--ecs-security-group",
    LaunchType.EC2: "--ecs-instance-security-group",
}


def _wearing(kind: LaunchType, terms: Terms) -> str:
    return f"{_WHO[kind]} wear {_told(terms.wearers.get(kind))}"


def _known(kind: LaunchType, terms: Terms) -> str:
    """Return what is known of the groups of a launch type's packets, and what would help."""
    worn = terms.wearers.get(kind)
    if worn is None:
        return f"what {_WHO[kind]} wear is unknown: name it with {_OPTIONS[kind]}"
    if terms.snapshot.security_groups is None:
        return f"{_wearing(kind, terms)}, whose rules could not be read: probe from their groups"
    if missing := _unread(worn, terms):
        return (
            f"{_wearing(kind, terms)}, of which {', '.join(missing)} is not among the groups read"
        )
    return f"{_wearing(kind, terms)}: probe from their groups"

"""Security groups as packet filter chains: one per group and direction, one per way to wear them.

A group that is named as a peer stands for the addresses that wear it.
"""

from collections.abc import Iterator, Mapping

from pytest_ecs_privatelink.lab.plan.matching import Direction, at, with_peers, with_protocol
from pytest_ecs_privatelink.lab.twin_plan import Action, FilterChain, FilterRule, PlannedHost
from pytest_ecs_privatelink.topology.lookup import effective_groups, interfaces_of
from pytest_ecs_privatelink.topology.model import EndpointType, GroupRule, SecurityGroup, Snapshot

Worn = Mapping[str, tuple[str, ...]]
"""The groups that each address wears."""


def endpoint_groups(snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Return the groups that the interfaces of endpoints wear, by address."""
    worn = {}
    for endpoint in snapshot.endpoints:
        if endpoint.type is not EndpointType.INTERFACE:
            continue
        own = tuple(group.id for group in effective_groups(snapshot, endpoint))
        groups = tuple(sorted(endpoint.groups or own))
        for interface in interfaces_of(snapshot, endpoint):
            worn.update(dict.fromkeys(interface.addresses, groups))
    return worn


def worn_by_hosts(hosts: tuple[PlannedHost, ...]) -> dict[str, tuple[str, ...]]:
    """Return the groups that hosts wear, by address; hosts of unknown groups are left out."""
    return {
        address: guise.groups
        for host in hosts
        for guise in (*host.guises, *host.tasks)
        if guise.groups is not None
        for address in guise.addresses
    }


def unknown_groups(snapshot: Snapshot, interfaces: Worn) -> tuple[str, ...]:
    """Return the groups that are worn and whose rules nobody knows, sorted."""
    known = {group.id for group in snapshot.security_groups or ()}
    return tuple(sorted({group for groups in interfaces.values() for group in groups} - known))


def wearers(interfaces: Worn) -> dict[str, tuple[str, ...]]:
    """Return the addresses that wear each group."""
    found: dict[str, list[str]] = {}
    for address, groups in interfaces.items():
        for group in groups:
            found.setdefault(group, []).append(f"{address}/32")
    return {group: tuple(addresses) for group, addresses in found.items()}


def wearing(interfaces: Worn, direction: Direction) -> Iterator[FilterRule]:
    """Send what opens a connection from (or to) an interface to the groups that it wears."""
    names = _interface_names(interfaces, direction)
    for address, groups in interfaces.items():
        comment = f"{address} wears {' '.join(groups) or 'no group'}"
        rule = FilterRule(action=Action.GOTO, target=names[groups], comment=comment)
        yield at(rule, f"{address}/32", direction)


def interface_chains(interfaces: Worn, direction: Direction) -> Iterator[FilterChain]:
    """Return a chain for each set of groups that is worn: any of them may allow."""
    for groups, name in _interface_names(interfaces, direction).items():
        rules = [
            FilterRule(
                action=Action.JUMP,
                target=_group_name(group, direction),
                comment=f"{group} {direction}",
            )
            for group in groups
        ]
        comment = f"no {direction} rule of {' '.join(groups) or 'no group'} allows it"
        rules.append(FilterRule(action=Action.DROP, comment=comment))
        yield FilterChain(name, tuple(rules))


def group_chains(
    snapshot: Snapshot, interfaces: Worn, peers: Worn, direction: Direction
) -> Iterator[FilterChain]:
    """Return a chain for each group that is worn.

    One that is not in the snapshot allows nothing: nobody knows its rules.
    """
    known = {group.id: group for group in snapshot.security_groups or ()}
    for group_id in dict.fromkeys(group for groups in interfaces.values() for group in groups):
        rules: tuple[FilterRule, ...] = ()
        if group_id in known:
            rules = tuple(_group_rules(snapshot, known[group_id], peers, direction))
        yield FilterChain(_group_name(group_id, direction), rules)


def _interface_names(interfaces: Worn, direction: Direction) -> dict[tuple[str, ...], str]:
    worn = dict.fromkeys(interfaces.values())
    return {groups: f"interface-{direction}-{i}" for i, groups in enumerate(worn)}


def _group_rules(
    snapshot: Snapshot, group: SecurityGroup, peers: Worn, direction: Direction
) -> Iterator[FilterRule]:
    lists = {each.id: each.cidrs for each in snapshot.prefix_lists or ()}
    for rule in group.egress if direction is Direction.EGRESS else group.ingress:
        peer = rule.cidr or rule.group or rule.prefix_list or "nobody"
        accept = FilterRule(
            action=Action.ACCEPT,
            comment=f"{group.id} {direction} rule: {rule.protocol} {_ports(rule)} {peer}",
        )
        for matched in with_protocol(accept, rule.protocol, rule.from_port, rule.to_port):
            yield from with_peers(matched, _cidrs(rule, lists, peers), direction)


def _cidrs(rule: GroupRule, lists: Worn, peers: Worn) -> tuple[str, ...]:
    if rule.cidr is not None:
        return (rule.cidr,)
    if rule.group is not None:
        return peers.get(rule.group, ())
    return lists.get(rule.prefix_list or "", ())


def _ports(rule: GroupRule) -> str:
    return "all" if rule.from_port is None else f"{rule.from_port}-{rule.to_port}"


def _group_name(group: str, direction: Direction) -> str:
    return f"{group}-{direction}"

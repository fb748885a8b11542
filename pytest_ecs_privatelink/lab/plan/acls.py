"""Network ACLs as packet filter chains: stateless, in rule order, with the implicit deny."""

from collections.abc import Iterator

from pytest_ecs_privatelink.lab.plan.matching import Direction, at, with_peers, with_protocol
from pytest_ecs_privatelink.lab.twin_plan import Action, FilterChain, FilterRule
from pytest_ecs_privatelink.topology.lookup import acl_of
from pytest_ecs_privatelink.topology.model import AclEntry, NetworkAcl, Snapshot


def guards(snapshot: Snapshot, direction: Direction) -> Iterator[FilterRule]:
    """Send packets that leave (or enter) a subnet to its ACL; not those that stay inside.

    Source for the latter: VPC User Guide, "Network ACL basics".
    """
    for subnet in snapshot.subnets:
        acl = acl_of(snapshot, subnet.id)
        if acl is None:
            continue
        inside = FilterRule(
            action=Action.ACCEPT,
            source=subnet.cidr,
            destination=subnet.cidr,
            comment=f"no ACL acts within {subnet.id}",
        )
        guard = FilterRule(
            action=Action.GOTO,
            target=acl_name(acl, direction),
            comment=f"{acl.id} guards {subnet.id}",
        )
        yield inside
        yield at(guard, subnet.cidr, direction)


def acl_chains(snapshot: Snapshot) -> Iterator[FilterChain]:
    """Return two chains for each ACL that guards a subnet."""
    in_use = (acl_of(snapshot, subnet.id) for subnet in snapshot.subnets)
    acls = {acl.id: acl for acl in in_use if acl is not None}
    for _, acl in sorted(acls.items()):
        for direction in Direction:
            rules = [
                rule for entry in _in_order(acl, direction) for rule in _entry_rules(acl, entry)
            ]
            comment = f"{acl.id} {direction} rule *: deny"
            rules.append(FilterRule(action=Action.DROP, comment=comment))
            yield FilterChain(acl_name(acl, direction), tuple(rules))


def _in_order(acl: NetworkAcl, direction: Direction) -> list[AclEntry]:
    entries = [each for each in acl.entries if each.egress is (direction is Direction.EGRESS)]
    return sorted(entries, key=lambda each: each.number)


def _entry_rules(acl: NetworkAcl, entry: AclEntry) -> Iterator[FilterRule]:
    word = "allow" if entry.allow else "deny"
    direction = Direction.EGRESS if entry.egress else Direction.INGRESS
    rule = FilterRule(
        action=Action.ACCEPT if entry.allow else Action.DROP,
        comment=f"{acl.id} {direction} rule {entry.number}: {word}",
    )
    for matched in with_protocol(rule, entry.protocol, entry.from_port, entry.to_port):
        yield from with_peers(matched, (entry.cidr,), direction)


def acl_name(acl: NetworkAcl, direction: Direction) -> str:
    """Return the name of an ACL's chain."""
    return f"{acl.id}-{direction}"

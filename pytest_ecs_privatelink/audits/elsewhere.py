"""Whether something other than this VPC's endpoints may answer for a name (hub and spoke).

A hub shares its endpoints by hosted zones, Resolver rules or Route 53 Profiles: a VPC without a
single endpoint of its own can be right, and only a probe can tell.
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from pytest_ecs_privatelink.audits.unread import permission_for
from pytest_ecs_privatelink.topology.model import HostedZone, Snapshot

_T = TypeVar("_T")

# Snapshot fields that decide, and the IAM action that reading them takes.
_PARTS = (
    ("hosted_zones", "route53:ListHostedZonesByVPC"),
    ("resolver_rules", "route53resolver:ListResolverRuleAssociations"),
    ("route53_profiles", "route53profiles:ListProfileAssociations"),
)
GIVEN_BACK = frozenset({"SYSTEM", "RECURSIVE"})
"""Types of Resolver rules that give a name back to the VPC resolver, and so to hosted zones."""

Labels = tuple[str, ...]
"""A name's labels in lower case, as they are read; none for the root."""


def may_answer(snapshot: Snapshot, name: str) -> str | None:
    """Return who may answer for ``name``, in words, or None where nobody that was read does.

    The most specific of zones and rules decides, and a rule before a zone of the same name
    [Route 53 Developer Guide, "Considerations when working with a private hosted zone"]. A zone
    whose records are known and lack the name answers NXDOMAIN, which helps nobody.
    """
    wanted = labels(name)
    zones = closest(wanted, snapshot.hosted_zones or (), lambda each: each.name)
    rules = closest(wanted, snapshot.resolver_rules or (), lambda each: each.domain)
    if zones and rules and len(labels(zones[0].name)) > len(labels(rules[0].domain)):
        rules = ()
    for rule in rules:
        if rule.type not in GIVEN_BACK:
            return f"resolver rule {rule.id} ({rule.domain})"
    for zone in zones:
        if _may_hold(zone, wanted):
            return f"hosted zone {zone.id} ({zone.name.removesuffix('.')})"
    if snapshot.route53_profiles:
        return f"Route 53 Profile {snapshot.route53_profiles[0]}"
    return None


def unread_permissions(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the IAM actions without which nobody can say that nothing else answers.

    What an emulator does not implement cannot exist in it: there, unread is absent.
    """
    if snapshot.emulated:
        return ()
    return tuple(
        permission_for(snapshot, part, permission)
        for part, permission in _PARTS
        if getattr(snapshot, part) is None
    )


def closest(
    wanted: Labels, candidates: Iterable[_T], domain: Callable[[_T], str]
) -> tuple[_T, ...]:
    """Return the candidates whose domain is the most specific one above ``wanted``."""
    depths = [(len(labels(domain(each))), each) for each in candidates]
    covering = [(n, each) for n, each in depths if within(wanted, labels(domain(each)))]
    deepest = max((n for n, _ in covering), default=0)
    return tuple(each for n, each in covering if n == deepest)


def _may_hold(zone: HostedZone, wanted: Labels) -> bool:
    """Return whether the zone holds ``wanted``, delegates it, or was not read."""
    if zone.records is None:
        return True
    apex = labels(zone.name)
    held = [(labels(record.name), record.type) for record in zone.records]
    if any(type_ == "NS" and name != apex and within(wanted, name) for name, type_ in held):
        return True
    addressed = {name for name, type_ in held if type_ != "NS"}
    return source(wanted, {apex, *(name for name, _ in held)}) in addressed


def source(wanted: Labels, held: set[Labels]) -> Labels:
    """Return the name whose records answer for ``wanted``: itself, or a wildcard (RFC 4592).

    Only the wildcard right below the closest encloser counts; every name has all its parents,
    which is how a deeper record hides a wildcard above it.
    """
    existing = {name[start:] for name in held for start in range(len(name) + 1)}
    if wanted in existing:
        return wanted
    encloser = next(
        wanted[start:] for start in range(1, len(wanted) + 1) if wanted[start:] in existing
    )
    return ("*", *encloser)


def within(inner: Labels, outer: Labels) -> bool:
    """Return whether ``inner`` is ``outer``, or below it."""
    return len(outer) <= len(inner) and inner[len(inner) - len(outer) :] == outer


def labels(name: str) -> Labels:
    """Return the labels of ``name``."""
    return tuple(label for label in name.lower().split(".") if label)

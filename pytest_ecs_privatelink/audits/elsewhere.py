"""Whether something other than this VPC's endpoints may answer for a name (hub and spoke).

A hub shares its endpoints by hosted zones, Resolver rules or Route 53 Profiles: a VPC without a
single endpoint of its own can be right, and only a probe can tell.
"""

from pytest_ecs_privatelink.topology.model import Snapshot

# Snapshot fields that decide, and the IAM action that reading them takes.
_PARTS = (
    ("hosted_zones", "route53:ListHostedZonesByVPC"),
    ("resolver_rules", "route53resolver:ListResolverRuleAssociations"),
    ("route53_profiles", "route53profiles:ListProfileAssociations"),
)


def answered_elsewhere(snapshot: Snapshot, name: str) -> str | None:
    """Return what covers ``name``, in words, or None where nothing that was read does."""
    for zone in snapshot.hosted_zones or ():
        if _within(name, zone.name):
            return f"hosted zone {zone.id} ({zone.name.removesuffix('.')})"
    rules = [rule for rule in snapshot.resolver_rules or () if _within(name, rule.domain)]
    # The most specific rule decides; SYSTEM and RECURSIVE give the name back to the VPC resolver.
    closest = max(rules, key=lambda rule: len(_labels(rule.domain)), default=None)
    if closest is not None and closest.type not in ("SYSTEM", "RECURSIVE"):
        return f"resolver rule {closest.id} ({closest.domain})"
    if snapshot.route53_profiles:
        return f"Route 53 Profile {snapshot.route53_profiles[0]}"
    return None


def unread_permissions(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the IAM actions without which nobody can say that nothing else answers.

    What an emulator does not implement cannot exist in it: there, unread is absent.
    """
    if snapshot.emulated:
        return ()
    known = {entry.part: entry.permission for entry in snapshot.unreadable}
    return tuple(
        known.get(part, permission)
        for part, permission in _PARTS
        if getattr(snapshot, part) is None
    )


def _within(name: str, domain: str) -> bool:
    inner, outer = _labels(name), _labels(domain)
    return inner[len(inner) - len(outer) :] == outer if len(outer) <= len(inner) else False


def _labels(name: str) -> tuple[str, ...]:
    return tuple(label for label in name.lower().split(".") if label)

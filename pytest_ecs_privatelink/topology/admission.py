"""What security groups admit for TCP on one port, worked out once for a whole set of groups.

Security groups only allow, and all rules of all groups count together [VPC User Guide, "Security
group rules"]: so a set of groups comes down to the addresses it admits, and the groups it names.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_ecs_privatelink.topology.model import GroupRule, SecurityGroup, Snapshot
from pytest_ecs_privatelink.topology.packets import covers_tcp
from pytest_ecs_privatelink.topology.ranges import Ranges


@dataclass(frozen=True, slots=True)
class Admission:
    """Who is admitted: IPv4 ``ranges``, whoever wears ``groups``, and prefix ``lists`` by id.

    The lists' addresses are among the ranges, but for those of ``unread`` lists: nobody knows them.
    """

    ranges: Ranges
    groups: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    unread: tuple[str, ...] = ()

    def names_any(self, worn: Iterable[str] | None) -> bool:
        """Return whether a rule names one of the groups that a peer is known to wear."""
        return worn is not None and not self.groups.isdisjoint(worn)


def admitted_in(snapshot: Snapshot, groups: Iterable[SecurityGroup], port: int = 443) -> Admission:
    """Return from whom ``groups`` admit TCP ``port``."""
    return _admission(snapshot, (rule for each in groups for rule in each.ingress), port)


def admitted_out(snapshot: Snapshot, groups: Iterable[SecurityGroup], port: int = 443) -> Admission:
    """Return to whom ``groups`` let TCP ``port`` out."""
    return _admission(snapshot, (rule for each in groups for rule in each.egress), port)


def _admission(snapshot: Snapshot, rules: Iterable[GroupRule], port: int) -> Admission:
    telling = [rule for rule in rules if covers_tcp(rule, port)]
    known = snapshot.index.prefix_lists
    lists = dict.fromkeys(rule.prefix_list for rule in telling if rule.prefix_list is not None)
    cidrs = dict.fromkeys(rule.cidr for rule in telling if rule.cidr is not None)
    listed = (cidr for each in lists if each in known for cidr in known[each].cidrs)
    return Admission(
        ranges=Ranges.of((*cidrs, *listed)),
        groups=frozenset(rule.group for rule in telling if rule.group is not None),
        lists=frozenset(lists),
        unread=tuple(sorted(each for each in lists if each not in known)),
    )

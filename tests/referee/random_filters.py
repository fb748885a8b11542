"""Random security groups and network ACLs: what a VPC should have, and what becomes of it."""

from dataclasses import replace

from hypothesis import strategies as st
from referee_ids import (
    ANYWHERE,
    DEFAULT,
    ENDPOINTS,
    GROUPS,
    INSTANCES,
    OWN_LIST,
    PUBLIC,
    S3_LIST,
    S3_RANGES,
    TASKS,
    VPC,
)
from tampering import Draw, acl_entries, group_rules, one_in, tampered

from pytest_ecs_privatelink.topology.model import AclEntry, GroupRule, NetworkAcl, SecurityGroup

EVERYTHING = (GroupRule(protocol="-1", cidr=ANYWHERE),)
OPEN = tuple(
    AclEntry(number=100, egress=egress, allow=True, protocol="-1", cidr=ANYWHERE)
    for egress in (True, False)
)


@st.composite
def groups(
    draw: Draw, ranges: tuple[str, ...], cidrs: tuple[str, ...]
) -> tuple[SecurityGroup, ...]:
    """Draw the rules of all groups; ``ranges`` are the subnets', ``cidrs`` the VPC's."""
    rules = group_rules(GROUPS, (*ranges, *cidrs, *S3_RANGES), (S3_LIST, OWN_LIST))
    among_themselves = (GroupRule(protocol="-1", group=DEFAULT),)
    ingress: dict[str, tuple[GroupRule, ...]] = {
        ENDPOINTS: draw(_admitting(ranges, cidrs)),
        DEFAULT: among_themselves,
    }
    return tuple(
        SecurityGroup(
            id=group,
            vpc=VPC,
            name=group.removeprefix("sg-"),
            ingress=draw(tampered(ingress.get(group, ()), rules)),
            egress=draw(tampered(draw(_leaving(cidrs)), rules)),
        )
        for group in GROUPS
    )


def _admitting(
    ranges: tuple[str, ...], cidrs: tuple[str, ...]
) -> st.SearchStrategy[tuple[GroupRule, ...]]:
    return st.sampled_from(
        [
            tuple(_https(cidr=each) for each in ranges),
            tuple(_https(cidr=each) for each in cidrs),
            (_https(group=TASKS), _https(group=INSTANCES)),
            (_https(prefix_list=OWN_LIST),),
        ]
    )


def _leaving(cidrs: tuple[str, ...]) -> st.SearchStrategy[tuple[GroupRule, ...]]:
    return st.sampled_from(
        [
            EVERYTHING,
            (_https(cidr=ANYWHERE),),
            (_https(group=ENDPOINTS), _https(prefix_list=S3_LIST)),
            (*(_https(cidr=each) for each in cidrs), _https(prefix_list=S3_LIST)),
        ]
    )


def _https(**peer: str) -> GroupRule:
    return GroupRule(protocol="tcp", from_port=443, to_port=443, **peer)


@st.composite
def acls(draw: Draw, ranges: tuple[str, ...], subnets: tuple[str, ...]) -> tuple[NetworkAcl, ...]:
    """Draw the default ACL, and ACLs of their own for some of ``subnets`` (ids)."""
    entries = acl_entries((ANYWHERE, *ranges, *S3_RANGES))
    guarded = [each for each in (*subnets, PUBLIC) if draw(one_in(4))]
    own = (
        NetworkAcl(
            id=f"acl-{each}", entries=_numbered(draw(tampered(OPEN, entries))), subnets=(each,)
        )
        for each in guarded
    )
    return (NetworkAcl(id="acl-default", entries=OPEN, default=True), *own)


def _numbered(entries: tuple[AclEntry, ...]) -> tuple[AclEntry, ...]:
    """Give every entry a number of its own, and keep their order."""
    ordered = sorted(entries, key=lambda each: each.number)
    return tuple(replace(each, number=10 * i) for i, each in enumerate(ordered, 1))

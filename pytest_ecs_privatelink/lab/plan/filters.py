"""Security groups and network ACLs as packet filter rules, one for one where that is possible.

A packet passes five stages in the router, and two more where a NAT gateway is on the way; to pass
one is to be accepted by it. Network ACLs see every packet and keep no state; security groups judge
what opens a connection. All of it is the kernel's to evaluate: nothing here looks at a packet.

What the kernel cannot know is said here: a group that is named as a peer is the addresses that wear
it. A host whose groups are unknown is not held back on its way out, and matches no group reference.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pytest_ecs_privatelink.lab.plan.acls import acl_chains, guards
from pytest_ecs_privatelink.lab.plan.groups import (
    endpoint_groups,
    group_chains,
    interface_chains,
    wearers,
    wearing,
    worn_by_hosts,
)
from pytest_ecs_privatelink.lab.plan.matching import Direction
from pytest_ecs_privatelink.lab.plan.nat import nat_chains
from pytest_ecs_privatelink.lab.twin_plan import (
    Action,
    FilterChain,
    FilterRule,
    Manner,
    PlannedHost,
    PlannedServer,
    Way,
)
from pytest_ecs_privatelink.topology.model import Snapshot

_REPLY = FilterRule(action=Action.ACCEPT, established=True, comment="reply to what was let in")


def filter_chains(
    snapshot: Snapshot,
    hosts: tuple[PlannedHost, ...],
    servers: tuple[PlannedServer, ...],
    resolvers: tuple[str, ...],
) -> tuple[FilterChain, ...]:
    """Return the router's whole rule set: what each way leads to, ACLs, security groups."""
    sources = worn_by_hosts(hosts)
    targets = endpoint_groups(snapshot)
    peers = wearers({**targets, **sources})
    free = tuple(_to_and_from_resolver(resolvers))
    return (
        FilterChain("ways", tuple(_ways(servers)), 0),
        FilterChain("acl-egress", (*free, *guards(snapshot, Direction.EGRESS)), 1),
        FilterChain("acl-ingress", (*free, *guards(snapshot, Direction.INGRESS)), 2),
        *nat_chains(snapshot, hosts, stages=(5, 6)),
        FilterChain("sg-egress", (_REPLY, *free, *wearing(sources, Direction.EGRESS)), 3),
        FilterChain("sg-ingress", (_REPLY, *free, *wearing(targets, Direction.INGRESS)), 4),
        *acl_chains(snapshot),
        *interface_chains(sources, Direction.EGRESS),
        *interface_chains(targets, Direction.INGRESS),
        *group_chains(snapshot, sources, peers, Direction.EGRESS),
        *group_chains(snapshot, targets, peers, Direction.INGRESS),
    )


def _to_and_from_resolver(resolvers: tuple[str, ...]) -> Iterator[FilterRule]:
    """Neither groups nor ACLs filter the VPC's resolver [VPC User Guide, "Amazon DNS server"]."""
    for address in resolvers:
        note = FilterRule(action=Action.ACCEPT, comment="VPC resolver is never filtered")
        yield replace(note, destination=address)
        yield replace(note, source=address)


def _ways(servers: Iterable[PlannedServer]) -> Iterator[FilterRule]:
    """Keep each way to what is at its end."""
    for server in servers:
        if server.manner is Manner.UNREACHABLE:
            comment = f"{server.service} was made unreachable"
            yield FilterRule(action=Action.REJECT, destination=server.address, comment=comment)
        if server.manner is Manner.SILENT:
            comment = f"{server.service} was made silent"
            yield FilterRule(action=Action.DROP, destination=server.address, comment=comment)
        for way in server.ways:
            comment = f"{server.service} is reached by {way}"
            yield FilterRule(
                action=Action.ACCEPT, way=way, destination=server.address, comment=comment
            )
    for way in Way:
        if way is not Way.DNS:
            comment = f"nothing else is reached by {way}"
            yield FilterRule(action=Action.DROP, way=way, comment=comment)

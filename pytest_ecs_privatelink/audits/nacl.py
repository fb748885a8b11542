"""Audit: network ACLs that drop 443, or what comes back, on either side of a connection.

ACLs keep no state, so replies need rules of their own; and they act on what crosses the edge of a
subnet, never within one [VPC User Guide, "Network ACL basics"].
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.dialled import (
    Spot,
    Target,
    targets,
    tcp,
    through_gateway,
    unread,
    usable,
)
from pytest_ecs_privatelink.audits.nacl_gates import HTTPS, Gate, Guard, guards
from pytest_ecs_privatelink.audits.remedies_acls import allow
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted, named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.topology.acls import Denial
from pytest_ecs_privatelink.topology.lookup import acl_of, s3_prefix_list
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.topology.ranges import Ranges, Span, merged
from pytest_ecs_privatelink.verdict import Cell, Code, Finding, Severity

_CODE = Code.NACL_BLOCKS
_MOST_RULES = 8  # an ACL takes 20 each way unless AWS raises that [VPC quotas]
_LAST = 32767  # how the EC2 API numbers the rule "*"


@dataclass(frozen=True, slots=True)
class _Hit:
    """Packets between subnets and a service that a rule drops at a gate.

    ``peers`` are the ranges that the gate should let through.
    """

    gate: Gate
    denial: Denial
    peers: tuple[str, ...]
    subnets: tuple[Subnet, ...]
    requirement: Requirement


def nacl_blocks(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find network ACLs that drop 443 or return ports between subnets and endpoints, or S3.

    One finding for each direction of an ACL, which names the rules that decide.
    """
    if scene.snapshot.network_acls is None:
        vpc = scene.snapshot.vpc.id
        yield unread(scene, _CODE, vpc, "network_acls", "ec2:DescribeNetworkAcls")
        return
    aims = targets(scene)
    places = {*(each.id for each in scene.subnets)}
    places |= {spot.subnet for aim in aims for spot in aim.spots}
    known = guards(scene.snapshot, sorted(places))
    found: dict[tuple[str, bool], list[_Hit]] = {}
    told = (*_near(scene, known, aims), *_far(scene, known, aims), *_s3(scene, known))
    for each in told:
        if isinstance(each, _Hit):
            found.setdefault((each.gate.acl.id, each.gate.egress), []).append(each)
    for _, hits in sorted(found.items()):
        yield _finding(scene, tuple(hits))
    yield from dict.fromkeys(each for each in told if isinstance(each, Unseen))


def _near(
    scene: Scene, known: Mapping[str, Guard], aims: tuple[Target, ...]
) -> Iterator[_Hit | Unseen]:
    """Yield what the ACLs of the subnets under test drop on the way to interfaces and back."""
    everywhere = Ranges()
    spots = [(aim, spot) for aim in aims for spot in aim.spots]
    for spot in dict.fromkeys(spot for _, spot in spots):
        everywhere |= spot.addresses
    for acl, subnets in _by_acl(scene, scene.subnets).items():
        for gate in known[acl].near:
            if not any(gate.hits(everywhere)):
                continue
            for aim, spot in spots:
                yield from _near_hits(scene, gate, aim, spot, subnets)


def _near_hits(
    scene: Scene, gate: Gate, aim: Target, spot: Spot, subnets: tuple[Subnet, ...]
) -> Iterator[_Hit | Unseen]:
    crossing = tuple(subnet for subnet in subnets if subnet.id != spot.subnet)
    hits = tuple(gate.hits(spot.addresses)) if crossing else ()
    dropped = Ranges()
    for _, addresses in hits:
        dropped |= addresses
    guessed = not spot.exact and scene.snapshot.interfaces is None
    if hits and guessed and not dropped.covers(spot.addresses):
        permission = "ec2:DescribeNetworkInterfaces"
        yield unread(scene, _CODE, gate.acl.id, "interfaces", permission)
        return
    peers = (scene.snapshot.index.subnets[spot.subnet].cidr,)
    for denial, _ in hits:
        yield _Hit(gate, denial, peers, crossing, aim.requirement)


def _far(scene: Scene, known: Mapping[str, Guard], aims: tuple[Target, ...]) -> Iterator[_Hit]:
    """Yield what the ACLs of the interfaces' subnets drop from subnets under test and back."""
    spaces = [(subnet, usable(subnet)) for subnet in scene.subnets]
    standing: dict[str, dict[int, tuple[Target, set[str]]]] = {}
    for number, aim in enumerate(aims):
        for spot in aim.spots:
            if (acl := acl_of(scene.snapshot, spot.subnet)) is not None:
                there = standing.setdefault(acl.id, {})
                there.setdefault(number, (aim, set()))[1].add(spot.subnet)
    for id_, there in standing.items():
        for gate in known[id_].far:
            for subnet, space in spaces:
                for denial, _ in gate.hits(space):
                    for aim, stands in there.values():
                        if stands != {subnet.id}:
                            yield _Hit(gate, denial, (subnet.cidr,), (subnet,), aim.requirement)


def _s3(scene: Scene, known: Mapping[str, Guard]) -> Iterator[_Hit | Unseen]:
    """Yield what the subnets' ACLs drop on the way to S3 through its gateway, and back."""
    if (need := through_gateway(scene)) is None:
        return
    requirement, through = need
    prefix_list = s3_prefix_list(scene.snapshot)
    cidrs = tuple(each for each in prefix_list.cidrs if ":" not in each) if prefix_list else ()
    ranges = Ranges.of(cidrs)
    for acl, subnets in _by_acl(scene, through).items():
        for gate in known[acl].near:
            if not ranges:
                permission = "ec2:GetManagedPrefixListEntries"
                yield unread(scene, _CODE, requirement.service, "prefix_lists", permission)
            for denial, _ in gate.hits(ranges):
                yield _Hit(gate, denial, cidrs, subnets, requirement)


def _by_acl(scene: Scene, subnets: Iterable[Subnet]) -> dict[str, tuple[Subnet, ...]]:
    """Return the subnets that have IPv4 addresses by the ACL that guards them."""
    found: dict[str, list[Subnet]] = {}
    for subnet in subnets:
        acl = acl_of(scene.snapshot, subnet.id)
        if acl is not None and usable(subnet):
            found.setdefault(acl.id, []).append(subnet)
    return {id_: tuple(guarded) for id_, guarded in found.items()}


def _finding(scene: Scene, hits: tuple[_Hit, ...]) -> Finding:
    by_ports: dict[Span, list[_Hit]] = {}
    for hit in hits:
        by_ports.setdefault(hit.gate.ports, []).append(hit)
    by_gate = [(each[0].gate, tuple(each)) for each in by_ports.values()]
    acl, way = hits[0].gate.acl.id, _way(hits[0].gate)
    kinds = {kind for hit in hits for kind in hit.requirement.launch_types}
    return Finding(
        code=_CODE,
        severity=Severity.ERROR,
        subject=acl,
        summary="; ".join(_summary(gate, each) for gate, each in by_gate),
        expected=f"{way} {' and '.join(_ports(gate) for gate, _ in by_gate)} allowed by {acl}",
        observed="; ".join(_observed(gate, each) for gate, each in by_gate),
        remedy=allow(
            scene.snapshot,
            hits[0].gate.acl,
            egress=hits[0].gate.egress,
            rules={hit.denial.rule for hit in hits},
            wanted=[(gate.ports, peer) for gate, each in by_gate for peer in _wanted(scene, each)],
        ),
        reference=PAGES[_CODE],
        launch_types=tuple(kind for kind in scene.launch_types if kind in kinds),
        blocks=tuple(sorted(_cells(hits))),
    )


def _wanted(scene: Scene, hits: tuple[_Hit, ...]) -> tuple[str, ...]:
    """Return the ranges to allow: the VPC's where its subnets are more than an ACL takes rules."""
    peers, own = _peers(hits), scene.snapshot.vpc.cidrs
    if len(peers) <= _MOST_RULES:
        return peers
    return (*own, *(Ranges.of(peers) - Ranges.of(own)).cidrs())


def _cells(hits: tuple[_Hit, ...]) -> Iterator[Cell]:
    found: dict[str, set[str]] = {}
    for hit in hits:
        there = found.setdefault(hit.requirement.service, set())
        there.update(subnet.id for subnet in hit.subnets)
    return (tcp(subnet, service) for service, there in found.items() for subnet in there)


def _summary(gate: Gate, hits: tuple[_Hit, ...]) -> str:
    where = named(tuple({subnet.id: subnet for hit in hits for subnet in hit.subnets}.values()))
    services = counted(sorted({hit.requirement.service for hit in hits}), "endpoint services")
    dropped = f"{gate.acl.id} drops {_way(gate)}"
    if gate.ports == HTTPS:
        return f"{dropped} 443 by {_rules(hits)}: {where} cannot reach {services}"
    holes = _holes(hits)
    if holes == (gate.ports,):
        return (
            f"{dropped} replies (ports {_span(gate.ports)}) by {_rules(hits)}: no answers "
            f"reach {where} from {services}"
        )
    return (
        f"{dropped} replies to ports {', '.join(map(_span, holes))} by {_rules(hits)}: from "
        f"{where} to {services} connections are intermittent"
    )


def _observed(gate: Gate, hits: tuple[_Hit, ...]) -> str:
    ports = "443" if gate.ports == HTTPS else ", ".join(map(_span, _holes(hits)))
    peers = counted(_peers(hits), "ranges")
    return f"{_rules(hits)} drops {_way(gate)} TCP {ports} {_toward(gate)} {peers}"


def _peers(hits: tuple[_Hit, ...]) -> tuple[str, ...]:
    return tuple(sorted({peer for hit in hits for peer in hit.peers}, key=_numbers))


def _numbers(cidr: str) -> list[int]:
    return [int(part) for part in cidr.replace("/", ".").split(".")]


def _holes(hits: tuple[_Hit, ...]) -> tuple[Span, ...]:
    """Return the ports that are dropped, as ascending spans."""
    return merged(span for hit in hits for span in hit.denial.ports)


def _rules(hits: tuple[_Hit, ...]) -> str:
    numbers = sorted({hit.denial.rule or _LAST for hit in hits})
    words = ["*" if number == _LAST else str(number) for number in numbers]
    return f"{'rule' if len(words) == 1 else 'rules'} {', '.join(words)}"


def _way(gate: Gate) -> str:
    return "outbound" if gate.egress else "inbound"


def _toward(gate: Gate) -> str:
    return "to" if gate.egress else "from"


def _ports(gate: Gate) -> str:
    return "443" if gate.ports == HTTPS else f"replies ({_span(gate.ports)})"


def _span(span: Span) -> str:
    return str(span[0]) if span[0] == span[1] else f"{span[0]}-{span[1]}"

"""Which subnets are under test, why, and what they are called in test ids."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.topology.evidence import subnets_of
from pytest_ecs_privatelink.topology.model import RouteTarget, Snapshot, Subnet
from pytest_ecs_privatelink.topology.routes import default_route

# InterfaceType of the EC2 API (NetworkInterface): subnets that hold these serve the network, not
# tasks. Network Firewall's endpoints are gateway-load-balancer endpoints.
_PLUMBING = {
    "transit_gateway": "transit gateway",
    "gateway_load_balancer": "gateway load balancer",
    "gateway_load_balancer_endpoint": "firewall or gateway-load-balancer endpoint",
}
_TRANSIT_DESCRIPTION = "Network Interface for Transit Gateway Attachment"
_ADDRESS_IN_SLUG = re.compile(r"(?<!\d)\d{1,3}(-\d{1,3}){3}(?!\d)")


@dataclass(frozen=True, slots=True)
class Selection:
    """The subnets under test, sorted by slug, and the sentence for the header that says why."""

    subnets: tuple[Subnet, ...]
    because: str


def subnets_under_test(snapshot: Snapshot, only: tuple[str, ...] = ()) -> Selection:
    """Return the subnets named in ``only`` (ids), else those in which tasks can be expected.

    Those are the cluster's, whatever their routes, where one was read that stands in this VPC.

    Raises `SettingsError` for an id that the VPC does not have, and where nothing is left.
    """
    if only:
        return _named(snapshot, only)
    if evident := subnets_of(snapshot):
        chosen = _by_slug(subnet for subnet in snapshot.subnets if subnet.id in evident)
        return Selection(chosen, _of_cluster(snapshot))
    reasons = _reasons_against(snapshot)
    chosen = _by_slug(subnet for subnet in snapshot.subnets if subnet.id not in reasons)
    if not chosen:
        raise SettingsError(_nothing_left(snapshot, reasons))
    return Selection(chosen, _because(snapshot, reasons))


def slugs(subnets: Iterable[Subnet]) -> dict[str, str]:
    """Return what each subnet (by id) is called in test ids, sorted by that slug.

    It is the Name tag in ``[a-z0-9-]``, or the id where the Name is missing, doubled, or holds an
    address: test ids never do.
    """
    each = tuple(subnets)
    candidates = {subnet.id: _slug(subnet.name) for subnet in each}
    taken = Counter([*candidates.values(), *candidates])
    named = {
        id_: slug if slug and taken[slug] == 1 and not _holds_address(slug) else id_
        for id_, slug in candidates.items()
    }
    return dict(sorted(named.items(), key=lambda item: item[1]))


def _named(snapshot: Snapshot, only: tuple[str, ...]) -> Selection:
    known = {subnet.id: subnet for subnet in snapshot.subnets}
    if unknown := [id_ for id_ in only if id_ not in known]:
        raise SettingsError(
            f"--ecs-subnet {unknown[0]}: {snapshot.vpc.id} has no such subnet; "
            f"it has {_listed(snapshot.subnets)}"
        )
    return Selection(_by_slug(known[id_] for id_ in dict.fromkeys(only)), "named by --ecs-subnet")


def _reasons_against(snapshot: Snapshot) -> dict[str, str]:
    """Return, for each subnet (by id) where no task is expected, what speaks against it."""
    reasons = _plumbing(snapshot)
    for subnet in snapshot.subnets:
        route = default_route(snapshot, subnet.id)
        if route is not None and route.active and route.target is RouteTarget.INTERNET_GATEWAY:
            reasons[subnet.id] = "internet gateway"
    return reasons


def _plumbing(snapshot: Snapshot) -> dict[str, str]:
    found = {}
    for interface in snapshot.interfaces or ():
        if interface.type in _PLUMBING:
            found[interface.subnet] = _PLUMBING[interface.type]
        elif (interface.description or "").startswith(_TRANSIT_DESCRIPTION):
            found[interface.subnet] = _PLUMBING["transit_gateway"]
    return found


def _of_cluster(snapshot: Snapshot) -> str:
    assert snapshot.cluster is not None
    there = [each.name for each in snapshot.cluster.services or ()]
    if any(each.subnet for each in snapshot.cluster.instances or ()):
        there.append("container instances")
    return f"those of cluster {snapshot.cluster.name}: {', '.join(there)}"


def _because(snapshot: Snapshot, reasons: dict[str, str]) -> str:
    if snapshot.route_tables is None:
        return "every subnet, for route tables could not be read"
    rule = "no default route to an internet gateway"
    if snapshot.cluster is not None:
        rule = f"cluster {snapshot.cluster.name} shows none; {rule}"
    return f"{rule}; left out: {_left_out(snapshot, reasons)}" if reasons else rule


def _nothing_left(snapshot: Snapshot, reasons: dict[str, str]) -> str:
    if not snapshot.subnets:
        return f"{snapshot.vpc.id} has no subnets: nothing can be tested"
    return (
        f"no subnet of {snapshot.vpc.id} looks like one for tasks: every one is left out as "
        f"{_left_out(snapshot, reasons)}; name those to test with --ecs-subnet"
    )


def _left_out(snapshot: Snapshot, reasons: dict[str, str]) -> str:
    kinds: dict[str, list[str]] = {}
    for id_, slug in slugs(snapshot.subnets).items():
        if id_ in reasons:
            kinds.setdefault(reasons[id_], []).append(slug)
    return ", ".join(f"{', '.join(names)} ({kind})" for kind, names in sorted(kinds.items()))


def _listed(subnets: Iterable[Subnet]) -> str:
    return ", ".join(
        f"{subnet.id} ({subnet.name})" if subnet.name else subnet.id
        for subnet in sorted(subnets, key=lambda subnet: subnet.id)
    )


def _by_slug(subnets: Iterable[Subnet]) -> tuple[Subnet, ...]:
    known = {subnet.id: subnet for subnet in subnets}
    return tuple(known[id_] for id_ in slugs(known.values()))


def _slug(name: str | None) -> str:
    # An IPv6 address loses its colons as a slug: it must be recognised before that.
    if name is None or any(_is_address(word) for word in re.findall(r"[0-9a-fA-F:.]+", name)):
        return ""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def _holds_address(slug: str) -> bool:
    return _ADDRESS_IN_SLUG.search(slug) is not None

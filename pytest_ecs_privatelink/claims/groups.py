"""Whether a silent 443 says something of the tasks, or only of the groups that the prober wears."""

from pytest_ecs_privatelink.claims.terms import Stand, Terms
from pytest_ecs_privatelink.topology.lookup import effective_groups, interfaces_of
from pytest_ecs_privatelink.topology.model import Endpoint, SecurityGroup
from pytest_ecs_privatelink.topology.packets import Peer, admitting_egress, admitting_ingress
from pytest_ecs_privatelink.verdict import Cell


def only_the_groups_differ(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    """Return why a timeout at ``address`` proves nothing about the tasks, or None if it does.

    It proves nothing where the vantage's groups are not the tasks' and the packet would pass with
    the tasks' groups (or could, where those are unknown), but not with the vantage's.
    """
    tasks, prober = terms.task_groups, stand.groups
    if tasks is not None and prober is not None and set(tasks) == set(prober):
        return None
    endpoint = _endpoint_at(address, terms)
    if endpoint is None or terms.snapshot.security_groups is None:
        return None
    here = _address_in(cell.subnet, terms)
    if _may_pass(here, address, prober, endpoint, terms, unknown=False):
        return None
    if not _may_pass(here, address, tasks, endpoint, terms, unknown=True):
        return None
    worn = _worn(prober)
    if tasks is None:
        return (
            f"the vantage wears {worn} and the tasks' security groups are unknown: "
            "name them with --ecs-security-group"
        )
    return f"the vantage wears {worn}, tasks wear {', '.join(tasks)}: probe from their groups"


def only_the_prober_passes(address: str, cell: Cell, terms: Terms, stand: Stand) -> str | None:
    """Return why an open 443 at ``address`` proves nothing about the tasks, or None if it does.

    It proves nothing where the vantage's groups are not the tasks', and the rules of the tasks' own
    groups do not let the packet pass.
    """
    tasks, prober = terms.task_groups, stand.groups
    if tasks is None or (prober is not None and set(tasks) == set(prober)):
        return None
    told = f"443 at {address} is open for {_worn(prober)}, but tasks wear {', '.join(tasks)}"
    if terms.snapshot.security_groups is None:
        return f"{told}, whose rules could not be read: probe from their groups"
    endpoint = _endpoint_at(address, terms)
    here = _address_in(cell.subnet, terms)
    if endpoint is None:
        peer = Peer(address=address, groups=())
        passes = admitting_egress(terms.snapshot, _groups(tasks, terms), peer) is not None
    else:
        passes = _may_pass(here, address, tasks, endpoint, terms, unknown=False)
    if passes:
        return None
    return f"{told}, whose rules do not get there: probe from their groups"


def _worn(groups: tuple[str, ...] | None) -> str:
    return "unknown groups" if groups is None else ", ".join(groups) or "no groups"


def _endpoint_at(address: str, terms: Terms) -> Endpoint | None:
    for endpoint in terms.snapshot.endpoints:
        for interface in interfaces_of(terms.snapshot, endpoint):
            if address in interface.addresses:
                return endpoint
    return None


def _address_in(subnet: str, terms: Terms) -> str:
    return next(each.cidr.split("/")[0] for each in terms.subnets if each.id == subnet)


def _may_pass(
    source: str,
    address: str,
    worn: tuple[str, ...] | None,
    endpoint: Endpoint,
    terms: Terms,
    *,
    unknown: bool,
) -> bool:
    snapshot = terms.snapshot
    targets = effective_groups(snapshot, endpoint)
    if worn is None and unknown:
        named = any(rule.group is not None for group in targets for rule in group.ingress)
        peer = Peer(address=source, groups=None)
        return named or admitting_ingress(snapshot, targets, peer) is not None
    peer = Peer(address=source, groups=worn)
    if admitting_ingress(snapshot, targets, peer) is None:
        return False
    if worn is None:
        return True
    destination = Peer(address=address, groups=tuple(group.id for group in targets))
    return admitting_egress(snapshot, _groups(worn, terms), destination) is not None


def _groups(ids: tuple[str, ...], terms: Terms) -> list[SecurityGroup]:
    return [group for group in terms.snapshot.security_groups or () if group.id in ids]

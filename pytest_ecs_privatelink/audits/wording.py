"""How summaries name places and the ways out of them."""

from collections.abc import Iterable

from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.topology.admission import Admission
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import Subnet

_SPELT_OUT = 4  # names; more are counted, so that a summary stays one line
_WAYS = {
    Egress.NONE: "none",
    Egress.PEERING: "a peering connection, which leads to the peer only",
    Egress.NAT: "NAT",
    Egress.IGW: "an internet gateway",
    Egress.TRANSIT: "a transit gateway",
    Egress.APPLIANCE: "an appliance",
    Egress.VPN: "a VPN gateway",
    Egress.UNKNOWN: "an unknown way out",
}


def named(subnets: tuple[Subnet, ...]) -> str:
    """Return the subnets' names, or their number where they are many."""
    return counted((subnet.name or subnet.id for subnet in subnets), "subnets")


def counted(words: Iterable[str], kind: str = "endpoint services") -> str:
    """Return ``words``, or their number where they are many: ``12 subnets``."""
    spelt = list(dict.fromkeys(words))
    return ", ".join(spelt) if len(spelt) <= _SPELT_OUT else f"{len(spelt)} {kind}"


def ways_out(scene: Scene, subnets: tuple[Subnet, ...]) -> str:
    """Return the ways out of ``subnets``, each once."""
    return " or ".join(sorted({_WAYS[scene.egress[subnet.id]] for subnet in subnets}))


def told(admission: Admission) -> str:
    """Return whom rules admit: addresses, and wearers of the groups that they name."""
    cidrs = counted(admission.ranges.cidrs(), "ranges")
    groups = " or ".join(sorted(admission.groups))
    return " and ".join(filter(None, (cidrs, groups and f"wearers of {groups}"))) or "nowhere"

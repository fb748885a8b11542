"""How summaries name places and the ways out of them."""

from pytest_ecs_privatelink.audits.scene import Scene
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
    names = [subnet.name or subnet.id for subnet in subnets]
    if len(names) > _SPELT_OUT:
        return f"{len(names)} subnets"
    return ", ".join(names)


def ways_out(scene: Scene, subnets: tuple[Subnet, ...]) -> str:
    """Return the ways out of ``subnets``, each once."""
    return " or ".join(sorted({_WAYS[scene.egress[subnet.id]] for subnet in subnets}))


def listed_names(names: tuple[str, ...], what: str = "endpoint services") -> str:
    """Return ``names``, or their number and ``what`` they are where they are many."""
    return ", ".join(names) if len(names) <= _SPELT_OUT else f"{len(names)} {what}"

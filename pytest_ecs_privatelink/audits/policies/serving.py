"""Which endpoints of a service carry what ECS calls."""

from pytest_ecs_privatelink.topology.lookup import answers_privately, endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot

_INTERFACE = (EndpointType.INTERFACE,)


def serving(snapshot: Snapshot, service: str) -> tuple[Endpoint, ...]:
    """Return the interface endpoints that names lead to: those with private DNS, if there are."""
    found = endpoints_for(snapshot, service, types=_INTERFACE)
    return tuple(each for each in found if each.private_dns) or found


def carrying(snapshot: Snapshot, service: str) -> tuple[Endpoint, ...]:
    """Return the endpoints that S3's traffic takes: gateways, else interfaces with its names."""
    found = endpoints_for(snapshot, service)
    gateways = tuple(each for each in found if each.type is EndpointType.GATEWAY)
    return gateways or tuple(filter(answers_privately, found))

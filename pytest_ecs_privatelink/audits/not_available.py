"""Audit: endpoints that exist but do not serve."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.answering import By, answers, under_test
from pytest_ecs_privatelink.audits.dialled import given_by_zone
from pytest_ecs_privatelink.audits.lacks import cells
from pytest_ecs_privatelink.audits.remedies import same_endpoint_again, state_of
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.topology.lookup import endpoints_for, is_beyond_repair
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType
from pytest_ecs_privatelink.verdict import (
    Cell,
    Claim,
    Code,
    Finding,
    Remedy,
    Severity,
)


def not_available(scene: Scene) -> Iterator[Finding]:
    """Find endpoints that exist but do not serve yet, or any more.

    A warning where another endpoint of the same service is available, or nothing needs it: of a
    service that is merely possible, one beyond repair is as good as none.
    """
    if all(endpoint.state == "available" for endpoint in scene.snapshot.endpoints):
        return
    needed = {requirement.service: requirement for requirement in under_test(scene)}
    zoned = frozenset(_named_by_zones(scene))
    for service in SERVICES:
        for endpoint in _endpoints(scene, service):
            if endpoint.state != "available":
                requirement = needed.get(service)
                if is_beyond_repair(endpoint) and requirement and requirement.need is Need.POSSIBLE:
                    requirement = None
                blocked = _blocked(scene, endpoint, requirement, zoned)
                yield _not_available(scene, endpoint, service, requirement, blocked)


def _named_by_zones(scene: Scene) -> Iterator[str]:
    """Yield the services whose every name hosted zones answer for, whatever endpoints do."""
    for service, told in answers(scene).items():
        if all(each.by is By.RECORD for each in told):
            yield service


def _not_available(
    scene: Scene,
    endpoint: Endpoint,
    service: str,
    requirement: Requirement | None,
    blocked: tuple[Cell, ...],
) -> Finding:
    served = any(_serves(each, endpoint) for each in _endpoints(scene, service))
    error = f" ({endpoint.last_error})" if endpoint.last_error else ""
    state = f"{endpoint.state}{error}"
    return Finding(
        code=Code.ENDPOINT_NOT_AVAILABLE,
        severity=Severity.WARNING if served or requirement is None else Severity.ERROR,
        subject=endpoint.id,
        summary=f"{endpoint.id} for {service} is {state}: {_advice(endpoint)}",
        expected="state available",
        observed=f"state {state}",
        remedy=_revival(scene, endpoint, service),
        reference=PAGES[Code.ENDPOINT_NOT_AVAILABLE],
        launch_types=requirement.launch_types if requirement else scene.launch_types,
        blocks=() if served else blocked,
    )


def _endpoints(scene: Scene, service: str) -> tuple[Endpoint, ...]:
    return endpoints_for(scene.snapshot, service, beyond_repair=True)


def _serves(other: Endpoint, endpoint: Endpoint) -> bool:
    """Return whether ``other`` does what ``endpoint`` does not.

    Without interfaces that serve, S3's names lead to its gateway, ready or not; not the other way
    round.
    """
    if endpoint.type is other.type:
        return other.state == "available"
    return other.type is EndpointType.GATEWAY and not is_beyond_repair(other)


def _blocked(
    scene: Scene,
    endpoint: Endpoint,
    requirement: Requirement | None,
    zoned: frozenset[str],
) -> tuple[Cell, ...]:
    """Return the cells that it turns red: names and packets, or packets alone, or none.

    Names are right where a gateway's are, or a hosted zone gives them: then only packets that lead
    to this endpoint are dropped.
    """
    found = cells(requirement, scene.subnets)
    dropped = tuple(cell for cell in found if cell.claim is Claim.TCP_443)
    if endpoint.type is EndpointType.GATEWAY and not is_beyond_repair(endpoint):
        return dropped
    if requirement is not None and requirement.service in zoned:
        # One beyond repair is no endpoint any more: its addresses are a stranger's.
        lost = found if is_beyond_repair(endpoint) else dropped
        return lost if given_by_zone(scene, requirement.service, endpoint) else ()
    return found


def _advice(endpoint: Endpoint) -> str:
    if endpoint.state == "pending":
        return "wait, minutes at most, then run again"
    if is_beyond_repair(endpoint):
        return "it will not recover, so delete it and create it again"
    return "look at its last error"


def _revival(scene: Scene, endpoint: Endpoint, service: str) -> Remedy:
    if is_beyond_repair(endpoint):
        return same_endpoint_again(scene.snapshot, service, endpoint)
    return Remedy((state_of(scene.snapshot, endpoint),))

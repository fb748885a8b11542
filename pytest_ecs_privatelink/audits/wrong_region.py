"""Audit: endpoints of another Region's service."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.lacks import cells, elsewhere, foreign, hidden, lacks
from pytest_ecs_privatelink.audits.remedies import deletion, new_endpoint
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, ServiceName, service_name
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint
from pytest_ecs_privatelink.verdict import (
    Cell,
    Code,
    Finding,
    Remedy,
    Severity,
)


def wrong_region(scene: Scene) -> Iterator[Finding]:
    """Find endpoints of another Region's service, as copied templates bring them (R2, R9).

    Not one that AWS offers across Regions and that says so (ServiceRegion).
    """
    needed = {requirement.service: requirement for requirement in scene.requirements}
    for service in SERVICES:
        for endpoint, name in foreign(scene, service):
            yield _wrong_region(scene, endpoint, name, needed.get(service))


def _wrong_region(
    scene: Scene, endpoint: Endpoint, name: ServiceName, requirement: Requirement | None
) -> Finding:
    snapshot, service = scene.snapshot, name.service
    own = endpoints_for(snapshot, service, beyond_repair=True)
    others = own[0].id if own else elsewhere(scene, service)
    alone = others is None and hidden(snapshot) is None
    creation = Remedy()
    blocked: tuple[Cell, ...] = ()
    if alone:
        creation = new_endpoint(scene.snapshot, service, scene.subnets, scene.launch_types)
        blocked = _blocked_by_absence(scene, requirement)
    besides = "that has none of its own"
    if others:
        besides = f"{others} {'serves' if own else 'may serve'} that"
    return Finding(
        code=Code.ENDPOINT_WRONG_REGION,
        severity=Severity.ERROR if alone else Severity.WARNING,
        subject=endpoint.id,
        summary=(
            f"{endpoint.id} is for {service} of {name.region}, but the VPC is in"
            f" {snapshot.region}, and {besides}: endpoints do not serve other Regions"
        ),
        expected=service_name(service, snapshot.region),
        observed=endpoint.service_name,
        remedy=Remedy((*creation.cli, deletion(snapshot, endpoint)), creation.terraform),
        reference=SERVICES[service].page,
        launch_types=requirement.launch_types if requirement else scene.launch_types,
        blocks=blocked,
    )


def _blocked_by_absence(scene: Scene, requirement: Requirement | None) -> tuple[Cell, ...]:
    if requirement is None or requirement.need is Need.POSSIBLE:
        return ()
    missed = (each for each in lacks(scene, requirement) if each.severity is Severity.ERROR)
    return tuple(cell for lack in missed for cell in cells(requirement, lack.subnets))

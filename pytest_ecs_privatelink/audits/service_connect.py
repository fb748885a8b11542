"""Audit: Service Connect without an endpoint to manage its proxies through."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.evidence import unread
from pytest_ecs_privatelink.audits.lacks import Lack, cells, consequence, foreign, lacks, unjudged
from pytest_ecs_privatelink.audits.remedies import new_endpoint
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

SERVICE = "ecs-agent"


def connected(snapshot: Snapshot) -> tuple[str, ...]:
    """Return the names of the cluster's ECS services that use Service Connect."""
    services = (snapshot.cluster.services if snapshot.cluster else None) or ()
    return tuple(sorted(each.name for each in services if each.service_connect))


def service_connect_public(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find Service Connect without ecs-agent endpoint (R12).

    Stands in for what would be said of the missing endpoint.
    """
    requirement = next((each for each in scene.requirements if each.service == SERVICE), None)
    if requirement is None or endpoints_for(scene.snapshot, SERVICE, beyond_repair=True):
        return
    yield from unread(scene, Code.SERVICE_CONNECT_PUBLIC, "cluster.services")
    if not connected(scene.snapshot):
        return
    found = lacks(scene, requirement)
    if unseen := unjudged(scene, requirement, found):
        yield Unseen(
            code=Code.SERVICE_CONNECT_PUBLIC,
            subject=SERVICE,
            reason=unseen.reason,
            permissions=unseen.permissions,
        )
        return
    copied = bool(foreign(scene, SERVICE))
    for lack in found:
        if not (copied and lack.severity is Severity.ERROR):
            yield _finding(scene, requirement, lack)


def _finding(scene: Scene, requirement: Requirement, lack: Lack) -> Finding:
    snapshot, using = scene.snapshot, connected(scene.snapshot)
    users = counted(using, "ECS services")
    subject = f"ECS service {users} uses" if len(using) == 1 else f"{users} use"
    return Finding(
        code=Code.SERVICE_CONNECT_PUBLIC,
        severity=lack.severity,
        subject=SERVICE,
        summary=(
            f"{subject} Service Connect, and {snapshot.vpc.id} has no interface endpoint for "
            f"{SERVICE}, without which the public ecs-sc endpoint manages the proxies: "
            f"{consequence(scene, lack)}"
        ),
        expected=f"interface endpoint for {service_name(SERVICE, snapshot.region)}",
        observed=f"no such endpoint; Service Connect in {users}",
        remedy=new_endpoint(snapshot, SERVICE, lack.subnets, scene.launch_types),
        reference=PAGES[Code.SERVICE_CONNECT_PUBLIC],
        launch_types=requirement.launch_types,
        blocks=() if requirement.need is Need.POSSIBLE else cells(requirement, lack.subnets),
    )

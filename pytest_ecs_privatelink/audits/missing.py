"""Audit: needed endpoint services without an endpoint."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.lacks import Lack, cells, consequence, foreign, lacks, unjudged
from pytest_ecs_privatelink.audits.remedies import new_endpoint
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.service_connect import SERVICE, connected
from pytest_ecs_privatelink.audits.wording import named, ways_out
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, service_name
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.verdict import (
    Code,
    Finding,
    Severity,
)

CODES = (
    Code.ENDPOINT_MISSING,
    Code.ENDPOINT_MISSING_PUBLIC_PATH,
    Code.S3_GATEWAY_MISSING,
)


def missing(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find needed endpoint services without endpoint (R1, R3, R4, R5, R7, R8).

    Not to be judged from a snapshot where a hosted zone, resolver rule or Profile may answer for
    the names; silent where an endpoint of another Region's service, or of another type, or Service
    Connect is the better thing to say.
    """
    for requirement in scene.requirements:
        service = requirement.service
        if service == SERVICE and connected(scene.snapshot):
            continue
        optional = requirement.need is Need.POSSIBLE and not requirement.absence_warns
        if optional or endpoints_for(scene.snapshot, service, beyond_repair=True):
            continue
        found = lacks(scene, requirement)
        if unseen := unjudged(scene, requirement, found):
            gateway = SERVICES[service].gateway
            code = Code.S3_GATEWAY_MISSING if gateway else Code.ENDPOINT_MISSING
            yield Unseen(
                code=code, subject=service, reason=unseen.reason, permissions=unseen.permissions
            )
            continue
        copied = bool(foreign(scene, service))
        for lack in found:
            if not (copied and lack.severity is Severity.ERROR):
                yield _missing(scene, requirement, lack)


def _missing(scene: Scene, requirement: Requirement, lack: Lack) -> Finding:
    service = requirement.service
    vpc, where, ways = scene.snapshot.vpc.id, named(lack.subnets), ways_out(scene, lack.subnets)
    after = consequence(scene, lack)
    kind = "gateway endpoint" if SERVICES[service].gateway else "interface endpoint"
    return Finding(
        code=lack.code,
        severity=lack.severity,
        subject=service,
        summary=f"{vpc} has no {kind} for {service}, and {after}: {requirement.because}",
        expected=f"{kind} for {service_name(service, scene.snapshot.region)} in {vpc}",
        observed=f"no such endpoint; way out of {where}: {ways}",
        remedy=new_endpoint(scene.snapshot, service, lack.subnets, requirement.launch_types),
        reference=SERVICES[service].page,
        launch_types=requirement.launch_types,
        blocks=() if requirement.need is Need.POSSIBLE else cells(requirement, lack.subnets),
    )

"""Audit: S3, which image layers come from, by interface endpoint only."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.audits.lacks import Lack, cells, consequence, lacks, unjudged
from pytest_ecs_privatelink.audits.remedies import new_endpoint
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES, service_name
from pytest_ecs_privatelink.topology.lookup import answers_privately, endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType
from pytest_ecs_privatelink.verdict import Code, Finding, Remedy, Severity

_QUOTE = '# "An S3 interface endpoint cannot be used with ECR": make the gateway endpoint'


def s3_interface_only(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find S3 with interface endpoints and without a gateway endpoint (R5).

    Where the name of the layer bucket leads to the interfaces, that is a warning, for AWS does not
    support it; where it does not, the gateway endpoint is as missing as without them.
    """
    for requirement in scene.requirements:
        endpoints = endpoints_for(scene.snapshot, requirement.service, beyond_repair=True)
        gateway = any(each.type is EndpointType.GATEWAY for each in endpoints)
        if not SERVICES[requirement.service].gateway or gateway or not endpoints:
            continue
        if led := tuple(each for each in endpoints if answers_privately(each)):
            yield _led(scene, requirement, led)
        else:
            yield from _unled(scene, requirement, endpoints)


def _led(scene: Scene, requirement: Requirement, endpoints: tuple[Endpoint, ...]) -> Finding:
    return _finding(
        scene,
        requirement,
        endpoints,
        Lack(Code.S3_INTERFACE_ONLY, Severity.WARNING, scene.subnets),
        "which pulls from Amazon ECR are not meant to use",
    )


def _unled(
    scene: Scene, requirement: Requirement, endpoints: tuple[Endpoint, ...]
) -> Iterator[Finding | Unseen]:
    found = lacks(scene, requirement)
    if unseen := unjudged(scene, requirement, found):
        yield Unseen(
            code=Code.S3_INTERFACE_ONLY,
            subject=requirement.service,
            reason=unseen.reason,
            permissions=unseen.permissions,
        )
        return
    for lack in found:
        after = f"to which no name of it leads, and {consequence(scene, lack)}"
        yield _finding(
            scene, requirement, endpoints, replace(lack, code=Code.S3_INTERFACE_ONLY), after
        )


def _finding(
    scene: Scene, requirement: Requirement, endpoints: tuple[Endpoint, ...], lack: Lack, after: str
) -> Finding:
    snapshot, service = scene.snapshot, requirement.service
    there = ", ".join(each.id for each in endpoints)
    remedy = new_endpoint(snapshot, service, lack.subnets)
    return Finding(
        code=lack.code,
        severity=lack.severity,
        subject=service,
        summary=(
            f"{snapshot.vpc.id} has {service} by interface endpoint only ({there}), {after}: "
            f"{requirement.because}"
        ),
        expected=f"gateway endpoint for {service_name(service, snapshot.region)}",
        observed="; ".join(f"{each.id}: {_described(each)}" for each in endpoints),
        remedy=Remedy((_QUOTE, *remedy.cli), remedy.terraform),
        reference=PAGES[Code.S3_INTERFACE_ONLY],
        launch_types=requirement.launch_types,
        blocks=cells(requirement, lack.subnets),
    )


def _described(endpoint: Endpoint) -> str:
    if not endpoint.private_dns:
        return "interface endpoint without private DNS"
    if endpoint.private_dns_inbound_resolver_only:
        return "interface endpoint with private DNS for inbound Resolver endpoints only"
    return "interface endpoint with private DNS"

"""Audits: the VPC's two DNS attributes."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.answering import (
    Answer,
    By,
    answers,
    in_force,
    under_test,
)
from pytest_ecs_privatelink.audits.lacks import cells
from pytest_ecs_privatelink.audits.remedies_names import vpc_attribute
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread
from pytest_ecs_privatelink.audits.weighing import public_answer_weighs
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import EndpointType
from pytest_ecs_privatelink.verdict import Cell, Code, Finding, LaunchType, Severity

_READING = "ec2:DescribeVpcAttribute"
_LISTING = "route53:ListHostedZonesByVPC"
_ZONED = frozenset({By.ENDPOINT, By.RECORD, By.NOBODY})


def dns_support_off(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find enableDnsSupport off: the VPC has no resolver, and no name resolves (R10).

    Source: docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html, "DNS attributes".
    """
    snapshot, code = scene.snapshot, Code.VPC_DNS_SUPPORT_OFF
    if snapshot.vpc.dns_support is None:
        yield from unread(snapshot, "vpc.dns_support", _READING, "enableDnsSupport", code)
    if snapshot.vpc.dns_support is False:
        yield _off(
            scene,
            code,
            "enableDnsSupport",
            "the VPC has no resolver, and no name resolves in it, private or public",
            under_test(scene),
            Severity.ERROR,
        )


def dns_hostnames_off(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find enableDnsHostnames off where private DNS or a hosted zone is relied on (R10).

    Source: as of `dns_support_off`, and docs.aws.amazon.com/vpc/latest/privatelink/
    create-interface-endpoint.html, "Prerequisites".
    """
    snapshot, code = scene.snapshot, Code.VPC_DNS_HOSTNAMES_OFF
    if snapshot.vpc.dns_hostnames:
        return
    if not (relying := _relying(scene)):
        if snapshot.hosted_zones is None:
            yield from unread(snapshot, "hosted_zones", _LISTING, "hosted zones", code)
        return
    if snapshot.vpc.dns_hostnames is None:
        yield from unread(snapshot, "vpc.dns_hostnames", _READING, "enableDnsHostnames", code)
        return
    weights = {public_answer_weighs(scene, each.service, scene.subnets) for each in relying}
    services = counted(tuple(each.service for each in relying))
    yield _off(
        scene,
        code,
        "enableDnsHostnames",
        f"private DNS and hosted zones are not in force, and the names of {services} lead to"
        " public addresses",
        relying,
        Severity.ERROR if Severity.ERROR in weights else Severity.WARNING,
    )


def _relying(scene: Scene) -> tuple[Requirement, ...]:
    """Return what would be answered inside the VPC, and is not right when answered publicly."""
    told = answers(scene, in_force(scene.snapshot))
    return tuple(
        each
        for each in under_test(scene)
        if any(map(_inside, told[each.service])) and not _served_publicly(scene, each.service)
    )


def _inside(answer: Answer) -> bool:
    return answer.by in _ZONED or answer.zone is not None


def _served_publicly(scene: Scene, service: str) -> bool:
    """Return whether public answers are the right ones: a gateway endpoint takes the packets."""
    found = endpoints_for(scene.snapshot, service)
    return SERVICES[service].gateway and any(each.type is EndpointType.GATEWAY for each in found)


def _off(
    scene: Scene,
    code: Code,
    attribute: str,
    after: str,
    hurt: tuple[Requirement, ...],
    severity: Severity,
) -> Finding:
    snapshot = scene.snapshot
    kinds = {kind for each in hurt for kind in each.launch_types}
    blocked: tuple[Cell, ...] = tuple(cell for each in hurt for cell in cells(each, scene.subnets))
    return Finding(
        code=code,
        severity=severity,
        subject=snapshot.vpc.id,
        summary=f"{attribute} of {snapshot.vpc.id} is false: {after}",
        expected=f"{attribute} true",
        observed=f"{attribute} false",
        remedy=vpc_attribute(snapshot, attribute),
        reference=PAGES[code],
        launch_types=tuple(kind for kind in LaunchType if kind in kinds),
        blocks=blocked,
    )

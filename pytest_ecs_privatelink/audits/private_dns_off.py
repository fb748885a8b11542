"""Audit: interface endpoints that no name leads to."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.audits.answering import (
    Answer,
    By,
    answers,
    under_test,
)
from pytest_ecs_privatelink.audits.lacks import (
    Hidden,
    Lack,
    cells,
    consequence,
    hidden,
    lacks,
    weighed_blindly,
)
from pytest_ecs_privatelink.audits.lookalikes import lookalike
from pytest_ecs_privatelink.audits.remedies_names import private_dns_on
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.weighing import public_answer_weighs
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.topology.lookup import answers_privately, endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

CODE = Code.ENDPOINT_PRIVATE_DNS_OFF


def private_dns_off(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find services whose interface endpoints have no private DNS, and nothing else answers (R10).

    Silent where a hosted zone's record answers, as in a hub, and where a zone is the better thing
    to say: one that answers NXDOMAIN, or that has a wrong name. S3's interface endpoints, which
    the gateway stands before, are another audit's.
    """
    told = answers(scene) if scene.subnets else {}
    for requirement in under_test(scene):
        bare = _bare(scene, requirement.service)
        if not bare or lookalike(scene.snapshot, requirement.service):
            continue
        theirs = told.get(requirement.service, ())
        if any(each.by is By.PUBLIC for each in theirs):
            yield _judged(scene, requirement, bare)
        elif other := next((each for each in theirs if each.by is By.OTHERS), None):
            yield _unseen(requirement, f"{_who(other)} may answer for it: only probing can tell")


def _bare(scene: Scene, service: str) -> tuple[Endpoint, ...]:
    """Return the service's interface endpoints, where none of those that serve has private DNS."""
    if SERVICES[service].gateway:
        return ()
    serving = tuple(
        each
        for each in endpoints_for(scene.snapshot, service, types=(EndpointType.INTERFACE,))
        if each.state == "available"
    )
    return () if any(map(answers_privately, serving)) else serving


def _judged(scene: Scene, requirement: Requirement, bare: tuple[Endpoint, ...]) -> Finding | Unseen:
    severity = public_answer_weighs(scene, requirement.service, scene.subnets)
    found = lacks(scene, requirement)
    blind = hidden(scene.snapshot)
    if blind is None and severity is Severity.WARNING:
        blind = _weight_unread(scene, bare, found)
    if blind is not None:
        return _unseen(requirement, blind.reason, blind.permissions)
    return _finding(scene, requirement, bare, severity, found)


def _weight_unread(
    scene: Scene, bare: tuple[Endpoint, ...], found: tuple[Lack, ...]
) -> Hidden | None:
    unread = weighed_blindly(scene, found)
    if unread is None:
        return None
    reason = (
        f"private DNS of {bare[0].id} is off, and how grave that is depends on ways out that could "
        f"not be read: missing permission {', '.join(unread.permissions)}"
    )
    return Hidden(reason, unread.permissions)


def _finding(
    scene: Scene,
    requirement: Requirement,
    bare: tuple[Endpoint, ...],
    severity: Severity,
    found: tuple[Lack, ...],
) -> Finding:
    snapshot, service = scene.snapshot, requirement.service
    after = consequence(scene, replace(found[0], severity=severity))
    ids = ", ".join(each.id for each in bare)
    return Finding(
        code=CODE,
        severity=severity,
        subject=bare[0].id,
        summary=(
            f"private DNS of {ids} for {service} is off, so its names lead to public addresses,"
            f" and {after}: {requirement.because}"
        ),
        expected=f"private DNS for {service} in {snapshot.vpc.id}",
        observed="; ".join(f"{each.id}: {_described(each)}" for each in bare),
        remedy=private_dns_on(snapshot, bare[0], service),
        reference=PAGES[CODE],
        launch_types=requirement.launch_types,
        blocks=cells(requirement, scene.subnets),
    )


def _described(endpoint: Endpoint) -> str:
    if endpoint.private_dns:
        return "private DNS for inbound Resolver endpoints only"
    return "private DNS off"


def _who(answer: Answer) -> str:
    if answer.rule:
        return f"resolver rule {answer.rule.id} ({answer.rule.domain})"
    if answer.zone:
        return f"hosted zone {answer.zone.id} ({answer.zone.name.removesuffix('.')})"
    return f"Route 53 Profile {answer.profile}"


def _unseen(requirement: Requirement, reason: str, permissions: tuple[str, ...] = ()) -> Unseen:
    return Unseen(code=CODE, subject=requirement.service, reason=reason, permissions=permissions)

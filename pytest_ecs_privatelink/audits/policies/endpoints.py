"""Audit: endpoint policies that keep ECS from what it calls through the endpoint (R19, R20)."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.policies.document import Document, Effect, Unreadable, parse
from pytest_ecs_privatelink.audits.policies.judging import (
    actions,
    judge,
    open_questions,
    refusal,
    verdicts,
)
from pytest_ecs_privatelink.audits.policies.needs import CALLS, Ask, Caller, Calls, asks
from pytest_ecs_privatelink.audits.policies.requests import requests
from pytest_ecs_privatelink.audits.policies.sayings import Said, not_understood, remedy_for
from pytest_ecs_privatelink.audits.policies.serving import serving
from pytest_ecs_privatelink.audits.policies.tasks import task_definitions
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

_SAMPLE = frozenset({"ecs:createcluster", "ecs:listclusters"})


def endpoint_policy_denies(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find interface endpoints whose policy stops an action that ECS needs through them.

    A warning where keys decide that no run can know, where the policy is not understood, and where
    nothing says that the endpoint service is needed at all. A service that takes no policies has
    full access, whatever is written [aws-services-privatelink-support].
    """
    for requirement in scene.requirements:
        calls = CALLS.get(_plain(requirement.service))
        kinds = tuple(
            kind for kind in requirement.launch_types if calls and kind in calls.launch_types
        )
        if calls is None or not kinds:
            continue
        for endpoint in serving(scene.snapshot, requirement.service):
            if endpoint.policy is None or not _takes_policies(scene.snapshot, endpoint):
                continue
            for said in _judged(scene, requirement, endpoint, endpoint.policy, calls):
                yield _finding(said, endpoint, _asked(scene.snapshot, requirement.service), kinds)


def _finding(
    said: Said, endpoint: Endpoint, asked: tuple[Ask, ...], kinds: tuple[LaunchType, ...]
) -> Finding:
    allowed = ", ".join(dict.fromkeys(each.action for each in asked))
    return Finding(
        code=Code.ENDPOINT_POLICY_DENIES,
        severity=said.severity,
        subject=endpoint.id,
        summary=said.summary,
        expected=f"a policy that allows {allowed}",
        observed=said.observed,
        remedy=said.remedy,
        reference=PAGES[Code.ENDPOINT_POLICY_DENIES],
        launch_types=kinds,
    )


def _plain(service: str) -> str:
    """Return the service that a FIPS endpoint serves."""
    return service.replace("-fips", "")


def _takes_policies(snapshot: Snapshot, endpoint: Endpoint) -> bool:
    offers = () if snapshot.emulated else snapshot.endpoint_services or ()
    return not any(
        each.service_name == endpoint.service_name and each.policy_supported is False
        for each in offers
    )


def _callers(snapshot: Snapshot, caller: Caller) -> tuple[str, ...]:
    """Return the roles that call; an instance's is in no task definition."""
    tasks = task_definitions(snapshot) if caller is not Caller.INSTANCE else ()
    roles = {
        each.execution_role if caller is Caller.EXECUTION else each.task_role for each in tasks
    }
    return tuple(sorted(role for role in roles if role))


def _judged(
    scene: Scene, requirement: Requirement, endpoint: Endpoint, policy: str, calls: Calls
) -> Iterator[Said]:
    snapshot, service = scene.snapshot, requirement.service
    whose = f"the policy of {endpoint.id} for {service}"
    document = parse(policy)
    if isinstance(document, Unreadable):
        yield not_understood(snapshot, endpoint, service, document)
        return
    roles = _callers(snapshot, calls.role)
    told = judge(
        (document,),
        ((ask, requests(snapshot, endpoint, ask, roles)) for ask in _asked(snapshot, service)),
    )
    remedy = remedy_for(snapshot, endpoint, service, told)
    if told.denied:
        grave = requirement.need is not Need.POSSIBLE
        yield Said(
            severity=Severity.ERROR if grave else Severity.WARNING,
            summary=f"{whose} {refusal(told.denied)}{_remark(document)}: {calls.without}",
            observed=verdicts(told.denied),
            remedy=remedy,
        )
    elif told.unknown:
        yield Said(
            severity=Severity.WARNING,
            summary=(
                f"whether {whose} allows {actions(told.unknown)} depends on "
                f"{open_questions(told.unknown)}, which this run cannot know: where it does not, "
                f"{calls.without}"
            ),
            observed=verdicts(told.unknown),
            remedy=remedy,
        )


def _asked(snapshot: Snapshot, service: str) -> tuple[Ask, ...]:
    return asks(snapshot, _plain(service), task_definitions(snapshot))


def _remark(document: Document) -> str:
    """Return what else is worth saying of a policy that denies, as a clause or nothing."""
    allowing = [each for each in document.statements if each.effect is Effect.ALLOW]
    if not allowing:
        return ", for it has no Allow statement, without which everything is denied"
    allowed = {text.lower() for each in allowing for text in each.actions.texts}
    if allowed <= _SAMPLE and not any(each.actions.inverted for each in allowing):
        return ", as AWS's sample policy for ecs does not: a policy like that one starves agents"
    return ""

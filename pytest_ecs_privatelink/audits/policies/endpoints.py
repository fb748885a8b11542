"""Audit: endpoint policies that keep ECS from what it calls through the endpoint (R19, R20)."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.audits.chain_cells import chain_cells
from pytest_ecs_privatelink.audits.policies.document import Document, Effect, Unreadable, parse
from pytest_ecs_privatelink.audits.policies.judging import (
    Judgement,
    actions,
    judge,
    open_questions,
    refusal,
    verdicts,
)
from pytest_ecs_privatelink.audits.policies.needs import CALLS, Ask, Calls, asks, asks_of
from pytest_ecs_privatelink.audits.policies.requests import requests
from pytest_ecs_privatelink.audits.policies.sayings import Said, not_understood, remedy_for
from pytest_ecs_privatelink.audits.policies.serving import serving
from pytest_ecs_privatelink.audits.policies.tasks import roles_of
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot
from pytest_ecs_privatelink.verdict import Cell, Code, Finding, LaunchType, Severity

# What probes call of what tasks need: a log group that tasks make they do not.
_CALLED = frozenset(
    action
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm")
    for action in CALLS[service].actions
) | {"ecs:DiscoverPollEndpoint"}
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
                yield _finding(said, endpoint, calls, kinds, _blocked(scene, requirement, said))


def _finding(
    said: Said,
    endpoint: Endpoint,
    calls: Calls,
    kinds: tuple[LaunchType, ...],
    blocks: tuple[Cell, ...],
) -> Finding:
    return Finding(
        code=Code.ENDPOINT_POLICY_DENIES,
        severity=said.severity,
        subject=endpoint.id,
        summary=said.summary,
        expected=f"a policy that allows {', '.join(calls.actions)}",
        observed=said.observed,
        remedy=said.remedy,
        reference=PAGES[Code.ENDPOINT_POLICY_DENIES],
        launch_types=kinds,
        blocks=blocks,
        of_others=bool(blocks) and not said.to_all & _CALLED,
    )


def _blocked(scene: Scene, requirement: Requirement, said: Said) -> tuple[Cell, ...]:
    """Return the chain's cells that the policy stops: those that call what it denies."""
    stopped = said.denied & _CALLED
    if requirement.service == "logs" and not scene.writes:
        stopped = frozenset()
    return chain_cells(scene, requirement.service, scene.subnets) if stopped else ()


def _plain(service: str) -> str:
    """Return the service that a FIPS endpoint serves."""
    return service.replace("-fips", "")


def _takes_policies(snapshot: Snapshot, endpoint: Endpoint) -> bool:
    offers = () if snapshot.emulated else snapshot.endpoint_services or ()
    return not any(
        each.service_name == endpoint.service_name and each.policy_supported is False
        for each in offers
    )


def _judged(
    scene: Scene, requirement: Requirement, endpoint: Endpoint, policy: str, calls: Calls
) -> Iterator[Said]:
    snapshot, service = scene.snapshot, requirement.service
    document = parse(policy)
    if isinstance(document, Unreadable):
        yield not_understood(snapshot, endpoint, service, document)
        return
    told = judge(
        (document,),
        (
            (ask, requests(snapshot, endpoint, ask, roles))
            for ask, roles in _asked(snapshot, _plain(service), calls)
        ),
    )
    if told.denied or told.unknown:
        grave = told.denied and requirement.need is not Need.POSSIBLE
        yield Said(
            severity=Severity.ERROR if grave else Severity.WARNING,
            summary=_summary(f"the policy of {endpoint.id} for {service}", document, told, calls),
            observed=verdicts(told.denied or told.unknown),
            remedy=remedy_for(snapshot, endpoint, service, told),
            denied=frozenset(ask.action for ask, _ in told.denied),
            to_all=_denied_to_all(scene, requirement, endpoint, document, told),
        )


def _denied_to_all(
    scene: Scene, requirement: Requirement, endpoint: Endpoint, document: Document, told: Judgement
) -> frozenset[str]:
    """Return the actions of ``told`` that are denied whichever role asks, and for what it asks."""
    snapshot, denied = scene.snapshot, {ask.action for ask, _ in told.denied}
    asked = [ask for ask, _ in told.denied]
    if requirement.service in scene.replaced:
        general = asks(snapshot, _plain(requirement.service))
        asked = [replace(ask, loose=False) for ask in general if ask.action in denied]
    by_anybody = ((ask, requests(snapshot, endpoint, ask, ())) for ask in asked)
    return frozenset(ask.action for ask, _ in judge((document,), by_anybody).denied)


def _summary(whose: str, document: Document, told: Judgement, calls: Calls) -> str:
    if told.denied:
        return f"{whose} {refusal(told.denied)}{_remark(document)}: {calls.without}"
    return (
        f"whether {whose} allows {actions(told.unknown)} depends on "
        f"{open_questions(told.unknown)}, which this run cannot know: where it does not, "
        f"{calls.without}"
    )


def _asked(snapshot: Snapshot, service: str, calls: Calls) -> Iterator[tuple[Ask, tuple[str, ...]]]:
    """Yield what is asked, each with the roles that ask it; none where they are not known."""
    roles = dict(roles_of(snapshot, calls.role))
    asking: dict[Ask, list[str]] = {}
    for role, tasks in roles.items():
        for ask in asks_of(snapshot, service, tasks):
            asking.setdefault(ask, []).append(role)
    for ask, callers in sorted(asking.items()):
        yield ask, tuple(callers)
    if not asking:
        for ask in asks(snapshot, service):
            yield ask, tuple(roles)


def _remark(document: Document) -> str:
    """Return what else is worth saying of a policy that denies, as a clause or nothing."""
    allowing = [each for each in document.statements if each.effect is Effect.ALLOW]
    if not allowing:
        return ", for it has no Allow statement, without which everything is denied"
    allowed = {text.lower() for each in allowing for text in each.actions.texts}
    if allowed <= _SAMPLE and not any(each.actions.inverted for each in allowing):
        return " (a policy like the sample one of AWS's page on ECS starves agents)"
    return ""

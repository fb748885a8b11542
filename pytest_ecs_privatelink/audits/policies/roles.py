"""Audit: execution roles that tie ECS's calls to a VPC or an endpoint that they do not use (R6)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.policies.document import Document, Unreadable, parse
from pytest_ecs_privatelink.audits.policies.evaluate import Decision, Outcome, decide
from pytest_ecs_privatelink.audits.policies.needs import Ask, Caller, asks_of
from pytest_ecs_privatelink.audits.policies.requests import requests
from pytest_ecs_privatelink.audits.policies.role_remedies import look_at_role, right_conditions
from pytest_ecs_privatelink.audits.policies.serving import serving
from pytest_ecs_privatelink.audits.policies.source_keys import (
    SOURCE_KEYS,
    bound,
    conditions_on,
    freed,
)
from pytest_ecs_privatelink.audits.policies.tasks import (
    Unread,
    name_of,
    roles_of,
    unread_roles,
    unread_tasks,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.cluster import TaskDefinition
from pytest_ecs_privatelink.topology.model import Endpoint
from pytest_ecs_privatelink.verdict import Code, Finding, Remedy, Severity

_CODE = Code.ROLE_CONDITION_MISMATCH
_SERVICES = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm")
_EXAMPLE = (
    "AWS's example allows ecr:GetAuthorizationToken and logs in a statement without Condition"
)
_UNCONDITIONED = ("ecr:GetAuthorizationToken", "logs:")


@dataclass(frozen=True, slots=True)
class Tied:
    """A call that a role allows under a condition on where it comes from, or does not.

    ``endpoint`` is what it goes through, None where this VPC has none for it.
    """

    ask: Ask
    service: str
    endpoint: Endpoint | None
    decision: Decision
    conditions: str

    @property
    def severity(self) -> Severity | None:
        """How bad that is; None: the condition is met, or something else decides."""
        if self.ask.action.startswith(_UNCONDITIONED):
            return Severity.WARNING
        if self.decision.outcome is Outcome.DENIED:
            return Severity.ERROR
        by_source = any(each.lower() in SOURCE_KEYS for each in self.decision.open)
        return Severity.WARNING if by_source else None


def role_condition_mismatch(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find conditions on aws:SourceVpce and aws:SourceVpc that a role's calls do not meet.

    Each call carries the endpoint of its own service, so that one endpoint's id does not do for
    several. A warning where there is no endpoint here, for a hub's may carry the call; and where a
    condition covers the token or logs at all: AWS's example leaves these without (FACTS section 3).
    """
    snapshot = scene.snapshot
    if unread := unread_tasks(snapshot):
        yield _unseen("execution-roles", unread)
    hidden = unread_roles(snapshot)
    policies = {role.arn: role.policies for role in snapshot.roles or ()}
    naming = dict(roles_of(snapshot, Caller.EXECUTION))
    if hidden is not None:
        # Edited snapshots name one role by its ARN here and by its bare name there.
        yield from (_unseen(name, hidden) for name in dict.fromkeys(map(name_of, naming)))
        return
    for arn, tasks in naming.items():
        if arn in policies:
            yield from _judged(scene, arn, policies[arn], tasks)
        elif not snapshot.emulated:
            reason = "the role was not there when it was read: its tasks cannot start without it"
            yield Unseen(code=_CODE, subject=name_of(arn), reason=reason)


def _unseen(subject: str, unread: Unread) -> Unseen:
    return Unseen(code=_CODE, subject=subject, reason=unread.reason, permissions=unread.permissions)


def _judged(
    scene: Scene, role: str, policies: tuple[str, ...], tasks: tuple[TaskDefinition, ...]
) -> Iterator[Finding]:
    parsed = [parse(text, identity=True) for text in policies]
    if bad := next((each for each in parsed if isinstance(each, Unreadable)), None):
        yield _finding(
            scene,
            role,
            Severity.WARNING,
            summary=(
                f"a policy of execution role {name_of(role)} is not understood, and nobody knows "
                f"what it allows: {bad.reason}"
            ),
            observed=bad.reason,
            remedy=look_at_role(scene.snapshot, role, "read the policy and put it right"),
        )
        return
    documents = tuple(each for each in parsed if isinstance(each, Document))
    tied = tuple(each for each in _tied(scene, role, documents, tasks) if each.severity)
    if tied:
        grave = tuple(each for each in tied if each.severity is Severity.ERROR)
        yield _finding(
            scene,
            role,
            Severity.ERROR if grave else Severity.WARNING,
            summary=_summary(role, grave or tied, grave=bool(grave)),
            observed="; ".join(dict.fromkeys(map(_observed, tied))),
            remedy=_remedy(scene, role, tied),
        )


def _finding(
    scene: Scene, role: str, severity: Severity, *, summary: str, observed: str, remedy: Remedy
) -> Finding:
    return Finding(
        code=_CODE,
        severity=severity,
        subject=name_of(role),
        summary=summary,
        expected=(
            "conditions that each call meets by its own service's endpoint, and none on "
            "ecr:GetAuthorizationToken and logs"
        ),
        observed=observed,
        remedy=remedy,
        reference=PAGES[_CODE],
        launch_types=scene.launch_types,
    )


def _tied(
    scene: Scene, role: str, documents: tuple[Document, ...], tasks: tuple[TaskDefinition, ...]
) -> Iterator[Tied]:
    """Yield the calls that the role would allow without a condition on where they come from."""
    free = tuple(freed(each) for each in documents)
    strict = tuple(bound(each) for each in documents)
    for service in _SERVICES:
        endpoints: tuple[Endpoint | None, ...] = serving(scene.snapshot, service) or (None,)
        for ask in asks_of(scene.snapshot, service, tasks):
            for endpoint in endpoints:
                (request,) = requests(scene.snapshot, endpoint, ask, (role,))
                freely = decide(free, request).outcome
                if (
                    freely is Outcome.DENIED
                    or decide(strict, request).outcome is not Outcome.DENIED
                ):
                    continue
                told = conditions_on(documents, request)
                yield Tied(ask, service, endpoint, decide(documents, request), told)


def _summary(role: str, tied: tuple[Tied, ...], *, grave: bool) -> str:
    names = ", ".join(dict.fromkeys(each.ask.action for each in tied))
    whose = f"execution role {name_of(role)}"
    through = ", ".join(dict.fromkeys(map(_through, tied)))
    if grave:
        return (
            f"{whose} allows {names} only from elsewhere than {through}, which tasks call through: "
            "they do not start"
        )
    if any(each.decision.outcome is not Outcome.ALLOWED for each in tied):
        return (
            f"{whose} ties {names} to where calls come from, which may not be {through}: "
            "tasks may not start"
        )
    return (
        f"{whose} ties {names} to where calls come from, which AWS's example leaves without "
        "condition"
    )


def _through(tied: Tied) -> str:
    if tied.endpoint is None:
        return f"where this VPC's calls to {tied.service} leave, for it has no endpoint"
    return tied.endpoint.id


def _observed(tied: Tied) -> str:
    where = tied.endpoint.id if tied.endpoint else f"no endpoint for {tied.service}"
    return f"{tied.ask.action} through {where}: {tied.decision.outcome.value} by {tied.conditions}"


def _remedy(scene: Scene, role: str, tied: tuple[Tied, ...]) -> Remedy:
    denied = [each for each in tied if each.decision.outcome is Outcome.DENIED]
    if any(each.decision.by for each in denied):
        labels = ", ".join(sorted({each.decision.by for each in denied if each.decision.by}))
        return look_at_role(
            scene.snapshot, role, f"let statement {labels} spare calls through the endpoints"
        )
    if denied and all(each.endpoint for each in denied):
        return right_conditions(scene.snapshot, role, tuple(each.ask for each in denied))
    doubtful = [each.ask.action for each in tied if each.decision.outcome is not Outcome.ALLOWED]
    asking = f"do its conditions admit where {', '.join(dict.fromkeys(doubtful))} come from?"
    return look_at_role(scene.snapshot, role, asking if doubtful else _EXAMPLE)

"""What the audits of endpoint policies have in common to say."""

from dataclasses import dataclass

from pytest_ecs_privatelink.audits.policies.document import Unreadable
from pytest_ecs_privatelink.audits.policies.judging import (
    Judgement,
    actions,
    denying,
    open_questions,
)
from pytest_ecs_privatelink.audits.policies.remedies import allow_too, look_at
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot
from pytest_ecs_privatelink.verdict import Remedy, Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is held against a policy, before it is somebody's finding.

    ``denied`` are the actions that it surely denies, ``to_all`` those of them that it denies to
    this run's own calls, too, whoever makes them.
    """

    severity: Severity
    summary: str
    observed: str
    remedy: Remedy
    denied: frozenset[str] = frozenset()
    to_all: frozenset[str] = frozenset()


def not_understood(
    snapshot: Snapshot, endpoint: Endpoint, service: str, unreadable: Unreadable
) -> Said:
    """Return what is said of a policy that cannot be read: unknown, and never green."""
    return Said(
        severity=Severity.WARNING,
        summary=(
            f"the policy of {endpoint.id} for {service} is not understood, and nobody knows what "
            f"it allows: {unreadable.reason}"
        ),
        observed=unreadable.reason,
        remedy=look_at(snapshot, endpoint, "read the policy and put it right"),
    )


def remedy_for(
    snapshot: Snapshot, endpoint: Endpoint, service: str, judgement: Judgement
) -> Remedy:
    """Return what mends the policy: one more statement, unless another one is in its way."""
    told = judgement.denied
    if labels := denying(told):
        why = f"change statement {', '.join(labels)} so that it does not deny {actions(told)}"
        return look_at(snapshot, endpoint, why)
    if told:
        return allow_too(snapshot, endpoint, service, (ask for ask, _ in told))
    why = f"does {open_questions(judgement.unknown)} admit {actions(judgement.unknown)}?"
    return look_at(snapshot, endpoint, why)

"""One policy against all that is asked through it: what it denies, and what nobody can know."""

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.policies.document import Document
from pytest_ecs_privatelink.audits.policies.evaluate import Decision, Outcome, Request, decide
from pytest_ecs_privatelink.audits.policies.needs import Ask

_GRAVITY = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is asked and not surely allowed, with the decision, in the order of asking."""

    denied: tuple[tuple[Ask, Decision], ...]
    unknown: tuple[tuple[Ask, Decision], ...]


def judge(
    documents: tuple[Document, ...], asked: Iterable[tuple[Ask, tuple[Request, ...]]]
) -> Judgement:
    """Return what the policies say to each ask; of its requests the worst outcome counts."""
    told = [(ask, _worst(documents, ask, requests)) for ask, requests in asked]
    return Judgement(
        denied=tuple(each for each in told if each[1].outcome is Outcome.DENIED),
        unknown=tuple(each for each in told if each[1].outcome is Outcome.UNKNOWN),
    )


def _worst(documents: tuple[Document, ...], ask: Ask, requests: tuple[Request, ...]) -> Decision:
    decisions = [_loosely(decide(documents, request), ask) for request in requests]
    return max(decisions, key=lambda each: _GRAVITY.index(each.outcome))


def _loosely(decision: Decision, ask: Ask) -> Decision:
    """Take "some resources" for enough where nobody knows which one is needed."""
    return (
        Decision(Outcome.ALLOWED) if ask.loose and decision.open == ("the Resource",) else decision
    )


def actions(told: Iterable[tuple[Ask, Decision]]) -> str:
    """Return the actions, each once."""
    return ", ".join(dict.fromkeys(ask.action for ask, _ in told))


def open_questions(told: Iterable[tuple[Ask, Decision]]) -> str:
    """Return what decides and is not known, each once."""
    return ", ".join(sorted({each for _, decision in told for each in decision.open}))


def denying(told: Iterable[tuple[Ask, Decision]]) -> tuple[str, ...]:
    """Return the labels of the statements that deny, each once."""
    return tuple(dict.fromkeys(decision.by for _, decision in told if decision.by is not None))


def verdicts(told: Iterable[tuple[Ask, Decision]]) -> str:
    """Return what the policy says to each ask, in words; what is alike is said once."""
    alike: dict[tuple[str, str], list[str]] = {}
    for ask, decision in told:
        alike.setdefault((ask.resource, _said(decision)), []).append(ask.action)
    return "; ".join(
        f"{', '.join(names)} on {resource}: {said}" for (resource, said), names in alike.items()
    )


def refusal(told: tuple[tuple[Ask, Decision], ...]) -> str:
    """Return what is denied and by what, as a predicate: ``does not allow ...``."""
    silent = tuple(each for each in told if each[1].by is None)
    spoken = tuple(each for each in told if each[1].by is not None)
    parts = []
    if silent:
        missed = sorted({each for _, decision in silent for each in decision.missed})
        wants = f" (it wants another {', '.join(missed).replace('the ', '')})" if missed else ""
        parts.append(f"does not allow {actions(silent)}{wants}")
    if spoken:
        parts.append(f"denies {actions(spoken)} (statement {', '.join(denying(spoken))})")
    return " and ".join(parts)


def _said(decision: Decision) -> str:
    if decision.outcome is Outcome.UNKNOWN:
        return f"depends on {', '.join(decision.open)}"
    if decision.by:
        return f"statement {decision.by} denies that"
    but = f", by {', '.join(decision.missed)}" if decision.missed else ""
    return f"no statement allows that{but}"

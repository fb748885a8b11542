"""A role's policies with and without what they say about where calls come from."""

from collections.abc import Iterable
from dataclasses import replace

from pytest_ecs_privatelink.audits.policies.document import (
    Condition,
    Document,
    Effect,
    Statement,
)
from pytest_ecs_privatelink.audits.policies.evaluate import Request, is_about
from pytest_ecs_privatelink.audits.policies.truth import Truth

SOURCE_KEYS = frozenset({"aws:sourcevpc", "aws:sourcevpce"})


def freed(document: Document) -> Document:
    """Return the policy as if every condition on the source were met: nothing denies by it."""
    return _without(document, met=Effect.ALLOW)


def bound(document: Document) -> Document:
    """Return the policy as if no condition on the source were met: everything denies by it."""
    return _without(document, met=Effect.DENY)


def conditions_on(documents: Iterable[Document], request: Request) -> str:
    """Return the conditions on the source in statements about the request, as they are written."""
    found = (
        f"{each.operator} {each.key} {', '.join(each.values)}"
        for document in documents
        for statement in document.statements
        if is_about(statement, request, variables=document.variables) is not Truth.FALSE
        for each in statement.conditions
        if each.key.lower() in SOURCE_KEYS
    )
    return " and ".join(dict.fromkeys(found))


def _without(document: Document, *, met: Effect) -> Document:
    """Drop the conditions from statements with the effect ``met``, and other tied statements."""
    kept = (
        replace(statement, conditions=_others(statement))
        for statement in document.statements
        if statement.effect is met or _others(statement) == statement.conditions
    )
    return replace(document, statements=tuple(kept))


def _others(statement: Statement) -> tuple[Condition, ...]:
    return tuple(each for each in statement.conditions if each.key.lower() not in SOURCE_KEYS)

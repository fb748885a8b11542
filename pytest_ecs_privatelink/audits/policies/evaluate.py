"""What a policy says to one request: allowed, denied, or not to be known.

By the IAM User Guide, "Policy evaluation logic": a statement that denies wins, then one that
allows, and what nothing allows is denied.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from pytest_ecs_privatelink.audits.policies.conditions import Foreign, Keys, holds
from pytest_ecs_privatelink.audits.policies.document import (
    Document,
    Effect,
    Principals,
    Statement,
)
from pytest_ecs_privatelink.audits.policies.matching import action_matches, resource_matches
from pytest_ecs_privatelink.audits.policies.truth import Truth, all_of, any_of, inverse, truth

_RESOURCE = "the Resource"


class Outcome(Enum):
    """What becomes of a request."""

    ALLOWED = "allowed"
    UNKNOWN = "unknown"
    DENIED = "denied"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request: ``action`` is exact, ``resource`` may have wildcards for what is not known.

    ``principal`` is the ARN of the role that asks, `Foreign` for somebody of another account, None
    where nobody knows; ``account`` the account id that it is taken to belong to. Of what is known
    about it, conditions may ask by ``keys``.
    """

    action: str
    resource: str
    keys: Keys = field(default_factory=dict)
    principal: str | Foreign | None = None
    account: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What a policy says: ``by`` is the label of the statement that denies, None where none does.

    ``open`` are the things that decide and are not known, sorted: ``the Principal``, ``the
    Resource``, condition keys as the policy spells them. ``missed`` are those that keep statements
    about this action and resource from allowing it.
    """

    outcome: Outcome
    by: str | None = None
    open: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Match:
    """How a statement and a request fit; ``missed`` is what keeps one from the other."""

    statement: Statement
    fits: Truth
    open: tuple[str, ...]
    missed: tuple[str, ...]


def decide(documents: Iterable[Document], request: Request) -> Decision:
    """Return what policies that count together (a role's) or one alone (an endpoint's) say."""
    found = [
        _match(statement, request, document.variables)
        for document in documents
        for statement in document.statements
    ]
    denying = [each for each in found if each.statement.effect is Effect.DENY]
    allowing = [each for each in found if each.statement.effect is Effect.ALLOW]
    for each in denying:
        if each.fits is Truth.TRUE:
            return Decision(Outcome.DENIED, by=each.statement.label)
    allowed = any_of(each.fits for each in allowing)
    if allowed is Truth.FALSE:
        missed = {what for each in allowing for what in each.missed}
        return Decision(Outcome.DENIED, missed=tuple(sorted(missed)))
    doubts = [*denying, *(allowing if allowed is Truth.UNKNOWN else ())]
    open_ = {what for each in doubts if each.fits is Truth.UNKNOWN for what in each.open}
    return Decision(Outcome.UNKNOWN if open_ else Outcome.ALLOWED, open=tuple(sorted(open_)))


def is_about(statement: Statement, request: Request, *, variables: bool) -> Truth:
    """Return whether a statement is about the request's action and resource, conditions aside."""
    about = (
        action_matches(statement.actions, request.action),
        resource_matches(statement.resources, request.resource, variables=variables),
    )
    return all_of(about)


def _match(statement: Statement, request: Request, variables: bool) -> _Match:
    """Return whether the statement is about the request, and what that hangs on."""
    if action_matches(statement.actions, request.action) is Truth.FALSE:
        return _Match(statement, Truth.FALSE, (), ())
    parts = list(_parts(statement, request, variables))
    false = tuple(name for name, fits in parts if fits is Truth.FALSE)
    if false:
        return _Match(statement, Truth.FALSE, (), () if _RESOURCE in false else false)
    open_ = tuple(name for name, fits in parts if fits is Truth.UNKNOWN)
    return _Match(statement, Truth.UNKNOWN if open_ else Truth.TRUE, open_, ())


def _parts(statement: Statement, request: Request, variables: bool) -> Iterator[tuple[str, Truth]]:
    yield (
        _RESOURCE,
        resource_matches(statement.resources, request.resource, variables=variables),
    )
    if statement.principals is not None:
        yield "the Principal", _is_meant(statement.principals, request)
    for condition in statement.conditions:
        yield condition.key, holds(condition, request.keys, variables=variables)


def _is_meant(principals: Principals, request: Request) -> Truth:
    found = any_of(_is_principal(text, request) for text in principals.aws)
    return inverse(found) if principals.inverted else found


def _is_principal(text: str, request: Request) -> Truth:
    """Return whether a principal of a policy is the one who asks.

    An account (its id, or its root's ARN) stands for everybody in it.
    """
    if text == "*":
        return Truth.TRUE
    if isinstance(request.principal, Foreign):
        return Truth.FALSE
    if _is_account(text, request.account):
        return Truth.TRUE
    if request.principal is None:
        return Truth.UNKNOWN
    return _is_role(text, request.principal)


def _is_account(text: str, account: str | None) -> bool:
    """Return whether ``text`` is the account's id, or its root's ARN in any partition."""
    root = text.startswith("arn:") and text.split(":")[2:] == ["iam", "", account, "root"]
    return account is not None and (root or text == account)


def _is_role(text: str, role: str) -> Truth:
    """Return whether ``text`` is the role; a session of it, or an id, may be one of its own."""
    if text == role:
        return Truth.TRUE
    session = role.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    account, name = session.rpartition(":")[0], role.rpartition("/")[2]
    maybe = text.startswith(f"{account}:assumed-role/{name}/") or not text.startswith("arn:")
    foreign_account = text.isdigit()
    return truth(False) if foreign_account or not maybe else Truth.UNKNOWN

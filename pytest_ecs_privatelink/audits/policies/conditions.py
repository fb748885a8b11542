"""Condition elements, in three values: a key that a run cannot know decides nothing.

Operators by the IAM User Guide, "IAM JSON policy elements: Condition operators": a positive
operator wants a value that matches, a negated one wants none; of a key that the request lacks,
only negated and ...IfExists operators hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from pytest_ecs_privatelink.audits.policies.document import Condition
from pytest_ecs_privatelink.audits.policies.matching import has_wildcard, matches
from pytest_ecs_privatelink.audits.policies.truth import Truth, all_of, any_of, inverse, truth

_ARN_PARTS = 6
_OPERATORS = frozenset(
    (
        *("StringEquals", "StringEqualsIgnoreCase", "StringLike"),
        *("ArnEquals", "ArnLike", "Bool", "IpAddress"),
    )
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A value of somebody else's: account, organization or ARN, but never one of ``account``."""

    account: str


Value = str | Foreign
Keys = Mapping[str, tuple[Value, ...]]
"""The condition keys that a run knows of a request, in lower case, with the request's values; none
where the request certainly lacks the key."""


def holds(condition: Condition, keys: Keys, *, variables: bool) -> Truth:
    """Return whether the condition holds for a request with ``keys``."""
    operator = condition.operator
    values = keys.get(condition.key.lower())
    if operator == "Null":
        return _is_null(condition, values)
    head, _, tail = operator.partition(":")
    quantifier, name = (head, tail) if tail else ("", head)
    name, optional = name.removesuffix("IfExists"), name.endswith("IfExists")
    negated, plain = "Not" in name, name.replace("Not", "")
    legible = quantifier in ("", "ForAnyValue", "ForAllValues") and plain in _OPERATORS
    if values is None or not legible:
        return Truth.UNKNOWN
    if not values:
        present = optional or (negated and not quantifier) or quantifier == "ForAllValues"
        return truth(present)
    each = [_satisfies(plain, value, condition, variables) for value in values]
    fitting = [inverse(one) if negated else one for one in each]
    return any_of(fitting) if quantifier == "ForAnyValue" else all_of(fitting)


def _is_null(condition: Condition, values: tuple[Value, ...] | None) -> Truth:
    wanted = [text.lower() for text in condition.values]
    if values is None or wanted not in (["true"], ["false"]):
        return Truth.UNKNOWN
    return truth((not values) == (wanted == ["true"]))


def _satisfies(name: str, value: Value, condition: Condition, variables: bool) -> Truth:
    """Return whether one of the policy's values meets the request's."""
    if isinstance(value, Foreign):
        return any_of(_is_foreign(text, value) for text in condition.values)
    return any_of(_meets(name, text, value, variables) for text in condition.values)


def _meets(name: str, text: str, value: str, variables: bool) -> Truth:
    if name == "StringEqualsIgnoreCase":
        name, text, value = "StringEquals", text.lower(), value.lower()
    if name == "StringLike":
        return matches(text, value, variables=variables)
    if variables and "${" in text:
        return Truth.UNKNOWN
    if name == "StringEquals":
        return truth(text == value)
    if name == "Bool":
        return truth(text.lower() == value.lower())
    if name in ("ArnEquals", "ArnLike"):
        return _is_arn_like(text, value)
    return _contains(text, value) if name == "IpAddress" else Truth.UNKNOWN


def _is_arn_like(text: str, value: str) -> Truth:
    """Return whether an ARN fits, part by part: ``*`` does not reach past a colon."""
    pattern, parts = text.split(":", _ARN_PARTS - 1), value.split(":", _ARN_PARTS - 1)
    if len(pattern) != len(parts):
        return Truth.FALSE
    return all_of(matches(one, other) for one, other in zip(pattern, parts, strict=True))


def _contains(text: str, value: str) -> Truth:
    try:
        return truth(ip_address(value) in ip_network(text, strict=False))
    except ValueError:
        return Truth.UNKNOWN


def _is_foreign(text: str, value: Foreign) -> Truth:
    """Return whether what a policy says can be somebody else's.

    An organization that a customer names is the customer's, and so is the customer's account; an
    account of another number may be anybody's.
    """
    if set(text) == {"*"}:
        return Truth.TRUE
    if text.startswith("o-") and not has_wildcard(text.partition("/")[0]):
        return Truth.FALSE
    return truth(False) if value.account in (text, *text.split(":")[4:5]) else Truth.UNKNOWN

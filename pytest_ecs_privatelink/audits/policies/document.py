"""IAM policy documents: JSON text to frozen statements, or why the text was not understood.

Elements by the IAM User Guide, "IAM JSON policy elements reference". Nothing here raises: AWS may
learn new elements, and snapshots are edited by hand.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

FIRST_VERSION = "2008-10-17"
"""The version of a document that names none; it knows no policy variables."""
_VERSIONS = (FIRST_VERSION, "2012-10-17")
_NEGATABLE = ("Principal", "Action", "Resource")
_ELEMENTS = frozenset(
    ("Sid", "Effect", "Condition", *_NEGATABLE, *(f"Not{each}" for each in _NEGATABLE))
)
Json = Mapping[str, object]


class Effect(StrEnum):
    """What a statement does to the requests that it matches."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True)
class Patterns:
    """The patterns of an element; ``inverted``: its Not... form, which matches everything else."""

    texts: tuple[str, ...]
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Principals:
    """Whom a statement is about.

    ``aws`` are ARNs, account ids, or ``*`` for everyone; ``others``: it names service, federated or
    canonical principals, too, none of which an ECS role is.
    """

    aws: tuple[str, ...]
    others: bool = False
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """One key of one operator (``StringEquals``) with the values that the policy gives it."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A statement; ``label`` is how people find it: its Sid, or its number, from 1.

    ``principals`` is None in the policies of roles, ``resources`` is never.
    """

    label: str
    effect: Effect
    principals: Principals | None
    actions: Patterns
    resources: Patterns
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A policy that was understood; ``variables``: ``${...}`` stands for a request's values."""

    statements: tuple[Statement, ...]
    variables: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a policy was not understood, as a clause."""

    reason: str


class _NotUnderstoodError(Exception):
    """Carries the reason from where it is found to `parse`."""


def parse(text: str, *, identity: bool = False) -> Document | Unreadable:
    """Return what the JSON ``text`` says, or why that is not to be known.

    ``identity``: it is the policy of a role, whose statements name no principals; all others do.
    """
    try:
        return _document(_loaded(text), identity)
    except _NotUnderstoodError as error:
        return Unreadable(str(error))


def raw_statements(text: str) -> tuple[object, ...]:
    """Return the statements of a policy that `parse` understands, as they are written."""
    statements = json.loads(text)["Statement"]
    return tuple(statements) if isinstance(statements, list) else (statements,)


def version_of(text: str) -> str:
    """Return the version of a policy that `parse` understands."""
    return str(json.loads(text).get("Version", FIRST_VERSION))


def _loaded(text: str) -> Json:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise _NotUnderstoodError("it is no JSON") from None
    return _object(value, "it is no JSON object")


def _document(value: Json, identity: bool) -> Document:
    version = value.get("Version", FIRST_VERSION)
    if version not in _VERSIONS:
        raise _NotUnderstoodError(f"its version {version!r} is none of {', '.join(_VERSIONS)}")
    if "Statement" not in value:
        raise _NotUnderstoodError("it has no Statement")
    statements = value["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    read = tuple(_statement(each, number) for number, each in enumerate(listed, start=1))
    for number, each in enumerate(read, start=1):
        if (each.principals is None) is not identity:
            has = "no" if each.principals is None else "a"
            raise _NotUnderstoodError(f"its statement {number} has {has} Principal")
    return Document(
        statements=read,
        variables=version != FIRST_VERSION,
    )


def _statement(value: object, number: int) -> Statement:
    name = f"its statement {number}"
    fields = _object(value, f"{name} is no object")
    if unknown := sorted(set(fields) - _ELEMENTS):
        raise _NotUnderstoodError(f"{name} has an unknown element {unknown[0]!r}")
    if fields.get("Effect") not in tuple(Effect):
        raise _NotUnderstoodError(f"{name} has no Effect of Allow or Deny")
    sid = fields.get("Sid")
    return Statement(
        label=repr(sid) if isinstance(sid, str) and sid else str(number),
        effect=Effect(str(fields["Effect"])),
        principals=_principals(fields, name),
        actions=_patterns(fields, "Action", name),
        resources=_patterns(fields, "Resource", name),
        conditions=tuple(_conditions(fields.get("Condition", {}), name)),
    )


def _patterns(fields: Json, element: str, name: str) -> Patterns:
    one = _one_of(fields, element, name)
    if one is None:
        raise _NotUnderstoodError(f"{name} has neither {element} nor Not{element}")
    return Patterns(_texts(fields[one], f"{one} of {name}"), inverted=one != element)


def _principals(fields: Json, name: str) -> Principals | None:
    one = _one_of(fields, "Principal", name)
    if one is None:
        return None
    value, inverted = fields[one], one != "Principal"
    if value == "*":
        return Principals(("*",), inverted=inverted)
    kinds = _object(value, f"{one} of {name} is neither * nor an object")
    aws = _texts(kinds.get("AWS", []), f"{one} of {name}")
    return Principals(aws, others=bool(set(kinds) - {"AWS"}), inverted=inverted)


def _conditions(value: object, name: str) -> Iterator[Condition]:
    problem = f"Condition of {name} is no object of objects"
    for operator, keys in _object(value, problem).items():
        for key, values in _object(keys, problem).items():
            yield Condition(operator, key, _texts(values, f"Condition of {name}", scalars=True))


def _one_of(fields: Json, element: str, name: str) -> str | None:
    """Return which of an element and its Not... form is there; both are not to be understood."""
    present = [each for each in (element, f"Not{element}") if each in fields]
    if len(present) > 1:
        raise _NotUnderstoodError(f"{name} has both {present[0]} and {present[1]}")
    return present[0] if present else None


def _texts(value: object, name: str, *, scalars: bool = False) -> tuple[str, ...]:
    """Return one text, or a list of them; ``scalars``: truth values and numbers count as texts."""
    legal = (str, bool, int, float) if scalars else (str,)
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(each, legal) for each in listed):
        raise _NotUnderstoodError(f"{name} holds what is no text")
    return tuple(each if isinstance(each, str) else json.dumps(each) for each in listed)


def _object(value: object, problem: str) -> Json:
    if not isinstance(value, dict):
        raise _NotUnderstoodError(problem)
    return value

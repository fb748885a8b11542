"""Checks as flat strings on a test's report, and back: they cross xdist and end up in JUnit."""

import dataclasses
from collections.abc import Iterable

from pytest_ecs_privatelink.records import RecordError, from_json, to_json
from pytest_ecs_privatelink.verdict import Check

_PREFIX = "ecs_privatelink_"
_FIRST = "id"
_FIELDS = tuple(field.name for field in dataclasses.fields(Check))


def to_properties(check: Check) -> list[tuple[str, str]]:
    """Return each field of ``check`` that is not None: ``("ecs_privatelink_<field>", text)``."""
    values = to_json(check)
    return [
        (f"{_PREFIX}{name}", _text(values[name])) for name in _FIELDS if values[name] is not None
    ]


def from_properties(properties: Iterable[tuple[str, object]]) -> list[Check]:
    """Return the checks in ``properties``, in order: each ``ecs_privatelink_id`` begins one.

    What others recorded is passed over, also where it looks like ours and is no whole check.
    """
    records: list[dict[str, object]] = []
    for name, value in properties:
        field = name.removeprefix(_PREFIX)
        if not name.startswith(_PREFIX) or field not in _FIELDS or not isinstance(value, str):
            continue
        if field == _FIRST:
            records.append({})
        if records:
            records[-1][field] = _value(field, value)
    return [check for record in records if (check := _check(record)) is not None]


def _check(record: dict[str, object]) -> Check | None:
    try:
        return from_json(Check, record)
    except RecordError:
        return None


def _text(value: object) -> str:
    if isinstance(value, list):
        return ",".join(value)
    return repr(value) if isinstance(value, float) else str(value)


def _value(field: str, text: str) -> object:
    if field == "launch_types":
        return text.split(",") if text else []
    return _number(text) if field == "duration_ms" else text


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text

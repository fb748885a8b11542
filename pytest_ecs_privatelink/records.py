"""Frozen dataclasses to JSON values and back, strictly: what is unknown is refused, not guessed."""

import dataclasses
import enum
import functools
import types
import typing
from typing import Any, TypeVar

T = TypeVar("T")


class RecordError(ValueError):
    """A JSON value does not fit its record; the message carries the path to it."""


def to_json(value: object) -> Any:
    """Return ``value`` (records, tuples, enums and scalars, nested) as plain JSON values."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: to_json(getattr(value, name)) for name in _fields(type(value))}
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [to_json(item) for item in value]
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    return value


def from_json(kind: type[T], value: Any, path: str = "$") -> T:
    """Build a ``kind`` from JSON values; raise `RecordError` where they do not fit."""
    return typing.cast(T, _build(kind, value, path))


@functools.cache
def _fields(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in dataclasses.fields(kind)}


@functools.cache
def _required(kind: type) -> frozenset[str]:
    return frozenset(
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    )


def _build(kind: Any, value: Any, path: str) -> Any:
    origin = typing.get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        return _build_union(kind, value, path)
    if origin is tuple:
        return _build_tuple(kind, value, path)
    if origin is dict:
        _expect(value, dict, path)
        item = typing.get_args(kind)[1]
        return {key: _build(item, entry, f"{path}.{key}") for key, entry in value.items()}
    if kind is Any:
        return value
    if dataclasses.is_dataclass(kind):
        return _build_record(typing.cast(type, kind), value, path)
    if issubclass(kind, enum.Enum):
        try:
            return kind(value)
        except ValueError as error:
            raise RecordError(f"{path}: {error}") from None
    if kind is float and type(value) is int:
        return _build_float(value, path)
    return _expect(value, kind, path)


def _build_float(value: int, path: str) -> float:
    try:
        return float(value)
    except OverflowError as error:
        raise RecordError(f"{path}: {error}") from None


def _build_union(kind: Any, value: Any, path: str) -> Any:
    options = typing.get_args(kind)
    if value is None and type(None) in options:
        return None
    errors = []
    for option in options:
        if option is type(None):
            continue
        try:
            return _build(option, value, path)
        except RecordError as error:
            errors.append(error)
    raise errors[0]


def _build_tuple(kind: Any, value: Any, path: str) -> tuple[Any, ...]:
    _expect(value, list, path)
    items = typing.get_args(kind)
    if len(items) == 2 and items[1] is Ellipsis:
        return tuple(_build(items[0], entry, f"{path}[{i}]") for i, entry in enumerate(value))
    if len(items) != len(value):
        raise RecordError(f"{path}: {len(items)} items expected, {len(value)} found")
    pairs = zip(items, value, strict=True)
    return tuple(_build(item, entry, f"{path}[{i}]") for i, (item, entry) in enumerate(pairs))


def _build_record(kind: type, value: Any, path: str) -> Any:
    _expect(value, dict, path)
    fields = _fields(kind)
    if unknown := sorted(set(value) - set(fields)):
        raise RecordError(f"{path}: unknown field {unknown[0]!r}")
    if missing := sorted(_required(kind) - set(value)):
        raise RecordError(f"{path}: field {missing[0]!r} is missing")
    return kind(**{name: _build(fields[name], value[name], f"{path}.{name}") for name in value})


def _expect(value: Any, kind: type, path: str) -> Any:
    if type(value) is not kind:
        raise RecordError(f"{path}: {kind.__name__} expected, {type(value).__name__} found")
    return value

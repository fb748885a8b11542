"""A hypothesis strategy for any value of a type of the model, made from its annotations."""

import dataclasses
import typing
from collections.abc import Mapping
from enum import StrEnum
from types import UnionType
from typing import Any

from hypothesis import strategies as st

Pools = Mapping[str, st.SearchStrategy[Any]]
"""What the scalars of a field are drawn from, by ``Class.field``, ``field``, or ``str`` for all."""

_IDENTITIES = frozenset({"id", "arn"})


def records(
    kind: Any,  # noqa: ANN401  (any annotation of the model)
    pools: Pools,
    *,
    most: int = 2,
    scalar: st.SearchStrategy[Any] | None = None,
    least: int = 0,
) -> st.SearchStrategy[Any]:
    """Return a strategy for ``kind``; tuples hold ``most`` records at most, none of one id twice.

    ``scalar`` stands for the texts and numbers in ``kind`` itself, and ``least`` is the length of
    its tuples.
    """
    arguments = typing.get_args(kind)
    if isinstance(kind, UnionType):
        options = reversed(arguments)
        return st.one_of(*(records(each, pools, most=most, scalar=scalar) for each in options))
    if typing.get_origin(kind) is tuple:
        one = records(arguments[0], pools, most=most, scalar=scalar)
        unique = _identity(arguments[0])
        return st.lists(one, min_size=least, max_size=max(most, least), unique_by=unique).map(tuple)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return st.builds(kind, **fields_of(kind, pools, most))
    if issubclass(kind, StrEnum):
        return st.sampled_from(kind)
    plain = {str: pools.get("str", st.text(max_size=8)), int: st.integers()}
    exact = {bool: st.booleans(), type(None): st.none()}
    if kind in exact:
        return exact[kind]
    return plain[kind] if scalar is None else scalar


def tampered(draw: st.DrawFn, value: Any, pools: Pools) -> Any:  # noqa: ANN401
    """Return ``value``, a record or a tuple of some, with a field of one changed, but no id."""
    if isinstance(value, tuple):
        place = draw(st.integers(0, len(value) - 1))
        return (*value[:place], tampered(draw, value[place], pools), *value[place + 1 :])
    strategies = fields_of(type(value), pools, 3)
    name = draw(st.sampled_from(sorted(strategies.keys() - _IDENTITIES)))
    held = getattr(value, name)
    inside = isinstance(held, tuple) and held and dataclasses.is_dataclass(held[0])
    changed = (
        tampered(draw, held, pools) if inside and draw(st.booleans()) else draw(strategies[name])
    )
    return dataclasses.replace(value, **{name: changed})


def fields_of(
    kind: Any,  # noqa: ANN401
    pools: Pools,
    most: int,
) -> dict[str, st.SearchStrategy[Any]]:
    """Return a strategy for each field of a record."""
    hints = typing.get_type_hints(kind)
    return {
        name: records(
            hint,
            pools,
            most=most,
            scalar=_pool(kind, name, pools),
            least=int(f"{kind.__name__}.{name}" in _NEVER_EMPTY),
        )
        for name, hint in hints.items()
    }


def _pool(kind: Any, name: str, pools: Pools) -> st.SearchStrategy[Any] | None:  # noqa: ANN401
    return pools.get(f"{kind.__name__}.{name}", pools.get(name))


def _identity(kind: Any) -> Any:  # noqa: ANN401
    if not dataclasses.is_dataclass(kind):
        return None
    names = {each.name for each in dataclasses.fields(kind)}
    name = next(iter(names & _IDENTITIES), None)
    return None if name is None else (lambda record: getattr(record, name))


_NEVER_EMPTY = frozenset({"Vpc.cidrs", "Snapshot.subnets"})

"""Greedy set cover: as few explanations as possible, and the same ones every time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Option(Generic[T]):
    """Something that could explain the check ids in ``reach``."""

    item: T
    reach: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pick(Generic[T]):
    """A chosen option and the check ids that nothing chosen before it explains."""

    item: T
    newly: frozenset[str]


def cover(
    wanted: frozenset[str],
    options: Sequence[Option[T]],
    rank: Callable[[T, int], tuple[object, ...]],
) -> tuple[Pick[T], ...]:
    """Pick options until all of ``wanted`` that any option reaches is covered.

    Each step takes the option with the least ``rank(item, newly covered)``; equal ranks fall to the
    earlier option. What no option reaches stays uncovered.
    """
    picks: list[Pick[T]] = []
    left = wanted
    while True:
        useful = [(option.item, option.reach & left) for option in options if option.reach & left]
        if not useful:
            return tuple(picks)
        item, newly = min(useful, key=lambda pair: rank(pair[0], len(pair[1])))
        picks.append(Pick(item, newly))
        left -= newly

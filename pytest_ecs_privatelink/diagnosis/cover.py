"""Greedy set cover: as few explanations as possible, and the same ones every time."""

import heapq
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
    earlier option. No rank may fall when less is newly covered. What no option reaches stays
    uncovered.
    """
    picks: list[Pick[T]] = []
    left = set(wanted)
    reaches = [option.reach & wanted for option in options]
    heap = [
        (rank(option.item, len(reach)), position)
        for position, (option, reach) in enumerate(zip(options, reaches, strict=True))
        if reach
    ]
    heapq.heapify(heap)
    while heap and left:
        ranked, position = heapq.heappop(heap)
        # What others explain by now only worsens a rank: what still is first has the best one.
        newly = reaches[position] = reaches[position] & left
        current = rank(options[position].item, len(newly))
        if not newly:
            continue
        if current != ranked:
            heapq.heappush(heap, (current, position))
            continue
        picks.append(Pick(options[position].item, newly))
        left -= newly
    return tuple(picks)

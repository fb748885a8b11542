"""Three-valued logic: what a policy decides may hang on what a run cannot know."""

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """True, false, or not to be known."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    def __bool__(self) -> bool:
        """Refuse: ``if truth`` would take unknown for one of the others."""
        raise TypeError("a Truth has three values: compare it")


def truth(certain: bool) -> Truth:
    """Return what is certain as a `Truth`."""
    return Truth.TRUE if certain else Truth.FALSE


def inverse(value: Truth) -> Truth:
    """Return the opposite; that of unknown is unknown."""
    return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(value, Truth.UNKNOWN)


def any_of(values: Iterable[Truth]) -> Truth:
    """Return whether one is true; of none, none is."""
    found = set(values)
    if Truth.TRUE in found:
        return Truth.TRUE
    return Truth.UNKNOWN if Truth.UNKNOWN in found else Truth.FALSE


def all_of(values: Iterable[Truth]) -> Truth:
    """Return whether all are true; of none, all are."""
    return inverse(any_of(inverse(value) for value in values))

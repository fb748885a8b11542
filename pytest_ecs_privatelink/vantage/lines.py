"""Parcels as lines of a log: numbered, since logs repeat and reorder lines. Travels to hosts."""

import re

LONGEST_LINE = 12_000
"""Characters of a parcel in one line: log drivers cut lines at 16 KiB."""

_NAME = "ECS PRIVATELINK LINE"
_LINE = re.compile(rf"{_NAME} (\d{{1,4}})/(\d{{1,4}}) ([^\r\n]*)")


def in_lines(parcel: str, longest: int) -> str:
    """Return ``parcel`` in numbered lines of so many characters of it, and a few more."""
    flat = "".join(parcel.split("\n"))
    pieces = [flat[start : start + longest] for start in range(0, len(flat), longest)]
    return "".join(
        f"{_NAME} {number}/{len(pieces)} {piece}\n" for number, piece in enumerate(pieces, 1)
    )


def joined(log: str) -> "str | None":
    """Return the parcel whose lines are all in ``log``, in whatever order; None where some lack."""
    pieces: dict[int, str] = {}
    total = 0
    for found in _LINE.finditer(log):
        pieces[int(found[1])], total = found[3], int(found[2])
    if not total or any(number not in pieces for number in range(1, total + 1)):
        return None
    return "".join(pieces[number] for number in range(1, total + 1))

"""Read the words with which ECS stopped a task."""

import re
from collections.abc import Iterable
from dataclasses import replace

from pytest_ecs_privatelink.probes.task_records import Stopped
from pytest_ecs_privatelink.stopped.breaks import BREAKS
from pytest_ecs_privatelink.stopped.exits import exits_of
from pytest_ecs_privatelink.stopped.judging import Told, explained, of_call, unknown
from pytest_ecs_privatelink.stopped.plain import one_spelling, without_names
from pytest_ecs_privatelink.stopped.records import Explanation, Phase
from pytest_ecs_privatelink.stopped.refusals import refusal_in
from pytest_ecs_privatelink.stopped.row import Break, Kind, Row
from pytest_ecs_privatelink.stopped.rows import NAMELESS, ROWS

_SEEN = tuple((re.compile(row.seen, re.IGNORECASE), row) for row in ROWS)
_BROKEN = tuple((re.compile(each.seen, re.IGNORECASE), each) for each in BREAKS)
_PHASES = tuple(Phase)
_READ = 4096
"""How much of a text is looked into; ECS's own are shorter (a container's reason: 1,024)."""


def explain(stopped: Stopped, ranges: Iterable[str] = ()) -> Explanation:
    """Return what a stopped task's texts mean: the known one of the earliest phase decides.

    ``ranges`` are the CIDR blocks of the task's VPC, by which an address that was dialled is known
    to be private where it is of none of the ranges that are reserved for that. ``text`` is all of
    the texts, a line each; an exit code is told where the container had run.
    """
    ranges = tuple(ranges)
    containers = sorted(
        stopped.containers, key=lambda each: (each.name, each.reason, str(each.exit_code))
    )
    said = dict.fromkeys(filter(None, (stopped.reason, *(each.reason for each in containers))))
    texts = tuple(said) or ((stopped.code,) if stopped.code else ())
    readings = (_read(text, ranges) for text in texts)
    _, found = min(
        ((_weight(row, each), each) for row, each in readings),
        key=lambda pair: pair[0],
        default=((), unknown("", Phase.UNKNOWN)),
    )
    found = replace(found, text="\n".join(texts))
    exits = exits_of(containers) if found.phase in (Phase.RUN, Phase.START) else ""
    return replace(found, sentence=f"{found.sentence}: {exits}") if exits else found


def explain_text(text: str, ranges: Iterable[str] = ()) -> Explanation:
    """Return what one ``stoppedReason`` or container reason means; ``ranges`` as of `explain`."""
    return _read(text, tuple(ranges))[1]


def _weight(row: Row | None, found: Explanation) -> tuple[object, ...]:
    """Order readings: what is known and exact, what is unknown, what says only that it ended."""
    vague = row is not None and row.kind is Kind.VAGUE
    return (
        2 if vague else int(not found.known),
        _PHASES.index(found.phase),
        found.code is None,
        found.service is None,
        found.text,
    )


def _read(text: str, ranges: tuple[str, ...]) -> tuple[Row | None, Explanation]:
    spelt = one_spelling(text)[:_READ]
    words = without_names(spelt)
    row = next((row for seen, row in _SEEN if seen.search(words)), None)
    told = Told(
        text=text,
        words=spelt,
        broken=_broken(words),
        refusal=refusal_in(spelt) if refusal_in(words) else None,
        ranges=ranges,
    )
    if row is not None:
        return row, explained(row, told)
    return None, of_call(NAMELESS, told) if told.broken else unknown(text, Phase.UNKNOWN)


def _broken(words: str) -> Break | None:
    return next((each for seen, each in _BROKEN if seen.search(words)), None)

"""Explanations for people and for programs."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.explaining.facts import TaskFacts, words_of
from pytest_ecs_privatelink.explaining.remedies import page_of, remedy_of
from pytest_ecs_privatelink.records import to_json
from pytest_ecs_privatelink.reporting.causes_text import command_lines
from pytest_ecs_privatelink.reporting.plain import one_line
from pytest_ecs_privatelink.stopped.records import Explanation

_INDENT = "   "


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An explanation, and what is known around it."""

    found: Explanation
    facts: TaskFacts


def as_lines(told: Told) -> Iterator[str]:
    """Yield a line for the cause, then the commands, the page, and unknown words whole."""
    found = told.found
    task = f"{told.facts.task}: " if told.facts.task else ""
    yield one_line(f"{task}{_headline(found)}")
    yield from command_lines(remedy_of(found, words_of(told.facts, found)), _INDENT)
    yield f"{_INDENT}see: {page_of(found)}"
    if not found.known or told.facts.task:
        yield from (f"{_INDENT}ECS: {one_line(line)}" for line in found.text.splitlines())


def _headline(found: Explanation) -> str:
    if not found.known:
        return f"unknown: {found.sentence}"
    named = " ".join(str(each) for each in (found.code, found.service) if each)
    return f"{named or f'stopped at {found.phase}'}: {found.sentence}; {found.advice}"


def as_json(told: Sequence[Told]) -> str:
    """Return the same as JSON: the explanation's fields, ``task``, ``remedy``, ``reference``."""
    return json.dumps({"explanations": [_record(each) for each in told]}, indent=2)


def _record(told: Told) -> dict[str, object]:
    remedy = remedy_of(told.found, words_of(told.facts, told.found))
    known = to_json(told.facts) if told.facts.task else None
    return {
        **to_json(told.found),
        "task": known,
        "remedy": to_json(remedy),
        "reference": page_of(told.found),
    }

"""Claim ``task-start``: a one-off task starts, pulls, logs, gets its secret, and finds its way."""

import asyncio
import re
from dataclasses import replace

from pytest_ecs_privatelink.claims.asking import ask_for
from pytest_ecs_privatelink.claims.inside import (
    Inside,
    answered,
    called,
    inside_terms,
    look_inside,
    readings_of,
)
from pytest_ecs_privatelink.claims.terms import Ask, Reading, Stand, Terms, make_check, worst
from pytest_ecs_privatelink.probes.task_records import (
    OWN_DEFINITION,
    Stopped,
    TaskAnswer,
    TaskQuestion,
    TaskStatus,
)
from pytest_ecs_privatelink.stopped.explain import explain
from pytest_ecs_privatelink.stopped.plain import without_signatures
from pytest_ecs_privatelink.stopped.records import Explanation, Phase
from pytest_ecs_privatelink.stopped.rows_life import PASSING
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Code, Verdict

READ_ONLY = "--ecs-read-only starts no task"
_EXPECTED = (
    "a one-off task starts, pulls its image, logs, gets its secret, and reaches every endpoint "
    "service that it needs"
)
_UNTOLD = {
    TaskStatus.THROTTLED: "ECS throttled the calls, retries included",
    TaskStatus.CAPACITY: "ECS found no place for the task",
    TaskStatus.STUCK: "the task did not end in time (--ecs-task-timeout)",
    TaskStatus.VANISHED: "ECS knows the task no more",
    TaskStatus.SILENT: "the task ran, and its words never came to its log stream",
    TaskStatus.FAILED: "no task could be had",
}
# [ECS API, Task: stopCode] that others stopped it by says nothing of its start.
_BY_OTHERS = frozenset(
    {"UserInitiated", "ServiceSchedulerInitiated", "SpotInterruption", "TerminationNotice"}
)
_EXITED = "EssentialContainerExited"
_NOT_FOUND = 127  # POSIX, "Exit Status for Commands": a command that was not found
_NO_PROGRAM = re.compile(r"executable file not found|no such file or directory.*python", re.I)
_SAYS = "; ECS says: "
_TOLD = 3


async def prove(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> Check:
    """Return the check of a ``task-start`` cell; ``stand`` is where its task will be."""
    if terms.errands.read_only:
        return _not_started(cell, terms, READ_ONLY)
    (kind,) = terms.launch_types(cell)
    inner = inside_terms(terms, kind)
    # Together: what a task is asked travels with it.
    answer, inside = await asyncio.gather(
        ask_for(TaskAnswer, TaskQuestion(subnet=cell.subnet, launch_type=kind), ask),
        look_inside(cell, inner, stand, ask),
    )
    if answer.status is TaskStatus.DENIED:
        return _denied(cell, terms, stand, answer)
    readings = _judge(answer, inside, terms.snapshot.vpc.cidrs)
    ends = dict.fromkeys(each.subject for each in worst(readings) if each.subject)
    check = make_check(cell, terms, _seen(stand, answer.task), _told(readings), _EXPECTED)
    return replace(check, subject=", ".join(ends) or None)


def ends_of(check: Check) -> tuple[str, ...]:
    """Return the endpoint services at which the task of a red ``check`` ended, or failed inside."""
    return tuple(check.subject.split(", ")) if check.subject else ()


def stand_of(cell: Cell, terms: Terms) -> Stand:
    """Return where the one-off task of ``cell`` will stand, and what it will wear."""
    (kind,) = terms.launch_types(cell)
    return Stand(label=f"task in {terms.slugs[cell.subnet]}", groups=terms.wearers.get(kind))


def words_in(observed: str) -> str | None:
    """Return the words of ECS that ``observed`` of a ``task-start`` check ends with, if any."""
    _, said, words = observed.partition(_SAYS)
    return words if said else None


def sentence_in(observed: str) -> str:
    """Return what ``observed`` of a ``task-start`` check says before any words of ECS."""
    return observed.partition(_SAYS)[0]


def _not_started(cell: Cell, terms: Terms, reason: str) -> Check:
    reading = Reading(
        verdict=Verdict.SKIPPED,
        code=None,
        phase="vantage",
        observed="no task was started",
        reason=reason,
    )
    return replace(make_check(cell, terms, None, (reading,), _EXPECTED), basis=Basis.DERIVED)


def _denied(cell: Cell, terms: Terms, stand: Stand, answer: TaskAnswer) -> Check:
    """Return the check of a task that the runner may not start, or not look after."""
    if answer.task is None:
        return _not_started(cell, terms, f"this run may not start tasks: {answer.detail}")
    reading = Reading(
        verdict=Verdict.SKIPPED,
        code=None,
        phase="vantage",
        observed="a task was started, and not followed to its end",
        reason=f"this run may not follow the task that it started: {answer.detail}",
    )
    return make_check(cell, terms, _seen(stand, answer.task), (reading,), _EXPECTED)


def _seen(stand: Stand, task: str | None) -> Stand:
    return stand if task is None else replace(stand, label=f"task:{task}")


def _judge(answer: TaskAnswer, inside: Inside, ranges: tuple[str, ...]) -> tuple[Reading, ...]:
    if answer.status is TaskStatus.RAN:
        return (_ran(answer, inside), *readings_of(inside), *_unheard(inside))
    if answer.status is TaskStatus.DIED:
        ours = OWN_DEFINITION not in inside.lost
        return (_died(answer.stopped or Stopped(), ranges, ours=ours),)
    detail = f": {answer.detail}" if answer.detail else ""
    return (_could_not(f"{_UNTOLD[answer.status]}{detail}", _last(answer)),)


def _told(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Return what decides: the gravest readings, of many alike the first ones."""
    chosen = worst(readings)
    left = len(chosen) - _TOLD
    if left <= 0:
        return chosen
    more = f"and {left} more of what it was asked"
    return (*chosen[:_TOLD], replace(chosen[0], observed=more))


def _ran(answer: TaskAnswer, inside: Inside) -> Reading:
    number = answered(inside)
    services = f"{number} endpoint service{'s' * (number != 1)} answered inside"
    if calls := called(inside):
        services += f", and {', '.join(calls)} passed there"
    if not inside.checks:
        services = OWN_DEFINITION if inside.lost else "there was nothing to ask inside"
    return Reading(
        verdict=Verdict.PASSED,
        code=None,
        phase=str(Phase.RUN),
        observed=f"a task started{_times(answer)}, {services}",
    )


def _unheard(inside: Inside) -> tuple[Reading, ...]:
    """Return what was asked in vain of a task that was there to answer."""
    return tuple(_could_not(each, Phase.RUN) for each in inside.lost if each != OWN_DEFINITION)


def _times(answer: TaskAnswer) -> str:
    if not answer.states:
        return ""
    seen = dict(answer.states)
    started = seen.get("RUNNING", answer.states[-1][1])
    states = ", ".join(f"{name} {ms / 1000:.1f}" for name, ms in answer.states)
    return f" in {started / 1000:.1f} s ({states})"


def _last(answer: TaskAnswer) -> str:
    return answer.states[-1][0] if answer.states else "RunTask"


def _died(stopped: Stopped, ranges: tuple[str, ...], *, ours: bool) -> Reading:
    words = " ".join(_texts(stopped).split())
    if stopped.code in _BY_OTHERS:
        return _could_not(f"the task was stopped by others ({stopped.code}): {words}", Phase.RUN)
    if ours and _lacks_python(stopped):
        return _could_not(f"the image has no Python 3: {words}", Phase.START)
    if stopped.code == _EXITED:
        return _could_not(f"{_ended(stopped)}: {words}", Phase.RUN)
    explanation = explain(stopped, ranges)
    if explanation.row in PASSING:
        return _could_not(f"AWS had no room for the task: {words}", explanation.phase)
    return Reading(
        verdict=Verdict.FAILED,
        code=Code.TASK_FAILED_TO_START,
        phase=str(explanation.phase),
        observed=f"{explanation.sentence.rstrip('.')}{_SAYS}{_words(explanation, words)}",
        subject=explanation.service,
    )


def _lacks_python(stopped: Stopped) -> bool:
    return any(
        each.exit_code == _NOT_FOUND or _NO_PROGRAM.search(each.reason)
        for each in stopped.containers
    )


def _ended(stopped: Stopped) -> str:
    ended = (each for each in stopped.containers if each.exit_code)
    told = (f"container {each.name} ended with exit code {each.exit_code}" for each in ended)
    return "the task started, and " + (", ".join(told) or "its containers ended")


def _words(explanation: Explanation, words: str) -> str:
    """Return ECS's words on one line, whole but for what would sign a request."""
    told = "; ".join(" ".join(line.split()) for line in explanation.text.splitlines())
    return without_signatures(told or words)


def _texts(stopped: Stopped) -> str:
    texts = (stopped.reason, *(each.reason for each in stopped.containers))
    return without_signatures("; ".join(dict.fromkeys(filter(None, texts)))) or "nothing"


def _could_not(reason: str, phase: str) -> Reading:
    return Reading(
        verdict=Verdict.ERROR,
        code=None,
        phase=str(phase),
        observed=reason,
        reason=reason,
    )

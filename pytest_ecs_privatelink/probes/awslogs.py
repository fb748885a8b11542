"""Deliver an event to CloudWatch Logs as the awslogs driver does, and see it arrive."""

import time
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.catalogue.marks import RUN_TAG
from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Link,
    LogAnswer,
    LogQuestion,
    Outcome,
)
from pytest_ecs_privatelink.probes.signed_calls import call
from pytest_ecs_privatelink.probes.signing import Sign
from pytest_ecs_privatelink.probes.wire import Wire

_RETENTION_DAYS = 1
_EXISTS = "ResourceAlreadyExistsException"
# Several subnets create the same group at once: all but one of them hear this for a moment.
_BUSY = "OperationAbortedException"
_TRIES, _PAUSE_S = 5, 0.3
_FIRST_LOOK_S, _LONGEST_PAUSE_S = 0.1, 1.0
# What keeps an event from being read back without saying anything of its delivery.
_UNREADABLE = frozenset({CallStatus.DENIED, CallStatus.THROTTLED, CallStatus.UNAVAILABLE})
# What leaves a group without retention and proves nothing of its use.
_HARMLESS = _UNREADABLE | {CallStatus.MISSING}


@dataclass(frozen=True, slots=True)
class _Logs:
    """CloudWatch Logs at the question's host."""

    question: LogQuestion
    wire: Wire
    sign: Sign

    def call(self, link: Link, operation: str, **payload: object) -> dict[str, object]:
        """Call an operation; raise `WireError`."""
        return call(self.wire, self.sign, link, self.question.host, f"logs:{operation}", payload)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Delivery:
    outcome: Outcome
    delivered_ms: float | None = None
    note: str = ""


def deliver(question: LogQuestion, wire: Wire, sign: Sign) -> LogAnswer:
    """Do what ``question`` asks; see `LogQuestion`. How it went is in the answer; never raises."""
    began = time.perf_counter()
    logs = _Logs(question, wire, sign)
    try:
        delivery = _write(logs) if question.write else _describe(logs)
    except WireError as error:
        delivery = _Delivery(outcome=error.outcome)
    return LogAnswer(
        group=question.group,
        stream=question.stream,
        outcome=delivery.outcome,
        hops=tuple(wire.hops),
        delivered_ms=delivery.delivered_ms,
        note=delivery.note,
        duration_ms=(time.perf_counter() - began) * 1000,
    )


def _describe(logs: _Logs) -> _Delivery:
    """Ask about the group, which must exist unless a run that writes would make it."""
    group = logs.question.group
    if logs.question.make_group:
        logs.call(Link.GROUP, "DescribeLogGroups", logGroupNamePrefix=group, limit=1)
    else:
        logs.call(Link.GROUP, "DescribeLogStreams", logGroupName=group, limit=1)
    outcome = Outcome(status=CallStatus.OK, link=Link.GROUP)
    return _Delivery(outcome=outcome, note="read-only: nothing was written")


def _write(logs: _Logs) -> _Delivery:
    question = logs.question
    notes = [_make_group(logs)] if question.make_group else []
    _make_stream(logs)
    accepted = _call_what_is_new(
        logs,
        Link.EVENT,
        "PutLogEvents",
        _TRIES,
        logGroupName=question.group,
        logStreamName=question.stream,
        logEvents=[{"timestamp": int(time.time() * 1000), "message": question.message}],
    )
    if rejected := accepted.get("rejectedLogEventsInfo"):
        return _Delivery(outcome=_rejected(rejected))
    delivery = _Delivery(outcome=Outcome(status=CallStatus.OK, link=Link.EVENT))
    if question.patience > 0:
        delivery = _read_back(logs)
    notes.append(delivery.note)
    return replace(delivery, note="; ".join(filter(None, notes)))


def _make_group(logs: _Logs) -> str:
    """Make the group unless it is there, which is left as it is; return what is to be noted."""
    group = logs.question.group
    tags = {RUN_TAG: logs.question.run}
    for left in reversed(range(_TRIES)):
        try:
            logs.call(Link.GROUP, "CreateLogGroup", logGroupName=group, tags=tags)
            break
        except WireError as error:
            if error.outcome.error == _EXISTS:
                return ""
            if error.outcome.error != _BUSY or not left:
                raise
        time.sleep(_PAUSE_S)
    try:
        logs.call(
            Link.GROUP, "PutRetentionPolicy", logGroupName=group, retentionInDays=_RETENTION_DAYS
        )
    except WireError as error:
        if error.outcome.status not in _HARMLESS and error.outcome.error != _BUSY:
            raise
        return f"the group has no retention: {error.outcome.detail}"
    return ""


def _make_stream(logs: _Logs) -> None:
    question = logs.question
    try:
        _call_what_is_new(
            logs,
            Link.STREAM,
            "CreateLogStream",
            _TRIES if question.make_group else 1,
            logGroupName=question.group,
            logStreamName=question.stream,
        )
    except WireError as error:
        if error.outcome.error != _EXISTS:
            raise


def _call_what_is_new(
    logs: _Logs, link: Link, operation: str, tries: int, **payload: object
) -> dict[str, object]:
    """Call an operation on what was made a moment ago, which may not be known everywhere yet."""
    for _ in range(tries - 1):
        try:
            return logs.call(link, operation, **payload)
        except WireError as error:
            if error.outcome.status is not CallStatus.MISSING:
                raise
        time.sleep(_PAUSE_S)
    return logs.call(link, operation, **payload)


def _rejected(info: object) -> Outcome:
    why = {
        "tooNewLogEventStartIndex": "too new (is the clock there right?)",
        "tooOldLogEventEndIndex": "too old (is the clock there right?)",
        "expiredLogEventEndIndex": "older than the group's retention",
    }
    found = [words for key, words in why.items() if isinstance(info, dict) and key in info]
    return Outcome(
        status=CallStatus.NOT_DELIVERED,
        link=Link.EVENT,
        action="logs:PutLogEvents",
        detail=f"the event was rejected as {' and '.join(found) or 'not acceptable'}",
    )


def _read_back(logs: _Logs) -> _Delivery:
    """Look for the event until it is there, or patience ends; only the last look is a hop."""
    began = time.monotonic()
    deadline = began + logs.question.patience
    pause = _FIRST_LOOK_S
    while True:
        try:
            seen = _look(logs)
        except WireError as error:
            if error.outcome.status in _UNREADABLE:
                accepted = Outcome(status=CallStatus.OK, link=Link.EVENT)
                return _Delivery(outcome=accepted, note=f"not read back: {error.outcome.detail}")
            if error.outcome.status is not CallStatus.MISSING:
                raise
            seen = False  # the stream took an event: readers do not know it yet
        if seen:
            ms = (time.monotonic() - began) * 1000
            outcome = Outcome(status=CallStatus.OK, link=Link.READ_BACK)
            return _Delivery(outcome=outcome, delivered_ms=ms)
        left = deadline - time.monotonic()
        if left <= 0:
            return _Delivery(outcome=_not_seen(logs.question))
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE_S)
        logs.wire.hops.pop()


def _look(logs: _Logs) -> bool:
    question = logs.question
    found = logs.call(
        Link.READ_BACK,
        "GetLogEvents",
        logGroupName=question.group,
        logStreamName=question.stream,
        startFromHead=False,
        limit=10,
    )
    events = found.get("events")
    return isinstance(events, list) and any(
        isinstance(event, dict) and event.get("message") == question.message for event in events
    )


def _not_seen(question: LogQuestion) -> Outcome:
    return Outcome(
        status=CallStatus.NOT_DELIVERED,
        link=Link.READ_BACK,
        action="logs:GetLogEvents",
        detail=f"the event was accepted, but not seen within {question.patience:g} s",
    )

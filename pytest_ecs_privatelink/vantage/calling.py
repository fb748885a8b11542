"""Answer questions that take calls to AWS's services, each in a thread of its own."""

import functools
from dataclasses import replace

from pytest_ecs_privatelink.probes import awslogs, ecr, secrets
from pytest_ecs_privatelink.probes.call_records import (
    CallAnswer,
    CallQuestion,
    CallStatus,
    Credentials,
    Link,
    LogAnswer,
    LogQuestion,
    Outcome,
    PullAnswer,
    PullQuestion,
    SecretAnswer,
    without,
)
from pytest_ecs_privatelink.probes.signing import signer
from pytest_ecs_privatelink.probes.threads import in_thread
from pytest_ecs_privatelink.probes.wire import Wire


async def answer_call(
    question: CallQuestion, credentials: Credentials | None, source: str | None = None
) -> CallAnswer:
    """Make the calls of ``question``, here and now, from the local address ``source``.

    How it went is in the answer, never an exception. Who stops waiting leaves the call under way to
    end by itself, in a thread that holds up nothing; no other one follows.
    """
    if credentials is None:
        return _failed(question, "no credentials came with the question")
    wire = Wire(
        ca_file=question.ca_file, timeout=question.timeout, source=source, port=question.port
    )
    try:
        return await in_thread(functools.partial(_answer, question, credentials, wire), "call")
    finally:
        wire.end()


def _answer(question: CallQuestion, credentials: Credentials, wire: Wire) -> CallAnswer:
    try:
        found = _call(question, credentials, wire)
    except Exception as error:  # noqa: BLE001 - whoever waits must hear, and its text may be secret
        found = _failed(question, f"the probe itself failed: {type(error).__name__}")
    return _without(credentials, found)


def _call(question: CallQuestion, credentials: Credentials, wire: Wire) -> CallAnswer:
    sign = signer(credentials, question.region)
    with wire:
        if isinstance(question, PullQuestion):
            return ecr.pull(question, wire, sign)
        if isinstance(question, LogQuestion):
            return awslogs.deliver(question, wire, sign)
        return secrets.fetch(question, wire, sign)


def _failed(question: CallQuestion, detail: str) -> CallAnswer:
    if isinstance(question, PullQuestion):
        outcome = Outcome(status=CallStatus.FAILED, link=Link.AUTH, detail=detail)
        return PullAnswer(image=question.image, outcome=outcome)
    if isinstance(question, LogQuestion):
        outcome = Outcome(status=CallStatus.FAILED, link=Link.GROUP, detail=detail)
        return LogAnswer(group=question.group, stream=question.stream, outcome=outcome)
    outcome = Outcome(status=CallStatus.FAILED, link=Link.SECRET, detail=detail)
    return SecretAnswer(reference=question.reference, outcome=outcome)


def _without(credentials: Credentials, found: CallAnswer) -> CallAnswer:
    """Return ``found`` without what an answer may have repeated of the request's signature."""
    outcome = replace(found.outcome, detail=without(credentials, found.outcome.detail))
    bare = replace(found, outcome=outcome)
    if not isinstance(bare, LogAnswer):
        return bare
    return replace(bare, note=without(credentials, bare.note))

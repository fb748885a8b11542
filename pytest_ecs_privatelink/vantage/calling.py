"""Answer questions that take calls to AWS's services, each in a thread of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
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
)
from pytest_ecs_privatelink.probes.signing import signer
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
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[CallAnswer] = loop.create_future()

    def settle(found: CallAnswer) -> None:
        if not answer.done():
            answer.set_result(found)

    def deliver(found: CallAnswer) -> None:
        # The loop may be gone by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, found)

    wire = Wire(
        ca_file=question.ca_file, timeout=question.timeout, source=source, port=question.port
    )
    threading.Thread(
        target=_answer, args=(question, credentials, wire, deliver), name="call", daemon=True
    ).start()
    try:
        return await answer
    finally:
        wire.end()


def _answer(
    question: CallQuestion,
    credentials: Credentials,
    wire: Wire,
    deliver: Callable[[CallAnswer], None],
) -> None:
    try:
        found = _call(question, credentials, wire)
    except Exception as error:  # noqa: BLE001 - whoever waits must hear, and its text may be secret
        found = _failed(question, f"the probe itself failed: {type(error).__name__}")
    deliver(_without(credentials, found))


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
    known = (credentials.secret_key, credentials.token, credentials.access_key)
    detail, note = found.outcome.detail, found.note if isinstance(found, LogAnswer) else ""
    for secret in filter(None, known):
        detail, note = detail.replace(secret, "***"), note.replace(secret, "***")
    bare = replace(found, outcome=replace(found.outcome, detail=detail))
    return replace(bare, note=note) if isinstance(bare, LogAnswer) else bare

"""What a host is asked at once, and what of its answer fits."""

import ipaddress
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.agent_records import AgentAnswer, AgentQuestion
from pytest_ecs_privatelink.probes.call_records import (
    Credentials,
    LogAnswer,
    LogQuestion,
    PullAnswer,
    PullQuestion,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.kinds import longest, name_of

_SLACK_S = 5.0
"""What a busy host may take on top: for starting Python, and with many questions at once."""

Bundle = Callable[[str], str | None]
"""Returns the certificates in a PEM file that questions name; None: the host's own trust."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A question that was put, with the ``credentials`` that came with it (any valid ones do)."""

    question: Question
    credentials: Credentials | None = field(default=None, compare=False)


def batches(
    puts: Sequence[Put], dials: Mapping[str, ConnectQuestion], bundle: Bundle
) -> Iterator[Batch]:
    """Yield what to ask a host: one batch, unless questions name several files of certificates.

    Raises `VantageError` where the next file cannot be read.
    """
    by_trust: dict[str | None, list[Put]] = {}
    for put in puts:
        by_trust.setdefault(_ca_file(put.question, dials), []).append(put)
    for file, some in by_trust.items():
        yield _batch(some, dials, file, bundle)


def fitting(batch: Batch, brought: Brought) -> Mapping[Question, Answer]:
    """Return the answers by question, those foreseen included; `VantageError` where one is a lie.

    A host that answers what it was not asked, or of something else, is believed nothing.
    """
    asked = set(batch.questions)
    for question, answer in brought.pairs:
        if question not in asked and not _foreseen(question, batch):
            raise VantageError(f"it answered what it was not asked: {_told(question)}")
        if not _fits(question, answer):
            raise VantageError(f"its answer to {_told(question)} is about something else")
        if isinstance(answer, DnsAnswer) and not _has_addresses(answer):
            raise VantageError(f"its answer to {_told(question)} has addresses that are none")
    return dict(brought.pairs)


def unanswered(question: Question, brought: Brought) -> str:
    """Return why ``question`` has no answer among what was ``brought``."""
    for each, reason in brought.missing:
        if each == question:
            return reason
    return f"it brought no answer to {_told(question)}"


def _batch(
    puts: Sequence[Put], dials: Mapping[str, ConnectQuestion], file: str | None, bundle: Bundle
) -> Batch:
    questions = tuple(put.question for put in puts)
    names = {each.name for each in questions if isinstance(each, DnsQuestion)}
    then = {name: dial for name, dial in dials.items() if name in names}
    dialling = max((dial.timeout for dial in then.values()), default=0.0)
    return Batch(
        questions=questions,
        then_dial=then,
        trust=None if file is None else bundle(file),
        credentials=next((put.credentials for put in puts if put.credentials), None),
        deadline=max(map(longest, questions)) + dialling + _SLACK_S,
    )


def _ca_file(question: Question, dials: Mapping[str, ConnectQuestion]) -> str | None:
    if isinstance(question, DnsQuestion):
        # Not its own, but that of what is dialled after it.
        return next((dial.ca_file for dial in dials.values()), None)
    return question.ca_file


def _foreseen(question: Question, batch: Batch) -> bool:
    if not isinstance(question, ConnectQuestion):
        return False
    template = batch.then_dial.get(question.server_name or "")
    return template is not None and replace(template, address=question.address) == question


def _fits(question: Question, answer: Answer) -> bool:
    match question, answer:
        case DnsQuestion(), DnsAnswer():
            return (question.name, question.resolver) == (answer.name, answer.resolver)
        case ConnectQuestion(), ConnectAnswer():
            asked = (question.address, question.port, question.server_name)
            return asked == (answer.address, answer.port, answer.server_name)
        case PullQuestion(), PullAnswer():
            return question.image == answer.image
        case LogQuestion(), LogAnswer():
            return (question.group, question.stream) == (answer.group, answer.stream)
        case SecretQuestion(), SecretAnswer():
            return question.reference == answer.reference
        case AgentQuestion(), AgentAnswer():
            return question.instance == answer.instance
    return False


def _has_addresses(answer: DnsAnswer) -> bool:
    """Return whether claims can judge what ``answer`` says it found."""
    try:
        found = [ipaddress.ip_address(each) for each in answer.addresses]
    except ValueError:
        return False
    return bool(found) or answer.status is not DnsStatus.ANSWERED


def _told(question: Question) -> str:
    match question:
        case DnsQuestion():
            return f"dns {question.name}"
        case ConnectQuestion():
            return f"connect {question.address}"
        case AgentQuestion():
            return f"agent {question.instance}"
    return name_of(question)

"""How a host is asked and how it answers: by the place of a question in its batch. Travels."""

from dataclasses import dataclass, replace

from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    Question,
)
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.kinds import ANSWERS, name_of
from pytest_ecs_privatelink.vantage.parcels import ParcelError


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What the program is sent with: ``most`` is how many characters it may print (None: any).

    ``metadata`` is where the instance's own credentials come from; ``in_task``: its own are the
    task's, where it has a role. With ``line`` the parcel comes in lines of so many characters.
    """

    batch: Batch
    most: int | None = None
    metadata: str = INSTANCE_ENDPOINT
    in_task: bool = False
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What the program brings back. Numbers are places in the batch; ``dialled`` was not in it."""

    answers: tuple[tuple[int, Answer], ...]
    missing: tuple[tuple[int, str], ...] = ()
    dialled: tuple[tuple[ConnectQuestion, ConnectAnswer], ...] = ()
    undialled: tuple[tuple[ConnectQuestion, str], ...] = ()
    python: str = ""


def pair_up(batch: Batch, returned: Returned) -> Brought:
    """Put the questions of ``batch`` beside their answers; raise `ParcelError` if they do not fit.

    Each question of the batch has an answer or is missing, and only what may be dialled was.
    """
    pairs: list[tuple[Question, Answer]] = []
    missing: list[tuple[Question, str]] = []
    left = {place: question for question, place in places(batch).items()}
    for place, answer in returned.answers:
        question = left.pop(place, None)
        if question is None or not isinstance(answer, ANSWERS[name_of(question)]):
            raise ParcelError("the host answered something that it was not asked")
        pairs.append((question, answer))
    for place, reason in returned.missing:
        if place in left:
            missing.append((left.pop(place), reason))
    missing += [(question, "the host said nothing of it") for question in left.values()]
    for dialled in (*returned.dialled, *returned.undialled):
        if not _may_dial(batch, dialled[0]):
            raise ParcelError("the host dialled something that it was not asked to")
    return Brought(
        pairs=(*pairs, *returned.dialled),
        missing=(*missing, *returned.undialled),
        python=returned.python,
    )


def places(batch: Batch) -> dict[Question, int]:
    """Return the place of each question, once."""
    return {question: place for place, question in enumerate(batch.questions)}


def _may_dial(batch: Batch, question: ConnectQuestion) -> bool:
    return any(
        replace(asked, address=question.address) == question for asked in batch.then_dial.values()
    )

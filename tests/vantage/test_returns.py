"""What a host returns is put beside what it was asked, and nothing else is taken from it."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import records

from pytest_ecs_privatelink.probes.call_records import SecretQuestion
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
)
from pytest_ecs_privatelink.records import from_json, to_json
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.kinds import ANSWERS, QUESTIONS
from pytest_ecs_privatelink.vantage.parcels import ParcelError, pack
from pytest_ecs_privatelink.vantage.program import read
from pytest_ecs_privatelink.vantage.returns import Errand, Returned

NAME = DnsQuestion(name="a.example")
DIAL = ConnectQuestion(address="a.example", server_name="a.example")
BATCH = Batch(questions=(NAME, DIAL), then_dial={"a.example": DIAL})
FOUND = DnsAnswer(name="a.example", resolver=None, status=DnsStatus.EMPTY)
OPEN = ConnectAnswer(
    address="10.0.0.1", port=443, server_name="a.example", status=ConnectStatus.OPEN, phase="tls"
)
THERE = replace(DIAL, address="10.0.0.1")


def brought(returned: object, batch: Batch = BATCH) -> object:
    """Return what is read of a host that returned so."""
    return read(pack(returned), batch)


def test_answers_come_beside_their_questions() -> None:
    """Places become questions again, and what was dialled after them stands behind."""
    returned = Returned(
        answers=((0, FOUND),), missing=((1, "late"),), dialled=((THERE, OPEN),), python="3.9.18"
    )

    assert brought(returned) == Brought(
        pairs=((NAME, FOUND), (THERE, OPEN)), missing=((DIAL, "late"),), python="3.9.18"
    )


@pytest.mark.parametrize(
    "lie",
    [{"duration_ms": float("nan")}, {"duration_ms": float("inf")}, {"detail": "half: \ud83d"}],
    ids=["no number", "endless", "half a character"],
)
def test_what_no_report_can_hold_is_no_answer(lie: dict[str, object]) -> None:
    """JSON may hold what other JSON and terminals may not: a host cannot break others' reports."""
    with pytest.raises(ParcelError) as raised:
        brought({"answers": [[0, to_json(FOUND) | lie]]})

    assert str(raised.value) == "the answer holds numbers or characters that are none"


def test_what_a_host_is_silent_about_is_missing() -> None:
    """No question gets lost: one without any word has that for its reason."""
    found = brought(Returned(answers=((0, FOUND),), undialled=((THERE, "late"),)))

    assert isinstance(found, Brought)
    assert found.missing == ((DIAL, "the host said nothing of it"), (THERE, "late"))


def test_a_question_that_was_put_twice_is_answered_once() -> None:
    """One answer serves for equal questions."""
    batch = Batch(questions=(NAME, NAME))

    found = brought(Returned(answers=((1, FOUND),)), batch)

    assert found == Brought(pairs=((NAME, FOUND),))


@pytest.mark.parametrize(
    ("returned", "why"),
    [
        (Returned(answers=((7, FOUND),)), "the host answered something that it was not asked"),
        (
            Returned(answers=((0, FOUND), (0, FOUND))),
            "the host answered something that it was not asked",
        ),
        (Returned(answers=((0, OPEN),)), "the host answered something that it was not asked"),
        (
            Returned(answers=(), dialled=((replace(THERE, port=22), OPEN),)),
            "the host dialled something that it was not asked to",
        ),
        (
            Returned(answers=(), undialled=((replace(THERE, server_name=None), "late"),)),
            "the host dialled something that it was not asked to",
        ),
        (["a", "list"], "the answer is none that this version knows: $: dict expected, list found"),
        (
            {"answers": [[0, {"status": "open"}]]},
            "the answer is none that this version knows: $.answers[0][1]: field 'name' is missing",
        ),
    ],
)
def test_a_host_that_lies_is_not_believed(returned: object, why: str) -> None:
    """Answers to what nobody asked, of another kind or shape: one line, and nothing is taken."""
    with pytest.raises(ParcelError) as refused:
        brought(returned)

    assert str(refused.value) == why


def _kinds(kinds: dict[str, type]) -> st.SearchStrategy[object]:
    """Return a strategy for any record of ``kinds``."""
    floats = {name: st.floats(0, 1e6) for name in ("timeout", "ms", "duration_ms", "patience")}
    pools = {**floats, "delivered_ms": st.none() | st.floats(0, 1e6)}
    return st.one_of(*(records(kind, pools) for kind in kinds.values()))


@given(questions=st.lists(_kinds(QUESTIONS), max_size=4))
def test_every_question_travels(questions: list[DnsQuestion]) -> None:
    """Each kind of question is told from the others by its fields, and comes through whole."""
    errand = Errand(batch=Batch(questions=tuple(questions)), most=24_000)

    assert from_json(Errand, json.loads(json.dumps(to_json(errand)))) == errand


@given(answers=st.lists(_kinds(ANSWERS), max_size=4))
def test_every_answer_travels(answers: list[DnsAnswer]) -> None:
    """Each kind of answer is told from the others by its fields, and comes through whole."""
    returned = Returned(answers=tuple(enumerate(answers)))

    assert from_json(Returned, json.loads(json.dumps(to_json(returned)))) == returned


def test_keys_do_not_show() -> None:
    """A batch that is printed tells no secret."""
    batch = Batch(
        questions=(
            SecretQuestion(host="h", region="r", service="ssm", reference="x", key="tell-no-one"),
        )
    )

    assert "tell-no-one" not in repr(Errand(batch=batch))

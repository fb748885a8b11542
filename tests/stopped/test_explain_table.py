"""Every text of the table is known, and comes down to what the table says."""

import pytest
from stop_texts import STOP_TEXTS
from stop_told import StopText, filled, told_of

from pytest_ecs_privatelink.stopped.explain import explain_text


@pytest.mark.parametrize("row", STOP_TEXTS, ids=lambda row: row.number)
def test_each_text_comes_down_to_its_row(row: StopText) -> None:
    """Phase, endpoint service, code and refusal are those of the table; the text stays whole."""
    text = filled(row.text)

    found = explain_text(text)

    assert told_of(found) == row.told
    assert found.known
    assert found.text == text
    assert found.sentence
    assert found.advice
    assert "\n" not in found.sentence + found.advice


def test_the_table_is_whole() -> None:
    """All 36 numbers are there."""
    numbers = {int(row.number.rstrip("b")) for row in STOP_TEXTS}

    assert numbers == set(range(1, 37))

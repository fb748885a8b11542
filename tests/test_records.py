"""Records cross processes and files as JSON: exactly, or not at all."""

import json
from dataclasses import dataclass, field
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.records import RecordError, from_json, to_json


class Colour(StrEnum):
    """A vocabulary."""

    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A nested record."""

    name: str
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class Tree:
    """Every kind of field that records may have."""

    count: int
    colour: Colour
    leaves: tuple[Leaf, ...] = ()
    pair: tuple[str, int] = ("", 0)
    tall: bool = False
    notes: dict[str, int] = field(default_factory=dict)
    either: Leaf | int | None = None


leaves = st.builds(Leaf, st.text(), st.none() | st.floats(allow_nan=False, allow_infinity=False))
trees = st.builds(
    Tree,
    count=st.integers(),
    colour=st.sampled_from(Colour),
    leaves=st.lists(leaves).map(tuple),
    pair=st.tuples(st.text(), st.integers()),
    tall=st.booleans(),
    notes=st.dictionaries(st.text(), st.integers()),
    either=st.none() | st.integers() | leaves,
)


@given(trees)
def test_records_round_trip_exactly(tree: Tree) -> None:
    """What goes to JSON text and comes back is equal in every field."""
    assert from_json(Tree, json.loads(json.dumps(to_json(tree)))) == tree


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "$: dict expected, list found"),
        ({"count": 1}, "$: field 'colour' is missing"),
        ({"count": 1, "colour": "red", "x": 1}, "$: unknown field 'x'"),
        ({"count": "1", "colour": "red"}, "$.count: int expected, str found"),
        ({"count": True, "colour": "red"}, "$.count: int expected, bool found"),
        ({"count": 1, "colour": "blue"}, "$.colour: 'blue' is not a valid Colour"),
        (
            {"count": 1, "colour": "red", "leaves": [{"name": "a"}, {"name": None}]},
            "$.leaves[1].name: str expected, NoneType found",
        ),
        ({"count": 1, "colour": "red", "pair": ["a"]}, "$.pair: 2 items expected, 1 found"),
        (
            {"count": 1, "colour": "red", "notes": {"a": "b"}},
            "$.notes.a: int expected, str found",
        ),
    ],
)
def test_what_does_not_fit_is_refused_with_its_path(value: object, message: str) -> None:
    """A value of the wrong shape is named by its path, never coerced."""
    with pytest.raises(RecordError) as refused:
        from_json(Tree, value)
    assert str(refused.value) == message


def test_whole_numbers_serve_as_floats() -> None:
    """JSON writers may drop a trailing ``.0``: that is the one conversion made."""
    assert from_json(Leaf, {"name": "a", "weight": 2}) == Leaf("a", 2.0)


def test_numbers_beyond_a_float_are_refused() -> None:
    """A whole number that no float can hold is an error with its path, not a crash."""
    with pytest.raises(RecordError, match=r"^\$\.weight: "):
        from_json(Leaf, {"name": "a", "weight": 10**400})

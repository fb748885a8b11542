"""Checks survive the way over user properties exactly."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.reporting.properties import from_properties, to_properties
from pytest_ecs_privatelink.verdict import Basis, Check, Claim, Code, LaunchType, Verdict

OPTIONAL = st.none() | st.text()
CHECKS = st.builds(
    Check,
    id=st.text(),
    claim=st.sampled_from(Claim),
    subnet=OPTIONAL,
    service=OPTIONAL,
    subject=OPTIONAL,
    launch_types=st.lists(st.sampled_from(LaunchType), unique=True).map(tuple),
    vantage=OPTIONAL,
    verdict=st.sampled_from(Verdict),
    basis=st.sampled_from(Basis),
    code=st.none() | st.sampled_from(Code),
    phase=OPTIONAL,
    expected=st.text(),
    observed=st.text(),
    reason=OPTIONAL,
    duration_ms=st.floats(0, allow_infinity=False),
)
FOREIGN = st.lists(
    st.tuples(
        st.sampled_from(["x", "ecs_id", "ecs_privatelink_cluster", "ecs_privatelink_"]), st.text()
    ),
    max_size=3,
)


@given(st.lists(CHECKS), FOREIGN)
def test_round_trip(checks: list[Check], foreign: list[tuple[str, str]]) -> None:
    """Any number of checks comes back as it was, whatever others recorded, JSON between."""
    properties = [
        *foreign,
        *(pair for check in checks for pair in (*to_properties(check), *foreign)),
    ]
    assert all(type(text) is str for _, text in properties)
    assert from_properties(properties) == checks
    assert from_properties(json.loads(json.dumps(properties))) == checks


@pytest.mark.parametrize(
    "foreign",
    [
        [("ecs_id", "task-1"), ("ecs_code", "x")],
        [("ecs_privatelink_claim", "stray"), ("answer", 42), ("ecs_privatelink_id", 7)],
        [("ecs_privatelink_id", "x"), ("ecs_privatelink_claim", "audit")],
        [("ecs_privatelink_id", "x"), ("ecs_privatelink_duration_ms", "soon")],
    ],
)
def test_values_of_others_are_passed_over(foreign: list[tuple[str, object]]) -> None:
    """A user's own property never breaks a run, even where it looks like a piece of a check."""
    assert from_properties(foreign) == []

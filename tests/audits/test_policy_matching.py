"""IAM's wildcards, on texts and on patterns that stand for texts."""

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.audits.policies.document import Patterns
from pytest_ecs_privatelink.audits.policies.matching import (
    action_matches,
    matches,
    resource_matches,
)
from pytest_ecs_privatelink.audits.policies.truth import Truth

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
REPOSITORIES = "arn:aws:ecr:us-east-1:111111111111:repository/*"


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", REPOSITORIES, T),
        ("arn:aws:ecr:*:*:repository/*", REPOSITORIES, T),
        (REPOSITORIES, REPOSITORIES, T),
        ("arn:aws:ecr:us-east-1:111111111111:repository/app", REPOSITORIES, U),
        ("arn:aws:ecr:us-east-1:222222222222:repository/*", REPOSITORIES, F),
        ("arn:aws:ecr:eu-west-1:*:repository/*", REPOSITORIES, F),
        ("arn:aws:ecr:us-east-1:111111111111:repository/a?p", "arn:x", F),
        ("arn:aws:s3:::b/*", "arn:aws:s3:::b/key/of/it", T),
        ("arn:aws:s3:::b", "arn:aws:s3:::B", F),
        ("", "", T),
        ("a?", "a", F),
    ],
)
def test_what_a_pattern_says_of_a_text(pattern: str, text: str, expected: Truth) -> None:
    """Yes, no, or of some of what the text stands for."""
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("user-${aws:username}", "user-x", U),
        ("user-${aws:username}", "role-x", F),
        ("a${*}", "a*", U),
        ("a${*}", "ab", F),
        ("a${$}b", "a$b", T),
        ("a${", "a${", T),
    ],
)
def test_a_policy_variable_is_a_text_nobody_knows(pattern: str, text: str, expected: Truth) -> None:
    """Where even any text does not help, it is no match; the escapes stand for themselves."""
    assert matches(pattern, text, variables=True) is expected
    assert matches("${aws:username}", "${aws:username}") is T


@pytest.mark.parametrize(
    ("texts", "inverted", "expected"),
    [
        (("ECR:batchgetimage",), False, T),
        (("ecr:Batch*", "s3:*"), False, T),
        (("ecr:Put*",), False, F),
        (("ecr:Put*",), True, T),
        (("*",), True, F),
        ((), False, F),
    ],
)
def test_actions_know_no_case(texts: tuple[str, ...], inverted: bool, expected: Truth) -> None:
    """NotAction is about every action but its own."""
    assert action_matches(Patterns(texts, inverted), "ecr:BatchGetImage") is expected


def test_not_resource_is_unknown_where_resource_is() -> None:
    """What may or may not be among them may or may not be spared."""
    some = Patterns((REPOSITORIES.replace("*", "app"),), inverted=True)
    assert resource_matches(some, REPOSITORIES, variables=False) is U


PATTERNS = st.text("ab*?", max_size=3)
WORDS = tuple(
    "".join(letters) for size in range(7) for letters in itertools.product("ab", repeat=size)
)


def stands_for(pattern: str) -> frozenset[str]:
    """Return the words that a regular expression of the same meaning matches."""
    expression = "".join({"*": ".*", "?": "."}.get(each, each) for each in pattern)
    return frozenset(word for word in WORDS if re.fullmatch(expression, word))


@given(PATTERNS, PATTERNS)
def test_patterns_agree_with_all_short_words(pattern: str, text: str) -> None:
    """False where they share no word, true only where all of the text's words match."""
    left, right = stands_for(pattern), stands_for(text)
    said = matches(pattern, text)
    assert (said is F) == (not left & right)
    assert said is not T or right <= left
    if not set(text) & {"*", "?"}:
        assert said is (T if right <= left else F)

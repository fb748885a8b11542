"""Policy documents are read tolerantly: what is not understood says why, and nothing raises."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_texts import allow, policy, role_allows, when

from pytest_ecs_privatelink.audits.policies.document import (
    Condition,
    Document,
    Effect,
    Patterns,
    Principals,
    Statement,
    Unreadable,
    parse,
)

PLAIN = Statement(
    label="1",
    effect=Effect.ALLOW,
    principals=Principals(("*",)),
    actions=Patterns(("*",)),
    resources=Patterns(("*",)),
)


def test_a_single_statement_may_stand_without_a_list() -> None:
    """Statement is one object or a list of them; both are the same."""
    alone = json.dumps({"Statement": allow("*")})
    assert parse(alone) == Document(statements=(PLAIN,), variables=False)
    assert parse(policy(allow("*"))) == Document(statements=(PLAIN,), variables=True)


@pytest.mark.parametrize(
    ("principal", "read"),
    [
        ({"Principal": "*"}, Principals(("*",))),
        ({"Principal": {"AWS": "*"}}, Principals(("*",))),
        ({"Principal": {"AWS": ["111111111111", "*"]}}, Principals(("111111111111", "*"))),
        ({"Principal": {"Service": "x.amazonaws.com"}}, Principals((), others=True)),
        ({"NotPrincipal": {"AWS": "1"}}, Principals(("1",), inverted=True)),
    ],
)
def test_principals_have_several_spellings(principal: dict[str, Any], read: Principals) -> None:
    """A star, kinds with one or several, and the inverted form."""
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", **principal}
    document = parse(policy(statement))
    assert isinstance(document, Document)
    assert document.statements[0].principals == read


def test_everything_else_of_a_statement_is_kept() -> None:
    """Sid, inverted forms, conditions with one value or several, and values that are no texts."""
    document = parse(
        policy(
            {
                "Sid": "Mine",
                "Effect": "Deny",
                "Principal": "*",
                "NotAction": ["a:B", "c:D"],
                "NotResource": "arn:x",
                "Condition": {"Bool": {"k": True}, "NumericLessThan": {"n": 3}},
            }
        )
    )
    assert isinstance(document, Document)
    assert document.statements == (
        Statement(
            label="'Mine'",
            effect=Effect.DENY,
            principals=Principals(("*",)),
            actions=Patterns(("a:B", "c:D"), inverted=True),
            resources=Patterns(("arn:x",), inverted=True),
            conditions=(
                Condition("Bool", "k", ("true",)),
                Condition("NumericLessThan", "n", ("3",)),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is no JSON"),
        ("{", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "it is no JSON object"),
        ("{ }", "it has no Statement"),
        (
            policy(version="2030-01-01"),
            "its version '2030-01-01' is none of 2008-10-17, 2012-10-17",
        ),
        ('{"Version": [], "Statement": []}', "its version [] is none of 2008-10-17, 2012-10-17"),
        ('{"Statement": [1]}', "its statement 1 is no object"),
        (policy(allow("*", Actions="x")), "its statement 1 has an unknown element 'Actions'"),
        (
            policy(allow("*"), allow("*", Effect="allow")),
            "its statement 2 has no Effect of Allow or Deny",
        ),
        (policy(allow("*", Effect=[])), "its statement 1 has no Effect of Allow or Deny"),
        (policy(role_allows("*")), "its statement 1 has no Principal"),
        (
            policy(allow("*", Principal="me")),
            "Principal of its statement 1 is neither * nor an object",
        ),
        (policy(allow("*", NotAction="x")), "its statement 1 has both Action and NotAction"),
        (
            policy({"Effect": "Allow", "Principal": "*", "Action": "*"}),
            "its statement 1 has neither Resource nor NotResource",
        ),
        (policy(allow([1])), "Action of its statement 1 holds what is no text"),
        (policy(allow("*", Condition=[])), "Condition of its statement 1 is no object of objects"),
        (
            policy(allow("*", Condition=when("Bool", "k", None))),
            "Condition of its statement 1 holds what is no text",
        ),
    ],
)
def test_what_is_not_understood_says_why(text: str, reason: str) -> None:
    """Each reason is a clause about the policy."""
    assert parse(text) == Unreadable(reason)


def test_policies_of_roles_name_no_principal() -> None:
    """They are about the role itself; a Principal there is somebody's mistake."""
    assert isinstance(parse(policy(role_allows("*")), identity=True), Document)
    assert parse(policy(allow("*")), identity=True) == Unreadable("its statement 1 has a Principal")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Effect", "Principal", "Action", "Resource", "Condition", "AWS", "x"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@given(JSON, st.booleans())
def test_nothing_raises(value: object, identity: bool) -> None:
    """Whatever stands where statements belong is a document, or has a reason."""
    text = json.dumps({"Version": "2012-10-17", "Statement": value})
    assert isinstance(parse(text, identity=identity), Document | Unreadable)
    assert isinstance(parse(json.dumps(value)), Document | Unreadable)

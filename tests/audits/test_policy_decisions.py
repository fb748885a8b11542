"""What policies say to one request: deny first, nothing by default, unknown where keys decide."""

import itertools
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_texts import allow, deny, policy, when

from pytest_ecs_privatelink.audits.policies.conditions import Foreign
from pytest_ecs_privatelink.audits.policies.document import (
    Condition,
    Document,
    Effect,
    Patterns,
    Principals,
    Statement,
    parse,
)
from pytest_ecs_privatelink.audits.policies.evaluate import Decision, Outcome, Request, decide

ALLOWED, DENIED, UNKNOWN = Outcome.ALLOWED, Outcome.DENIED, Outcome.UNKNOWN
OWNER = "111111111111"
ROLE = f"arn:aws:iam::{OWNER}:role/path/run"
ASKED = Request(
    action="logs:PutLogEvents",
    resource="arn:aws:logs:r:1:log-group:g:log-stream:*",
    keys={"aws:sourcevpce": ("vpce-1",)},
    account=OWNER,
)
TAGGED = {"Condition": when("StringEquals", "aws:PrincipalTag/t", "x")}
HERE = {"Condition": when("StringEquals", "aws:SourceVpce", "vpce-1")}
ELSEWHERE = {"Condition": when("StringNotEquals", "aws:sourceVpce", "vpce-1")}


def said(text: str, request: Request = ASKED) -> Decision:
    """Return what one policy says."""
    document = parse(text)
    assert isinstance(document, Document)
    return decide((document,), request)


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        (policy(), Decision(DENIED)),
        (policy(allow("*")), Decision(ALLOWED)),
        (policy(allow("s3:*")), Decision(DENIED)),
        (policy(deny("s3:*")), Decision(DENIED)),
        (policy(allow("*"), deny("s3:*")), Decision(ALLOWED)),
        (policy(allow("*"), deny("logs:Put*", Sid="No")), Decision(DENIED, by="'No'")),
        (policy(allow("*"), deny("logs:*")), Decision(DENIED, by="2")),
        (policy(allow("*"), deny("*", **ELSEWHERE)), Decision(ALLOWED)),
        (policy(allow("*", **HERE)), Decision(ALLOWED)),
        (policy(allow("*", **ELSEWHERE)), Decision(DENIED, missed=("aws:sourceVpce",))),
        (policy(allow("*", **TAGGED)), Decision(UNKNOWN, open=("aws:PrincipalTag/t",))),
        (policy(allow("*", **TAGGED), allow("logs:*")), Decision(ALLOWED)),
        (policy(deny("*", **TAGGED)), Decision(DENIED)),
        (
            policy(allow("*"), deny("*", **TAGGED)),
            Decision(UNKNOWN, open=("aws:PrincipalTag/t",)),
        ),
        (policy(allow("*"), deny("*", **TAGGED), deny("*")), Decision(DENIED, by="3")),
        (
            policy(allow("*", ASKED.resource.replace("*", "s1"))),
            Decision(UNKNOWN, open=("the Resource",)),
        ),
    ],
)
def test_deny_comes_first_and_nothing_is_allowed_by_default(text: str, decision: Decision) -> None:
    """A certain deny wins, a possible one makes unknown, and so does a possible allow."""
    assert said(text) == decision


@pytest.mark.parametrize(
    ("principal", "unknown_role", "known_role", "foreign"),
    [
        ("*", ALLOWED, ALLOWED, ALLOWED),
        ({"AWS": ROLE}, UNKNOWN, ALLOWED, DENIED),
        ({"AWS": OWNER}, ALLOWED, ALLOWED, DENIED),
        ({"AWS": f"arn:aws:iam::{OWNER}:root"}, ALLOWED, ALLOWED, DENIED),
        ({"AWS": "222222222222"}, UNKNOWN, DENIED, DENIED),
        ({"AWS": f"arn:aws:iam::{OWNER}:role/other"}, UNKNOWN, DENIED, DENIED),
        ({"AWS": f"arn:aws:sts::{OWNER}:assumed-role/run/x"}, UNKNOWN, UNKNOWN, DENIED),
        ({"AWS": f"arn:aws:sts::{OWNER}:assumed-role/other/x"}, UNKNOWN, DENIED, DENIED),
        ({"AWS": "AROAEXAMPLE"}, UNKNOWN, UNKNOWN, DENIED),
        ({"Service": "ecs.amazonaws.com"}, DENIED, DENIED, DENIED),
    ],
)
def test_whom_a_statement_means(
    principal: object, unknown_role: Outcome, known_role: Outcome, foreign: Outcome
) -> None:
    """An account is everybody in it; a session or an id may be the role's own."""
    text = policy(allow("*", Principal=principal))
    for who, outcome in ((None, unknown_role), (ROLE, known_role)):
        request = Request(action="a:B", resource="*", principal=who, account=OWNER)
        assert said(text, request).outcome is outcome
    stranger = Request(action="a:B", resource="*", principal=Foreign(OWNER))
    assert said(text, stranger).outcome is foreign


def test_not_principal_spares_those_it_names() -> None:
    """A deny for everybody else does not hit the role."""
    spared = {"Effect": "Deny", "NotPrincipal": {"AWS": ROLE}, "Action": "*", "Resource": "*"}
    text = policy(allow("*"), spared)
    for who, outcome in ((ROLE, ALLOWED), (f"{ROLE}2", DENIED), (None, UNKNOWN)):
        request = Request(action="a:B", resource="*", principal=who, account=OWNER)
        assert said(text, request).outcome is outcome


def test_policies_of_one_role_count_together() -> None:
    """One allows, another denies: denied; where one is silent the other decides."""
    documents = [parse(text) for text in (policy(allow("*")), policy(deny("logs:*")), policy())]
    read = tuple(each for each in documents if isinstance(each, Document))
    assert decide(read[:2], ASKED) == Decision(DENIED, by="1")
    assert decide(read[::2], ASKED) == Decision(ALLOWED)


OPERATORS = ("StringEquals", "StringNotEquals", "StringEqualsIfExists", "StringNotEqualsIfExists")
CONDITIONS = st.builds(
    Condition,
    st.sampled_from(OPERATORS),
    st.sampled_from(("known", "hidden", "secret")),
    st.lists(st.sampled_from("xy"), min_size=1, max_size=2).map(tuple),
) | st.builds(
    Condition,
    st.just("Null"),
    st.sampled_from(("known", "hidden")),
    st.sampled_from((("true",), ("false",))),
)
ELEMENTS = st.builds(
    Patterns,
    st.lists(st.sampled_from(("a", "b", "*", "?", "a*")), max_size=2).map(tuple),
    st.booleans(),
)
STATEMENTS = st.builds(
    Statement,
    label=st.just("1"),
    effect=st.sampled_from(Effect),
    principals=st.just(Principals(("*",))),
    actions=ELEMENTS,
    resources=ELEMENTS,
    conditions=st.lists(CONDITIONS, max_size=2).map(tuple),
)
World = Mapping[str, str | None]
WORLDS: tuple[World, ...] = tuple(
    {"known": "x", "hidden": hidden, "secret": secret}
    for hidden, secret in itertools.product((None, "x", "y"), repeat=2)
)


def meets(condition: Condition, world: World) -> bool:
    """Judge a condition where everything is known, as the table of IAM's operators says."""
    value = world[condition.key]
    if condition.operator == "Null":
        return (value is None) == (condition.values == ("true",))
    if value is None:
        return condition.operator != "StringEquals"
    return (value in condition.values) != ("Not" in condition.operator)


def hit(patterns: Patterns) -> bool:
    """Judge an element for the text ``a``."""
    return any(text in ("a", "*", "?", "a*") for text in patterns.texts) != patterns.inverted


def permits(statements: Iterable[Statement], world: World) -> bool:
    """Judge a policy where everything is known."""
    effects = {
        each.effect
        for each in statements
        if hit(each.actions)
        and hit(each.resources)
        and all(meets(condition, world) for condition in each.conditions)
    }
    return effects == {Effect.ALLOW}


@given(st.lists(STATEMENTS, max_size=3))
def test_what_is_said_holds_in_every_world(statements: list[Statement]) -> None:
    """Allowed and denied are so whatever the hidden keys are; where that differs it is unknown."""
    document = Document(statements=tuple(statements), variables=True)
    request = Request(action="a", resource="a", keys={"known": ("x",)})

    outcome = decide((document,), request).outcome

    worlds = {permits(statements, world) for world in WORLDS}
    assert outcome is not ALLOWED or worlds == {True}
    assert outcome is not DENIED or worlds == {False}
    if all(c.key == "known" for each in statements for c in each.conditions):
        assert outcome is (ALLOWED if worlds == {True} else DENIED)

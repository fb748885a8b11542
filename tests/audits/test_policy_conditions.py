"""Conditions in three values: known, absent, foreign and unknown keys under every operator."""

import pytest

from pytest_ecs_privatelink.audits.policies.conditions import Foreign, Keys, holds
from pytest_ecs_privatelink.audits.policies.document import Condition
from pytest_ecs_privatelink.audits.policies.truth import Truth, all_of, any_of, inverse

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
OWNER = "111111111111"
ROLE = f"arn:aws:iam::{OWNER}:role/run"
KEYS: Keys = {
    "aws:sourcevpce": ("vpce-1",),
    "aws:principalarn": (ROLE,),
    "aws:securetransport": ("true",),
    "aws:vpcsourceip": ("10.0.1.9",),
    "aws:tagkeys": ("a", "b"),
    "aws:none": (),
    "aws:principalorgid": (Foreign(OWNER),),
}


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "aws:sourceVpce", ("vpce-1", "vpce-2"), T),
        ("StringEquals", "aws:SourceVpce", ("vpce-2",), F),
        ("StringEquals", "aws:SourceVpce", ("VPCE-1",), F),
        ("StringEqualsIgnoreCase", "aws:SourceVpce", ("VPCE-1",), T),
        ("StringNotEquals", "aws:SourceVpce", ("vpce-1", "vpce-2"), F),
        ("StringNotEquals", "aws:SourceVpce", ("vpce-2",), T),
        ("StringNotEqualsIgnoreCase", "aws:SourceVpce", ("VPCE-1",), F),
        ("StringLike", "aws:SourceVpce", ("vpce-?",), T),
        ("StringEquals", "aws:SourceVpce", ("vpce-?",), F),
        ("StringNotLike", "aws:SourceVpce", ("vpce-*",), F),
        ("StringLike", "aws:SourceVpce", ("${aws:PrincipalTag/e}",), U),
        ("StringEquals", "aws:SourceVpce", ("${aws:PrincipalTag/e}",), U),
        ("ArnLike", "aws:PrincipalArn", (f"arn:aws:iam::{OWNER}:role/*",), T),
        ("ArnEquals", "aws:PrincipalArn", ("arn:aws:iam::*:role/r*",), T),
        ("ArnLike", "aws:PrincipalArn", ("arn:*",), F),
        ("ArnNotLike", "aws:PrincipalArn", (ROLE,), F),
        ("Bool", "aws:SecureTransport", ("TRUE",), T),
        ("Bool", "aws:SecureTransport", ("false",), F),
        ("IpAddress", "aws:VpcSourceIp", ("10.0.0.0/16",), T),
        ("IpAddress", "aws:VpcSourceIp", ("10.1.0.0/16",), F),
        ("NotIpAddress", "aws:VpcSourceIp", ("10.0.0.0/16",), F),
        ("IpAddress", "aws:VpcSourceIp", ("everywhere",), U),
        ("NumericLessThan", "aws:SourceVpce", ("3",), U),
        ("DateGreaterThan", "aws:SourceVpce", ("2020-01-01",), U),
        ("StringMatches", "aws:SourceVpce", ("vpce-1",), U),
        ("ForSomeValue:StringEquals", "aws:SourceVpce", ("vpce-1",), U),
        ("StringEquals", "aws:PrincipalTag/team", ("x",), U),
        ("Null", "aws:PrincipalTag/team", ("true",), U),
        ("Null", "aws:SourceVpce", ("true",), F),
        ("Null", "aws:SourceVpce", ("false",), T),
        ("Null", "aws:None", ("true",), T),
        ("Null", "aws:None", ("maybe",), U),
        ("StringEquals", "aws:None", ("x",), F),
        ("StringEqualsIfExists", "aws:None", ("x",), T),
        ("StringEqualsIfExists", "aws:SourceVpce", ("x",), F),
        ("StringNotEquals", "aws:None", ("x",), T),
        ("ForAnyValue:StringEquals", "aws:None", ("x",), F),
        ("ForAllValues:StringEquals", "aws:None", ("x",), T),
        ("ForAnyValue:StringNotEquals", "aws:None", ("x",), F),
        ("ForAnyValue:StringEquals", "aws:TagKeys", ("b",), T),
        ("ForAllValues:StringEquals", "aws:TagKeys", ("b",), F),
        ("ForAllValues:StringLike", "aws:TagKeys", ("?",), T),
        ("ForAnyValue:StringNotEquals", "aws:TagKeys", ("b",), T),
        ("ForAllValues:StringNotEquals", "aws:TagKeys", ("b",), F),
    ],
)
def test_what_each_operator_says(
    operator: str, key: str, values: tuple[str, ...], expected: Truth
) -> None:
    """Keys know no case, values do; what is not known decides nothing."""
    assert holds(Condition(operator, key, values), KEYS, variables=True) is expected


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("StringEquals", "o-mine", F),
        ("StringEqualsIfExists", "o-mine", F),
        ("StringNotEquals", "o-mine", T),
        ("StringNotEqualsIfExists", "o-mine", T),
        ("StringLike", "o-*", U),
        ("StringLike", "*", T),
        ("ForAnyValue:StringLike", "o-mine/r-1/*", F),
        ("StringEquals", OWNER, F),
        ("StringEquals", "222222222222", U),
        ("ArnLike", f"arn:aws:iam::{OWNER}:role/*", F),
        ("ArnLike", "arn:aws:iam::*:role/*", U),
        ("Null", "false", T),
        ("Null", "true", F),
    ],
)
def test_a_foreign_value_is_never_ones_own(operator: str, value: str, expected: Truth) -> None:
    """It exists, is no organization or account of the customer's, and may be any other."""
    assert holds(Condition(operator, "aws:PrincipalOrgID", (value,)), KEYS, variables=True) is (
        expected
    )


def test_variables_are_plain_text_in_the_first_version() -> None:
    """2008-10-17 knows none [IAM User Guide, Version]."""
    condition = Condition("StringEquals", "k", ("${x}",))
    assert holds(condition, {"k": ("${x}",)}, variables=False) is T


def test_three_values() -> None:
    """Unknown gives way only to what settles the matter; nobody may ask it for a bool."""
    assert (any_of((F, U)), any_of((T, U)), any_of(())) == (U, T, F)
    assert (all_of((T, U)), all_of((F, U)), all_of(())) == (U, F, T)
    assert [inverse(each) for each in (T, F, U)] == [F, T, U]
    with pytest.raises(TypeError):
        bool(U)

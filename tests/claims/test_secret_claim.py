"""How ``secret`` is asked, and what an answer for a name that cannot exist is worth."""

from dataclasses import replace

import pytest
from chain_worlds import (
    ERRANDS,
    FARGATE,
    FETCHED,
    PARAMETER,
    RUN,
    SECRET,
    Scripted,
    chain_terms,
    ended,
    proven,
)
from claim_worlds import REGION

from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Denier,
    Hop,
    Link,
    SecretQuestion,
)
from pytest_ecs_privatelink.verdict import Claim, Code, Verdict

FETCH = Claim.SECRET
UNNAMED = chain_terms(errands=replace(ERRANDS, secrets=()))
HOST = "secretsmanager.us-east-1.amazonaws.com"


def test_a_secret_is_fetched_as_its_task_definition_names_it() -> None:
    """The reference goes out as it stands, with a key under which its value is told apart."""
    vantage = Scripted()
    proven(FETCH, vantage)
    (question,) = vantage.calls
    assert isinstance(question, SecretQuestion)
    assert question == SecretQuestion(
        host=HOST,
        region=REGION,
        service="secretsmanager",
        reference=SECRET,
        key=ERRANDS.key,
        timeout=2.0,
        launch_types=(FARGATE,),
    )
    assert len(ERRANDS.key) == 32


def test_a_parameter_is_fetched_at_its_own_service() -> None:
    """The cell at ``ssm`` fetches parameters and nothing else."""
    vantage = Scripted()
    check = proven(FETCH, vantage, service="ssm")
    (question,) = vantage.calls
    assert isinstance(question, SecretQuestion)
    assert (question.service, question.reference) == ("ssm", PARAMETER)
    assert question.host == "ssm.us-east-1.amazonaws.com"
    assert check.id == "secret[private-a-ssm]"


def test_of_a_value_only_its_length_is_told() -> None:
    """Neither the value nor its digest stands in a check."""
    hop = Hop(link=Link.SECRET, host=HOST, address="20.10.1.13", status=200, received=9, ms=1.5)
    check = proven(FETCH, Scripted(call=lambda _: replace(FETCHED, hops=(hop,), digest="d1935t")))
    assert check.observed == (
        f"{SECRET}: fetched, 14 characters, not kept; "
        f"secret {HOST} at 20.10.1.13: 200, 9 bytes in 1.5 ms"
    )
    assert check.expected == f"{SECRET} can be fetched"
    assert "d1935t" not in repr(check)


def test_without_a_name_the_services_own_word_is_asked_for() -> None:
    """A name of the run's own cannot exist: that the service says so proves the path."""
    vantage = Scripted()
    check = proven(FETCH, vantage, UNNAMED)
    (question,) = vantage.calls
    assert isinstance(question, SecretQuestion)
    assert question.reference == f"pytest-ecs-privatelink/{RUN}/none"
    assert question.probing
    assert check.verdict is Verdict.PASSED
    assert check.observed == "no secret is named: the service itself answered"
    assert check.expected == (
        "secretsmanager itself says that a name of the run's own does not exist"
    )


@pytest.mark.parametrize("denier", [Denier.IDENTITY, Denier.UNSAID, None])
def test_without_a_name_a_refusal_is_the_services_word_too(denier: Denier | None) -> None:
    """Nothing else was asked for than an answer of the service."""
    vantage = ended(FETCH, CallStatus.DENIED, Link.SECRET, denied_by=denier)
    assert proven(FETCH, vantage, UNNAMED).verdict is Verdict.PASSED


@pytest.mark.parametrize("denier", [Denier.ENDPOINT_POLICY, Denier.ORGANIZATION])
def test_without_a_name_policies_of_others_prove_nothing(denier: Denier) -> None:
    """They may let tasks' own secrets through, and not this name."""
    vantage = ended(FETCH, CallStatus.DENIED, Link.SECRET, denied_by=denier)
    check = proven(FETCH, vantage, UNNAMED)
    assert (check.verdict, check.code) == (Verdict.SKIPPED, None)
    assert check.reason is not None
    assert check.reason.endswith("; --ecs-secret names one of tasks")


def test_without_a_name_silence_fails_all_the_same() -> None:
    """No answer is no answer, whatever was asked."""
    vantage = ended(FETCH, CallStatus.TIMEOUT, Link.SECRET)
    check = proven(FETCH, vantage, UNNAMED)
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.SECRET_UNREACHABLE)
    assert check.observed == "no secret is named: secret: no answer in phase request"

"""What the options make of a verdict."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from planned_vpc import EVERY_SERVICE, SERVICES, check, planned, vpc

from pytest_ecs_privatelink.plugin.settings import Accepted
from pytest_ecs_privatelink.plugin.settle import settle
from pytest_ecs_privatelink.verdict import Basis, Claim, Code, Verdict

WHOLE = vpc(*SERVICES)
UNLOGGED = vpc("ecr.api", "ecr.dkr", "secretsmanager")


def accepted(code: Code, subject: str | None = None) -> tuple[Accepted, ...]:
    """Return what ``--ecs-ignore`` made of one value."""
    return (Accepted(code=code, subject=subject),)


@pytest.mark.parametrize("verdict", Verdict)
def test_without_options_a_verdict_stays(verdict: Verdict) -> None:
    """Nobody asked for anything: nothing changes."""
    given_check = check(verdict)
    assert settle(given_check, planned(WHOLE)) == given_check


@given(st.sampled_from(Verdict), st.booleans(), st.booleans())
def test_strictness_never_makes_anything_green(
    verdict: Verdict, strict: bool, probed: bool
) -> None:
    """Under strictness and required proof a verdict gets worse or stays, never better."""
    plan = planned(WHOLE, strict=strict, require_probed=probed)
    settled = settle(check(verdict), plan).verdict
    assert settled in (verdict, Verdict.FAILED)
    assert settled is not Verdict.FAILED or verdict in (Verdict.FAILED, Verdict.WARNED)


def test_strict_fails_a_warning_and_keeps_its_words() -> None:
    """Code and observation stay what they were."""
    warned = check(Verdict.WARNED, code=Code.DNS_PUBLIC_ANSWER)
    settled = settle(warned, planned(WHOLE, strict=True))
    assert settled.verdict is Verdict.FAILED
    assert (settled.code, settled.observed) == (warned.code, warned.observed)


@pytest.mark.parametrize("verdict", [Verdict.FAILED, Verdict.WARNED])
@pytest.mark.parametrize("subject", [None, "logs"])
def test_an_accepted_live_code_is_skipped(verdict: Verdict, subject: str | None) -> None:
    """Also a warning under strictness: accepted is accepted."""
    plan = planned(WHOLE, strict=True, ignore=accepted(Code.TCP_TIMEOUT, subject))
    settled = settle(check(verdict, Claim.TCP_443, code=Code.TCP_TIMEOUT), plan)
    assert (settled.verdict, settled.reason) == (Verdict.SKIPPED, "accepted: tcp-timeout")


@pytest.mark.parametrize("verdict", [Verdict.PASSED, Verdict.SKIPPED, Verdict.ERROR])
def test_only_what_is_held_against_something_can_be_accepted(verdict: Verdict) -> None:
    """Nobody can accept away that a cell could not be looked at: that is no finding."""
    given_check = check(verdict, Claim.TCP_443, code=Code.TCP_TIMEOUT)
    assert settle(given_check, planned(WHOLE, ignore=accepted(Code.TCP_TIMEOUT))) == given_check


def test_an_accepted_finding_covers_the_cells_that_it_blocks() -> None:
    """The reason names what was accepted, not how the cell ended."""
    plan = planned(UNLOGGED, ignore=accepted(Code.ENDPOINT_MISSING, "logs"))
    red = check(Verdict.FAILED, code=Code.DNS_PUBLIC_ANSWER)
    assert settle(red, plan).reason == "accepted: endpoint-missing"
    other = check(Verdict.FAILED, service="ecr.api", code=Code.DNS_PUBLIC_ANSWER)
    assert settle(other, plan) == other


def test_a_subject_must_fit() -> None:
    """A code with a subject accepts that subject alone, one without accepts all."""
    settings = planned(WHOLE, ignore=accepted(Code.ENDPOINT_MISSING, "logs")).settings
    assert settings.accepts(Code.ENDPOINT_MISSING, "logs")
    assert not settings.accepts(Code.ENDPOINT_MISSING, "kms")
    assert not settings.accepts(Code.ENDPOINT_NOT_AVAILABLE, "logs")
    anything = planned(WHOLE, ignore=accepted(Code.ENDPOINT_MISSING)).settings
    assert anything.accepts(Code.ENDPOINT_MISSING, "kms")


@pytest.mark.parametrize(
    ("basis", "service", "verdict"),
    [
        (Basis.DERIVED, "logs", Verdict.FAILED),
        (Basis.DERIVED, "kms", Verdict.SKIPPED),
        (Basis.PROBED, "logs", Verdict.SKIPPED),
    ],
    ids=["required", "possible", "spared"],
)
def test_required_proof(basis: Basis, service: str, verdict: Verdict) -> None:
    """What was required and not looked at fails; what another claim's failure spared does not."""
    plan = planned(vpc(*EVERY_SERVICE, "kms"), require_probed=True)
    skipped = check(Verdict.SKIPPED, service=service, basis=basis, reason="no vantage")
    settled = settle(skipped, plan)
    assert settled.verdict is verdict
    if verdict is Verdict.FAILED:
        assert (settled.observed, settled.reason) == ("not probed: no vantage", None)

"""Whether cells that passed overrule a finding that says it blocks them."""

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from planned_vpc import REGION, SERVICES, check, planned, vpc

from pytest_ecs_privatelink.plugin.checking import check_audit
from pytest_ecs_privatelink.plugin.errands import replaced_by
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.plugin.share import Part
from pytest_ecs_privatelink.vantage.broker import NO_SEAMS, Seams
from pytest_ecs_privatelink.verdict import (
    Cell,
    Check,
    Claim,
    Code,
    Finding,
    Remedy,
    Severity,
    Verdict,
)

CODE = Code.ENDPOINT_POLICY_DENIES
IMAGE = f"111111111111.dkr.ecr.{REGION}.amazonaws.com/app:1"
HELD = Finding(
    code=CODE,
    severity=Severity.ERROR,
    subject="vpce-logs",
    summary="it denies",
    expected="a policy that allows",
    observed="none allows",
    remedy=Remedy(),
    reference="https://docs.aws.amazon.com/",
    blocks=(Cell(Claim.AWSLOGS, "subnet-a", "logs"),),
)


class Passing:
    """A link by which every cell that is asked for has passed."""

    def judged(self, cells: Iterable[Cell], seams: Seams) -> tuple[Check, ...]:
        """Return a passed check for each."""
        assert seams is NO_SEAMS
        return tuple(check(Verdict.PASSED, each.claim, each.service) for each in cells)


AGENTS = replace(
    HELD,
    code=Code.AGENT_STALE,
    subject="prod",
    severity=Severity.WARNING,
    blocks=(Cell(Claim.AGENT, "subnet-a", "ecs-agent"),),
)


def audited(finding: Finding) -> Check:
    """Return the check of the finding's code."""
    part = SimpleNamespace(
        plan=replace(planned(vpc(*SERVICES)), findings=(finding,)), link=Passing()
    )
    item: Any = SimpleNamespace(user_properties=[], stash={})
    (told,) = check_audit(cast(pytest.Item, item), cast(Part, part), finding.code, NO_SEAMS)
    return told


def test_what_the_wire_disproves_is_a_warning() -> None:
    """Every cell that it blocks was probed, and passed."""
    told = audited(HELD)

    assert told.verdict is Verdict.WARNED
    assert told.reason == "the wire disagrees: every cell that it blocks passed"


@pytest.mark.parametrize("severity", Severity)
def test_agents_own_words_clear_what_the_api_made_them_look_like(severity: Severity) -> None:
    """They were restarted, or are connected again: no warning is left, nor under --ecs-strict."""
    told = audited(replace(AGENTS, severity=severity))

    assert told.verdict is Verdict.PASSED
    assert told.reason == "the wire disagrees: every cell that it blocks passed"
    unasked = audited(replace(AGENTS, blocks=()))
    assert unasked.verdict is Verdict.WARNED


def test_the_runners_calls_do_not_speak_for_tasks_roles() -> None:
    """A finding about other callers stands, whatever the runner may do."""
    told = audited(replace(HELD, of_others=True))

    assert (told.verdict, told.reason) == (Verdict.FAILED, None)


@pytest.mark.parametrize(
    ("said", "services"),
    [
        ({}, set()),
        ({"images": (IMAGE,)}, {"ecr.dkr"}),
        ({"log_group": "/ecs/web"}, {"logs"}),
        ({"secrets": ("app",)}, {"secretsmanager", "ssm"}),
    ],
)
def test_options_put_other_things_in_the_place_of_what_tasks_name(
    said: dict[str, Any], services: set[str]
) -> None:
    """What is proven of those is not proven of these."""
    assert replaced_by(Settings(**said)) == services

"""How ``awslogs`` is asked, and what a run that may not write makes of it."""

from dataclasses import replace

import pytest
from chain_worlds import (
    DELIVERED,
    EC2,
    ERRANDS,
    FARGATE,
    RUN,
    Scripted,
    chain_terms,
    ended,
    proven,
)
from claim_worlds import LOGS, REGION

from pytest_ecs_privatelink.claims.errands import Errands
from pytest_ecs_privatelink.claims.terms import Stand
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Hop, Link, LogQuestion
from pytest_ecs_privatelink.topology.starting import LogGroup
from pytest_ecs_privatelink.verdict import Basis, Claim, Code, Verdict

AWSLOGS = Claim.AWSLOGS
MARK = f"pytest-ecs-privatelink/{RUN}"
DRESSED = Stand(label="lab", groups=None, wearers={FARGATE: ("sg-tasks",), EC2: ("sg-hosts",)})


def asked(vantage: Scripted) -> list[LogQuestion]:
    """Return the log questions that were put."""
    return [each for each in vantage.asked if isinstance(each, LogQuestion)]


def test_an_event_goes_to_the_groups_of_the_tasks() -> None:
    """Its stream and its text carry the run's id, and it is looked for three timeouts long."""
    vantage = Scripted()
    proven(AWSLOGS, vantage)
    assert asked(vantage) == [
        LogQuestion(
            host=LOGS,
            region=REGION,
            group="/ecs/app",
            stream=f"{MARK}/private-a",
            message=f"{MARK} proves the way from private-a",
            run=RUN,
            patience=6.0,
            timeout=2.0,
            launch_types=(FARGATE,),
        )
    ]


def test_without_a_group_one_of_the_runs_own_is_made() -> None:
    """It is called after the run, so that it can be found and removed."""
    vantage = Scripted()
    check = proven(AWSLOGS, vantage, chain_terms(errands=replace(ERRANDS, log_groups=())))
    (question,) = asked(vantage)
    assert (question.group, question.make_group, question.write) == (MARK, True, True)
    assert check.expected == "an event is accepted in a log group of the run's own, and shown"


def test_each_guise_and_group_has_a_stream_of_its_own() -> None:
    """Two probers that wrote to one stream could not tell their events apart."""
    vantage = Scripted()
    errands = replace(ERRANDS, log_groups=(LogGroup(name="/a"), LogGroup(name="/b")))
    proven(AWSLOGS, vantage, chain_terms(kinds=(FARGATE, EC2), errands=errands), stand=DRESSED)
    assert [(each.group, each.stream) for each in asked(vantage)] == [
        ("/a", f"{MARK}/private-a"),
        ("/a", f"{MARK}/private-a-ec2"),
        ("/b", f"{MARK}/private-a"),
        ("/b", f"{MARK}/private-a-ec2"),
    ]


def test_a_delivered_event_tells_its_latency() -> None:
    """How long CloudWatch Logs took to show it stands in the check, and the hops."""
    hop = Hop(link=Link.EVENT, host=LOGS, address="20.10.1.12", status=200, received=2, ms=3.0)
    check = proven(AWSLOGS, Scripted(call=lambda _: replace(DELIVERED, hops=(hop,))))
    assert check.observed == (
        "log group /ecs/app: an event was accepted, shown after 85 ms; "
        f"event {LOGS} at 20.10.1.12: 200, 2 bytes in 3.0 ms"
    )
    assert check.expected == "an event is accepted in /ecs/app, and shown"


def test_that_it_may_not_be_read_back_is_a_note() -> None:
    """Tasks do not read logs: their role need not allow it."""
    answer = replace(DELIVERED, delivered_ms=None, note="logs:GetLogEvents was refused")
    check = proven(AWSLOGS, Scripted(call=lambda _: answer))
    assert check.verdict is Verdict.PASSED
    assert "accepted, not read back: logs:GetLogEvents was refused" in check.observed


@pytest.mark.parametrize("named", [True, False])
def test_read_only_asks_and_writes_nothing(named: bool) -> None:
    """The service's answer proves the path, and no delivery: that is no green cell."""
    vantage = Scripted()
    errands = replace(ERRANDS, read_only=True)
    if not named:
        errands = replace(errands, log_groups=())
    check = proven(AWSLOGS, vantage, chain_terms(errands=errands))
    (question,) = asked(vantage)
    assert (question.write, question.make_group, question.patience) == (False, False, 0.0)
    assert (check.verdict, check.basis) == (Verdict.SKIPPED, Basis.PROBED)
    assert check.reason == "path proven, delivery not tested: --ecs-read-only writes nothing"
    assert check.observed == (
        f"log group {'/ecs/app' if named else MARK}: the service answered, nothing was written "
        "(read-only)"
    )
    assert check.expected == "CloudWatch Logs answers (read-only: nothing is written)"


def test_read_only_without_a_group_takes_no_group_for_an_answer() -> None:
    """The run's own group is not there, for nothing was created: the service has said so."""
    errands = replace(ERRANDS, read_only=True, log_groups=())
    vantage = ended(AWSLOGS, CallStatus.MISSING, Link.GROUP)
    check = proven(AWSLOGS, vantage, chain_terms(errands=errands))
    assert (check.verdict, check.code) == (Verdict.SKIPPED, None)


def test_read_only_finds_a_group_of_tasks_missing() -> None:
    """A named group that is not there stops tasks, and describing it shows that."""
    vantage = ended(AWSLOGS, CallStatus.MISSING, Link.GROUP)
    check = proven(AWSLOGS, vantage, chain_terms(errands=replace(ERRANDS, read_only=True)))
    assert (check.verdict, check.code) == (Verdict.FAILED, Code.LOGS_GROUP_MISSING)


def test_the_runs_own_group_is_no_group_that_tasks_miss() -> None:
    """It was made and is not found: nothing is known, and nobody has to create it."""
    errands = replace(ERRANDS, log_groups=())
    vantage = ended(AWSLOGS, CallStatus.MISSING, Link.STREAM)
    check = proven(AWSLOGS, vantage, chain_terms(errands=errands))
    assert (check.verdict, check.code) == (Verdict.ERROR, None)
    assert check.reason == f"log group {MARK}: stream: it is not there"


def test_a_group_that_tasks_make_may_be_missing() -> None:
    """awslogs-create-group: the first task makes it, which a run must not do for it."""
    errands = replace(ERRANDS, log_groups=(LogGroup(name="/later", made_by_tasks=True),))
    vantage = ended(AWSLOGS, CallStatus.MISSING, Link.STREAM)
    check = proven(AWSLOGS, vantage, chain_terms(errands=errands))
    assert (check.verdict, check.code) == (Verdict.SKIPPED, None)
    assert check.reason == (
        "path proven, delivery not tested: awslogs-create-group makes log group /later later"
    )


@pytest.mark.parametrize(
    ("errands", "action"),
    [
        (replace(ERRANDS, log_groups=()), "logs:CreateLogGroup"),
        (replace(ERRANDS, log_groups=()), "logs:PutLogEvents"),
        (replace(ERRANDS, read_only=True), "logs:DescribeLogGroups"),
    ],
)
@pytest.mark.parametrize("denier", [Denier.ENDPOINT_POLICY, Denier.ORGANIZATION])
def test_what_tasks_never_do_may_be_refused(errands: Errands, action: str, denier: Denier) -> None:
    """A policy may let tasks' own groups through: that it stops ours is no failure of theirs."""
    vantage = ended(AWSLOGS, CallStatus.DENIED, Link.GROUP, action=action, denied_by=denier)
    check = proven(AWSLOGS, vantage, chain_terms(errands=errands))
    assert (check.verdict, check.code) == (Verdict.SKIPPED, None)
    assert check.reason is not None
    assert check.reason.startswith("path proven, permission not tested: log group ")
    assert check.reason.endswith("; --ecs-log-group names a group of tasks")

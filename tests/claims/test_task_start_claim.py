"""A one-off task's end decides its verdict, and what it met inside; messages word for word."""

from dataclasses import replace

import pytest
from chain_worlds import (
    ADDRESSES,
    EC2,
    ERRANDS,
    FARGATE,
    INTERFACES,
    Scripted,
    chain_terms,
    ended,
)
from task_worlds import ARN, RAN, ScriptedTask, started, untold

from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Denier,
    Link,
    LogQuestion,
)
from pytest_ecs_privatelink.probes.records import ConnectQuestion, ConnectStatus
from pytest_ecs_privatelink.probes.task_records import (
    OWN_DEFINITION,
    TaskStatus,
)
from pytest_ecs_privatelink.verdict import Basis, Check, Claim, Code, Verdict

PASSED, FAILED, ERROR = Verdict.PASSED, Verdict.FAILED, Verdict.ERROR


def outcome(check: Check) -> tuple[Verdict, Code | None, str | None]:
    """Return verdict, code and subject."""
    return check.verdict, check.code, check.subject


def test_a_task_that_ran_passes_and_says_how_fast() -> None:
    """Its states and the services that answered inside are told, and its ARN is the vantage."""
    check = started()

    assert outcome(check) == (PASSED, None, None)
    assert check.observed == (
        "a task started in 2.1 s (PROVISIONING 0.2, PENDING 0.9, RUNNING 2.1, STOPPED 2.9), "
        "6 endpoint services answered inside, and ecr-pull, awslogs, secret passed there"
    )
    assert (check.id, check.claim, check.service) == (
        "task-start[private-a-fargate]",
        Claim.TASK_START,
        None,
    )
    assert (check.launch_types, check.vantage) == ((FARGATE,), f"task:{ARN}")
    assert (check.basis, check.phase) == (Basis.PROBED, "run")


def test_a_task_is_asked_in_its_own_name_alone() -> None:
    """It dials as its launch type, and what it writes is not what the vantage wrote."""
    task = ScriptedTask()
    started(task, launch_type=EC2)

    assert {each.launch_type for each in task.asked} == {EC2}
    questions = [each.question for each in task.asked]
    dialled = [each for each in questions if isinstance(each, ConnectQuestion)]
    assert {each.launch_types for each in dialled} == {(EC2,)}
    (written,) = (each for each in questions if isinstance(each, LogQuestion))
    assert written.stream == f"{ERRANDS.mark}/private-a-ec2-task"


def test_a_service_that_another_launch_type_needs_is_none_of_it() -> None:
    """What only container instances need, a Fargate task is not asked about."""
    terms = chain_terms(kinds=(FARGATE,))
    only = tuple(
        replace(each, launch_types=(EC2,)) if each.service == "ssm" else each
        for each in terms.services
    )
    check = started(terms=replace(terms, services=only))
    assert "5 endpoint services answered inside" in check.observed


def test_a_red_path_inside_gives_its_code_and_its_service() -> None:
    """A task that runs and cannot reach an endpoint service is no proof of anything."""
    silent = Scripted(connects={ADDRESSES["logs"]: ConnectStatus.TIMEOUT})
    check = started(ScriptedTask(inside=silent))

    assert outcome(check) == (FAILED, Code.TCP_TIMEOUT, "logs")
    assert check.observed == (
        "inside the task tcp-443 of logs failed: 20.10.1.12:443 "
        "(logs.us-east-1.amazonaws.com): no answer in phase connect within 2.0 s"
    )
    assert check.phase == "connect"


def test_many_red_paths_are_told_in_short() -> None:
    """The first that a start needs are named, the others counted."""
    silent = Scripted(connects=dict.fromkeys(ADDRESSES.values(), ConnectStatus.TIMEOUT))
    check = started(ScriptedTask(inside=silent))

    assert check.code is Code.TCP_TIMEOUT
    assert check.observed.count("inside the task") == 3
    assert check.observed.endswith("; and 2 more of what it was asked")


def test_a_red_chain_inside_gives_its_code_and_the_link() -> None:
    """Where all paths are open, the chain tells."""
    task = ScriptedTask(inside=ended(Claim.ECR_PULL, CallStatus.TIMEOUT, Link.LAYER))
    terms = chain_terms(kinds=(FARGATE,), services=("ecr.api", "ecr.dkr", "s3"))
    assert outcome(started(task, terms)) == (FAILED, Code.ECR_LAYER, "s3")


def test_a_chain_that_the_tasks_own_role_may_not_go_takes_nothing_back() -> None:
    """ECS has pulled, logged and fetched with the execution role: that is the proof."""
    refused = ended(
        Claim.AWSLOGS, CallStatus.DENIED, Link.STREAM, denied_by=Denier.IDENTITY, action="logs:X"
    )
    terms = chain_terms(kinds=(FARGATE,), services=("logs",))
    check = started(ScriptedTask(inside=refused), terms)
    assert outcome(check) == (PASSED, None, None)
    assert check.observed.endswith(", 1 endpoint service answered inside")


def test_a_task_that_could_not_be_asked_started_all_the_same() -> None:
    """The user's own definition runs no program of ours."""
    check = started(ScriptedTask(lost=OWN_DEFINITION))
    assert check.verdict is PASSED
    assert check.observed.endswith(
        ", the task definition is the user's own: nothing is asked inside"
    )


def test_a_task_that_answered_nothing_proves_nothing() -> None:
    """Ours is there to look: green takes what it saw."""
    check = started(ScriptedTask(lost="the CA bundle ca.pem cannot be read"))
    assert outcome(check) == (ERROR, None, None)
    assert check.reason == "the CA bundle ca.pem cannot be read"


def test_a_task_that_needs_nothing_was_asked_nothing() -> None:
    """What ECS did for it is all that there is to prove."""
    check = started(terms=replace(chain_terms(kinds=(FARGATE,)), services=()))
    assert check.verdict is PASSED
    assert check.observed.endswith(", there was nothing to ask inside")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (TaskStatus.THROTTLED, "ECS throttled the calls, retries included: Rate exceeded"),
        (TaskStatus.CAPACITY, "ECS found no place for the task: Rate exceeded"),
        (
            TaskStatus.STUCK,
            "the task did not end in time (--ecs-task-timeout): Rate exceeded",
        ),
        (TaskStatus.VANISHED, "ECS knows the task no more: Rate exceeded"),
        (
            TaskStatus.SILENT,
            "the task ran, and its words never came to its log stream: Rate exceeded",
        ),
        (TaskStatus.FAILED, "no task could be had: Rate exceeded"),
    ],
)
def test_a_task_that_nobody_saw_start_is_no_failure(status: TaskStatus, reason: str) -> None:
    """It is an error with its reason: what could not be seen is neither broken nor green."""
    check = started(ScriptedTask(untold(status, "Rate exceeded"), lost="gone"))
    assert (check.verdict, check.code, check.reason) == (ERROR, None, reason)
    assert (check.phase, check.vantage) == ("PROVISIONING", "task in private-a")


def test_a_run_that_may_not_start_tasks_skips() -> None:
    """The runner's rights say nothing of tasks."""
    denied = untold(TaskStatus.DENIED, "ecs:RunTask was refused")
    check = started(ScriptedTask(denied, lost="gone"))
    assert (check.verdict, check.basis) == (Verdict.SKIPPED, Basis.DERIVED)
    assert check.reason == "this run may not start tasks: ecs:RunTask was refused"


def test_a_run_that_may_not_follow_its_task_skips_and_says_that_there_was_one() -> None:
    """Whoever reads it finds the task in ECS."""
    denied = replace(RAN, status=TaskStatus.DENIED, detail="logs:GetLogEvents is denied")
    check = started(ScriptedTask(denied, lost="gone"))
    assert (check.verdict, check.vantage) == (Verdict.SKIPPED, f"task:{ARN}")
    assert check.observed == "a task was started, and not followed to its end"
    assert check.reason == (
        "this run may not follow the task that it started: logs:GetLogEvents is denied"
    )


def test_a_read_only_run_starts_nothing() -> None:
    """It is skipped with the option's name, and nobody is asked."""
    task = ScriptedTask()
    read_only = replace(ERRANDS, read_only=True)
    check = started(task, chain_terms(errands=read_only))
    assert (check.verdict, check.reason) == (Verdict.SKIPPED, "--ecs-read-only starts no task")
    assert task.asked == []


def test_every_service_of_the_launch_type_is_asked_inside() -> None:
    """Names, 443 and, where something is named, the chains."""
    task = ScriptedTask()
    started(task)
    assert RAN.status is TaskStatus.RAN
    dialled = {
        each.question.address for each in task.asked if isinstance(each.question, ConnectQuestion)
    }
    assert {ADDRESSES[each] for each in INTERFACES} <= dialled

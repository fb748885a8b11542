"""The documents' IAM policies allow what runs call, and nothing that these could do without."""

import json
from pathlib import Path

import pytest
from opened_runs import Opened, opened

from pytest_ecs_privatelink.catalogue.marks import marked
from pytest_ecs_privatelink.catalogue.permissions import STATEMENTS, called, policy
from pytest_ecs_privatelink.lab.policy_faults import give_endpoint_a_policy
from pytest_ecs_privatelink.probes.call_records import LogQuestion
from pytest_ecs_privatelink.targets.cleanup import Sought, clean
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, Check, Claim, Code, LaunchType, Verdict

READING = {"ReadOneVpc", "ReadOneCluster"}
"""Statements that tests of the reader hold against its calls, one by one."""

BY_REGISTRY = {"ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"}
"""Actions that the lab answers itself: the registry's HTTP interface is called by no such names."""

IAM_PREFIXES = {
    "AmazonEC2ContainerServiceV20141113": "ecs",
    "AmazonEC2ContainerRegistry_V20150921": "ecr",
    "AmazonSSM": "ssm",
    "Logs_20140328": "logs",
    "secretsmanager": "secretsmanager",
}
"""By what the header X-Amz-Target begins with."""

GUARDED = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssm")


def chain_actions(*, read_only: bool = False) -> set[str]:
    """Return what the table says of calls other than reading the VPC and its cluster."""
    return set(called(read_only=read_only) - reading_actions())


def reading_actions() -> set[str]:
    """Return what is called to read the VPC and its cluster."""
    return {each for one in STATEMENTS if one.sid in READING for each in one.actions}


def use_tasks(run: Opened) -> None:
    """Have tasks end by themselves, and others be stopped as the run ends."""
    assert run.run.exchange is not None
    for cell in run.select_tasks(LaunchType.FARGATE):
        assert run.run.exchange.check(cell).verdict is Verdict.PASSED
    run.select_tasks(LaunchType.EC2)
    run.wait_for_tasks()


@pytest.fixture
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the emulator record into a folder of the test's own."""
    monkeypatch.chdir(tmp_path)


def recorded(run: Opened) -> set[str]:
    """Return the actions that the emulator has recorded."""
    lines = run.moto("recorder/download-recording").splitlines()
    targets = (json.loads(line)["headers"].get("X-Amz-Target", "") for line in lines)
    return {
        f"{IAM_PREFIXES[service]}:{operation}"
        for service, _, operation in (target.partition(".") for target in targets)
        if service in IAM_PREFIXES
    }


def use_a_group_of_its_own(run: Opened) -> None:
    """Deliver as a run does that knows no log group."""
    assert run.run.exchange is not None
    question = LogQuestion(
        host="logs.us-east-1.amazonaws.com",
        region="us-east-1",
        group=marked(run.run.id),
        stream=marked(run.run.id, "private-a"),
        message=run.run.id,
        run=run.run.id,
        make_group=True,
        ca_file=run.run.part.plan.terms.ca_file,
        launch_types=(LaunchType.FARGATE,),
    )
    run.run.exchange.ask(run.run.part.plan.terms.subnets[0].id, question)


@pytest.mark.usefixtures("_elsewhere")
def test_runs_and_cleaning_call_what_the_full_policy_allows_and_no_more() -> None:
    """A full lab run, its removal of traces and a clean-up make every call of the policy."""
    with opened() as run:
        run.moto("recorder/start-recording", "POST")
        checks = run.judge()
        use_a_group_of_its_own(run)
        use_tasks(run)
        assert run.run.remove_traces() is None
        clean(run.lab.session, Sought(run=run.run.id, before=0, groups=None), lambda _: None)
        seen = recorded(run)

    pulled = {each.verdict for each in checks if each.claim is Claim.ECR_PULL}
    assert pulled == {Verdict.PASSED}
    sent = seen | BY_REGISTRY | set(run.run.api_calls)
    assert sent - reading_actions() == chain_actions()
    removing = {each for each in run.run.ledger.calls if each.startswith("logs:")}
    assert removing == {"logs:DeleteLogGroup", "logs:DeleteLogStream"}


@pytest.mark.usefixtures("_elsewhere")
def test_read_only_runs_call_what_their_policy_allows_and_no_more() -> None:
    """With ``--ecs-read-only``, the smaller policy is exactly what is called."""
    with opened(read_only=True) as run:
        run.moto("recorder/start-recording", "POST")
        run.judge()
        assert run.run.remove_traces() is None
        seen = recorded(run)

    assert (seen | BY_REGISTRY) - reading_actions() == chain_actions(read_only=True)
    assert set(run.run.api_calls) <= called(read_only=True)


def guard(run: Opened, *without: str) -> None:
    """Let the endpoints of the lab pass what the documented policy allows, less some actions."""
    statements = [
        {
            **statement,
            "Principal": "*",
            "Action": [each for each in statement["Action"] if each not in without],
        }
        for statement in policy()["Statement"]
        if set(statement["Action"]) - set(without)
    ]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    for service in GUARDED:
        give_endpoint_a_policy(run.lab.world, run.lab.session, service, document)
    run.lab.refresh()


def judged(run: Opened) -> dict[tuple[Claim, str], set[tuple[Verdict, Code | None]]]:
    """Return how the chain claims ended, over all subnets."""
    ended: dict[tuple[Claim, str], set[tuple[Verdict, Code | None]]] = {}
    for check in chain_checks(run):
        assert check.service is not None
        ended.setdefault((check.claim, check.service), set()).add((check.verdict, check.code))
    return ended


def chain_checks(run: Opened) -> list[Check]:
    """Return the checks of the chain claims, probed afresh."""
    assert run.run.exchange is not None
    cells = [each for each in run.cells() if each.claim in CHAIN_CLAIMS]
    return [run.run.exchange.check(cell) for cell in cells]


PASSED = {(Verdict.PASSED, None)}
DENIED = {(Verdict.FAILED, Code.ENDPOINT_POLICY_DENIES)}
PULL = (Claim.ECR_PULL, "ecr.dkr")
LOGS = (Claim.AWSLOGS, "logs")
SECRET, PARAMETER = (Claim.SECRET, "secretsmanager"), (Claim.SECRET, "ssm")


def test_the_policy_suffices_and_no_action_of_it_can_be_spared() -> None:
    """By endpoints that pass the policy and nothing else all is green; without one action, red."""
    with opened() as run:
        guard(run)
        whole = judged(run)
        guard(
            run,
            "ecr:GetAuthorizationToken",
            "logs:CreateLogStream",
            "secretsmanager:GetSecretValue",
            "ssm:GetParameters",
        )
        first = judged(run)
        guard(run, "ecr:BatchGetImage", "logs:PutLogEvents")
        second = judged(run)
        guard(run, "ecr:GetDownloadUrlForLayer")
        third = judged(run)
        run.run.remove_traces()

    assert whole == dict.fromkeys((PULL, LOGS, SECRET, PARAMETER), PASSED)
    assert first == dict.fromkeys((PULL, LOGS, SECRET, PARAMETER), DENIED)
    assert second == {PULL: DENIED, LOGS: DENIED, SECRET: PASSED, PARAMETER: PASSED}
    assert third == {PULL: DENIED, LOGS: PASSED, SECRET: PASSED, PARAMETER: PASSED}

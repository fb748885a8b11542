"""What a run creates is its own, named so, and gone at its end; read-only runs create nothing."""

import time

import pytest
from lab_runs import Runs
from opened_runs import opened

from pytest_ecs_privatelink.catalogue.marks import RUN_TAG, marked
from pytest_ecs_privatelink.lab.world_ecs import LOG_GROUP
from pytest_ecs_privatelink.probes.call_records import CallStatus, LogAnswer, LogQuestion
from pytest_ecs_privatelink.verdict import CHAIN_CLAIMS, Claim, LaunchType, Verdict

STREAMS = {
    f"{subnet}{guise}"
    for subnet in ("private-a", "private-b", "private-c")
    for guise in ("", "-ec2")
}


def test_a_run_leaves_the_cloud_as_it_was() -> None:
    """A stream for each subnet and guise is there while it runs, under its id, and none after."""
    with opened() as run:
        before, untouched = run.streams(), run.everything()
        checks = run.judge()
        during = run.streams()
        assert run.everything() != untouched
        told = run.run.remove_traces()
        after = run.streams()

    assert {each.verdict for each in checks if each.claim is Claim.AWSLOGS} == {Verdict.PASSED}
    assert before == after == {LOG_GROUP: set()}
    assert during == {LOG_GROUP: {marked(run.run.id, each) for each in STREAMS}}
    assert told is None
    assert run.run.ledger.noted == ()
    assert run.run.ledger.calls == {"logs:DeleteLogStream": len(STREAMS)}


def test_a_temporary_group_is_marked_and_goes_too() -> None:
    """A group that the run makes has its id as name and tag, keeps a day at the most, and goes."""
    with opened() as run:
        subnet, exchange = run.run.part.plan.terms.subnets[0].id, run.run.exchange
        assert exchange is not None
        own = marked(run.run.id)
        question = LogQuestion(
            host="logs.us-east-1.amazonaws.com",
            region="us-east-1",
            group=own,
            stream=marked(run.run.id, "private-a"),
            message=run.run.id,
            run=run.run.id,
            make_group=True,
            ca_file=run.run.part.plan.terms.ca_file,
            launch_types=(LaunchType.FARGATE,),
        )
        answer = exchange.ask(subnet, question)
        during = run.streams()
        (group,) = run.logs.describe_log_groups(logGroupNamePrefix=own)["logGroups"]
        tags = run.logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
        told = run.run.remove_traces()
        after = run.streams()

    assert isinstance(answer, LogAnswer)
    assert answer.outcome.status is CallStatus.OK, answer.outcome
    assert during == {LOG_GROUP: set(), own: {question.stream}}
    assert (group["retentionInDays"], tags) == (1, {RUN_TAG: run.run.id})
    assert told is None
    assert after == {LOG_GROUP: set()}


def test_calls_under_way_are_not_outrun() -> None:
    """A run that is interrupted while it creates leaves as little as one that ends."""
    with opened(claims=(Claim.AWSLOGS,)) as run:
        assert run.run.exchange is not None
        run.run.exchange.select(run.cells())
        time.sleep(0.15)  # somewhere between the first and the last stream
        told = run.run.remove_traces()
        after = run.streams()
        time.sleep(1.0)
        later = run.streams()

    assert told is None
    assert after == later == {LOG_GROUP: set()}


ENDS = {
    "ctrl-c": ("os.kill(os.getpid(), signal.SIGINT)", 2),
    "sigterm": ("os.kill(os.getpid(), signal.SIGTERM)", 2),
    "pytest.exit": ("pytest.exit('enough')", 2),
    "a test that fails, under -x": ("pytest.fail('broken')", 1),
    "an error in pytest itself": ("raise SystemError", 3),
}
BREAKING = """
import os, signal
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_{hook}({argument}):
    if "test_ecr_pull" in {argument}.nodeid:  # the streams of test_awslogs are there by now
        {end}
"""


@pytest.mark.parametrize(("end", "code"), ENDS.values(), ids=ENDS)
def test_whatever_ends_a_run_its_traces_go(runs: Runs, end: str, code: int) -> None:
    """Interrupted, ended by a test or broken in pytest: each stream is removed all the same."""
    place = ("logreport", "report") if end == "raise SystemError" else ("call", "item")
    breaking = BREAKING.format(hook=place[0], argument=place[1], end=end)
    # A conftest's hooks are not for the bundled tests, which lie elsewhere.
    run = runs("--ecs-lab", "-x", "-p", "breaking", files={"breaking.py": breaking}, PYTHONPATH=".")

    assert run.code == code, run.out
    assert "could not remove" not in run.err
    assert run.report["run"]["api_calls"]["logs:DeleteLogStream"] == len(STREAMS)


def test_a_read_only_run_changes_nothing() -> None:
    """Not one thing in the whole cloud is other than before, of any service, during or after."""
    with opened(read_only=True) as run:
        before = run.everything()
        checks = run.judge()
        during = run.everything()
        told = run.run.remove_traces()
        after = run.everything()

    assert {each.claim for each in checks} >= set(CHAIN_CLAIMS)
    assert {each.verdict for each in checks} <= {Verdict.PASSED, Verdict.SKIPPED}
    assert during == before
    assert after == before
    assert told is None
    assert run.run.ledger.calls == {}

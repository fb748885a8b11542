"""Polling the ECS API for agents: one call for all, again while some are not connected."""

import asyncio
import json
from dataclasses import replace

import pytest
from ecs_api import REGION, EcsApi, ecs_api

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.targets.agent_watch import AgentWatch

CLUSTER = "arn:aws:ecs:us-east-1:111111111111:cluster/prod"
INTERVAL = 0.1


def arns(number: int) -> list[str]:
    """Return ARNs of container instances."""
    head = "arn:aws:ecs:us-east-1:111111111111:container-instance/prod"
    return [f"{head}/{at:032x}" for at in range(number)]


def watched(watch: AgentWatch, *questions: ConnectionQuestion) -> list[ConnectionAnswer]:
    """Put all questions at once."""

    async def ask() -> list[ConnectionAnswer]:
        try:
            return await asyncio.gather(*map(watch.connected, questions))
        finally:
            await watch.close()

    return asyncio.run(ask())


def about(*instances: str, patience: float = 0.0) -> list[ConnectionQuestion]:
    """Return a question for each."""
    return [
        ConnectionQuestion(
            container_instance=each, cluster=CLUSTER, interval=INTERVAL, patience=patience
        )
        for each in instances
    ]


def test_all_that_are_connected_cost_one_call() -> None:
    """However many cells ask, whatever their patience."""
    with ecs_api(lambda *_: True) as api:
        watch = api.watch()
        answers = watched(watch, *about(*arns(3)), *about(*arns(3), patience=60.0))
    assert {(each.connected, each.looks) for each in answers} == {(True, 1)}
    assert api.asked == [arns(3)]
    assert watch.calls == {"ecs:DescribeContainerInstances": 1}


def test_a_call_takes_a_hundred_at_most() -> None:
    """As the API does; each is asked once."""
    with ecs_api(lambda *_: True) as api:
        answers = watched(api.watch(), *about(*arns(250)))
    assert all(each.connected for each in answers)
    assert [len(each) for each in api.asked] == [100, 100, 50]


def test_an_agent_that_flaps_is_looked_at_again() -> None:
    """Only those that are not connected yet are asked about again, each interval once."""
    first, second = arns(2)
    with ecs_api(lambda arn, look: arn == first or look == 3) as api:
        calm, flapping = watched(api.watch(), *about(first, second, patience=60.0))
    assert (calm.connected, calm.looks) == (True, 1)
    assert (flapping.connected, flapping.looks) == (True, 3)
    assert 2 * INTERVAL <= flapping.waited < 30
    assert api.asked == [[first, second], [second], [second]]


def test_patience_ends() -> None:
    """Who never comes back is told after it, with how long and how often it was looked at."""
    with ecs_api(lambda *_: False) as api:
        (answer,) = watched(api.watch(), *about(*arns(1), patience=3 * INTERVAL))
    assert answer.connected is False
    assert answer.waited >= 0.3
    assert 2 <= answer.looks == len(api.asked) <= 4


def test_a_look_of_just_now_is_the_first_one() -> None:
    """Who asks at once again, with patience, goes on from the look that was made."""
    with ecs_api(lambda _, look: look == 2) as api:
        watch = api.watch()
        (one,) = about(*arns(1))
        (more,) = about(*arns(1), patience=60.0)

        async def ask() -> tuple[ConnectionAnswer, ConnectionAnswer]:
            found = await watch.connected(one), await watch.connected(more)
            await watch.close()
            return found

        before, after = asyncio.run(ask())
    assert (before.connected, before.looks) == (False, 1)
    assert (after.connected, after.looks) == (True, 2)
    assert len(api.asked) == 2


def test_who_was_connected_has_not_been_away_since() -> None:
    """Time that an agent was there does not count against it once it is lost."""
    with ecs_api(lambda _, look: look == 1) as api:
        watch = api.watch()
        question = replace(about(*arns(1))[0], interval=0.0)

        async def ask() -> tuple[ConnectionAnswer, ConnectionAnswer]:
            found = await watch.connected(question), await watch.connected(question)
            await watch.close()
            return found

        before, after = asyncio.run(ask())
    assert before == ConnectionAnswer(connected=True, looks=1)
    assert after == ConnectionAnswer(connected=False, looks=1)


def test_closing_forgets_and_ends_what_waits() -> None:
    """A restarted run looks afresh, and nobody is left waiting for the next look."""
    with ecs_api(lambda _, look: look > 1) as api:
        watch = api.watch()
        (question,) = about(*arns(1))
        (patient,) = about(*arns(1), patience=600.0)

        async def ask() -> ConnectionAnswer:
            await watch.connected(question)
            waiting = asyncio.create_task(watch.connected(patient))
            await asyncio.sleep(0)
            await watch.close()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            return await watch.connected(question)

        again = asyncio.run(ask())
    assert (again.connected, again.looks) == (True, 1)


def told(api: EcsApi) -> ConnectionAnswer:
    """Return what one look brings."""
    (answer,) = watched(api.watch(), *about(*arns(1), patience=60.0))
    return answer


def test_a_refusal_is_an_answer_with_its_permission() -> None:
    """Nobody guesses: whether it is connected is unknown, at once."""
    with ecs_api(lambda *_: True) as api:
        api.denies = True
        answer = told(api)
    assert (answer.connected, answer.looks) == (None, 1)
    assert answer.unknown.startswith("AccessDeniedException: ")
    assert answer.unknown.endswith("(ecs:DescribeContainerInstances)")


def test_an_instance_that_is_gone_is_unknown() -> None:
    """It was deregistered meanwhile."""
    with ecs_api(lambda *_: None) as api:
        answer = told(api)
    assert (answer.connected, answer.unknown) == (None, "the ECS API knows it no more")


def test_a_session_that_cannot_be_opened_is_told() -> None:
    """Of a stranger's error only the kind: its text may hold a secret."""

    def ours() -> object:
        raise SettingsError("--ecs-profile prod: there is none")

    def strange() -> object:
        raise OSError("secret-4711")

    found = [watched(AgentWatch(each, REGION), *about(*arns(1)))[0] for each in (ours, strange)]  # type: ignore[arg-type] # never returns
    assert [each.unknown for each in found] == [
        "--ecs-profile prod: there is none",
        "the ECS API could not be asked: OSError",
    ]


def test_an_emulated_cloud_is_read_likewise(emulator: str) -> None:
    """A real service's answer, in its own format, through a client of the run's own session."""
    session = session_at(emulator, REGION)
    ec2, ecs = session.client("ec2"), session.client("ecs")
    cluster = ecs.create_cluster(clusterName="watched")["cluster"]["clusterArn"]
    made = ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
    identity = json.dumps({"instanceId": made["Instances"][0]["InstanceId"]})
    arn = ecs.register_container_instance(cluster="watched", instanceIdentityDocument=identity)
    question = ConnectionQuestion(
        container_instance=arn["containerInstance"]["containerInstanceArn"], cluster=cluster
    )
    (answer,) = watched(AgentWatch(lambda: session, REGION), question)
    assert (answer.connected, answer.looks, answer.unknown) == (True, 1, "")

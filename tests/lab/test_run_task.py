"""RunTask in the lab's cloud: tasks really run in their subnets, and are gone when they end."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from task_client import TaskClient, groups_of, processes

from pytest_ecs_privatelink.lab.faults.tasks import FAULTS
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.task_truth import CAPACITY, tell

INSIDE = """
import json, os, socket, urllib.request as web
host = "secretsmanager.us-east-1.amazonaws.com"
with socket.create_connection((host, 443), 5) as peer:
    own = peer.getsockname()[0]
about = json.load(web.urlopen(os.environ["ECS_CONTAINER_METADATA_URI_V4"] + "/task"))
print(json.dumps([own, os.environ["TOKEN"], os.environ["COLOUR"], os.environ["MORE"], about]))
print("two")
print("three", flush=True)
"""
UNTOUCHED = {
    "throttled": "",
    "failure": "",
    "stuck": "",
    "vanishing": "",
    "logs": "",
}


@pytest.fixture(scope="module")
def client() -> Iterator[TaskClient]:
    """Build the lab's own world, healthy."""
    with closing(Laboratory(cloud=True, twin=True)) as lab:
        own = lab.build_world(())
        subnets = tuple(own.world.subnets.values())
        lab.build_twin(own.reading.snapshot, subnets, groups_of(own.world))
        yield TaskClient(lab, own.world)


@pytest.fixture
def told(client: TaskClient, request: pytest.FixtureRequest) -> Iterator[TaskClient]:
    """Break RunTask by a fault's name, for one test."""
    fault = next(each for each in FAULTS if each.name == request.param)
    assert fault.break_cloud is not None
    fault.break_cloud(client.world, client.session)
    yield client
    tell(client.session, "lab", **UNTOUCHED)


def with_fault(name: str) -> pytest.MarkDecorator:
    """Parametrise a test with a fault."""
    return pytest.mark.parametrize("told", [name], indirect=True)


@pytest.mark.parametrize("kind", ["FARGATE", "EC2"])
def test_a_task_in_each_subnet_runs_at_the_same_time(client: TaskClient, kind: str) -> None:
    """Image, secrets and logs come; the command sees its own subnet, and all three overlap."""
    command = ("python3", "-c", f"{INSIDE}import time; time.sleep(0.5)")
    environment = [{"name": "MORE", "value": "so"}]
    over = {"name": "app", "command": list(command), "environment": environment}
    overrides = {"containerOverrides": [over]}
    tags = [{"key": "purpose", "value": "test"}]
    subnets = client.world.subnets
    arns = [
        client.start(kind, subnet, overrides=overrides, startedBy="me", tags=tags)
        for subnet in subnets.values()
    ]

    tasks = client.follow(*arns)

    assert {(each["stopCode"], each["stoppedReason"]) for each in tasks} == {
        ("EssentialContainerExited", "Essential container in task exited")
    }
    assert [each["containers"][0]["exitCode"] for each in tasks] == [0, 0, 0]
    latest_start = max(each["startedAt"] for each in tasks)
    assert latest_start < min(each["stoppingAt"] for each in tasks)
    for number, (task, subnet) in enumerate(zip(tasks, subnets.values(), strict=True), 1):
        details = {each["name"]: each["value"] for each in task["attachments"][0]["details"]}
        assert details["subnetId"] == subnet
        assert details["networkInterfaceId"].startswith("eni-")
        first, *others = client.log(task["taskArn"], f"app-{kind.lower()}")
        own, token, colour, override, about = json.loads(first)
        assert own == details["privateIPv4Address"]
        assert own.startswith(f"10.0.{number}.")
        assert (token, colour, override) == ("nothing secret", "nothing secret either", "so")
        assert about["TaskARN"] == task["taskArn"]
        assert others == ["two", "three"]
        assert ("platformVersion" in task) is (kind == "FARGATE")
        assert ("containerInstanceArn" in task) is (kind == "EC2")
    asked = {"cluster": "lab", "tasks": arns[:1]}
    assert client.ecs.describe_tasks(**asked)["tasks"][0]["tags"] == []
    assert client.ecs.describe_tasks(**asked, include=["TAGS"])["tasks"][0]["tags"] == tags


def test_a_task_wears_what_it_is_given(client: TaskClient) -> None:
    """With the instances' groups it stands where these are worn, whatever its launch type."""
    subnet = client.world.subnets["private-a"]
    arns = [
        client.start("FARGATE", subnet, ("true",), networkConfiguration=_network(subnet, groups))
        for groups in (client.world.task_groups, client.world.instance_groups)
    ]

    tasks = client.follow(*arns)

    own, other = (each["attachments"][0]["details"][-1]["value"] for each in tasks)
    assert own != other


def _network(subnet: str, groups: tuple[str, ...]) -> Any:  # noqa: ANN401 - arguments of boto3
    return {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": list(groups)}}


def test_a_task_can_be_stopped_in_the_middle(client: TaskClient) -> None:
    """Its processes end with it, what it printed is shown, and it is listed no more."""
    script = "trap 'echo bye; exit 3' TERM; sleep 600 & echo begun; wait"
    subnet = client.world.subnets["private-b"]
    arn = client.start("FARGATE", subnet, ("sh", "-c", script), startedBy="middle")
    client.follow(arn, until="RUNNING")
    listed = client.ecs.list_tasks(cluster="lab", startedBy="middle")["taskArns"]
    while "begun" not in client.log(arn):
        time.sleep(0.05)
    inside = processes("sleep 600")

    said = client.ecs.stop_task(cluster="lab", task=arn, reason="enough")["task"]
    (task,) = client.follow(arn)

    assert listed == [arn]
    assert said["desiredStatus"] == "STOPPED"
    assert (task["stopCode"], task["stoppedReason"]) == ("UserInitiated", "enough")
    assert task["containers"][0]["exitCode"] == 3
    assert client.log(arn) == ["begun", "bye"]
    assert len(inside) == 1
    assert processes("sleep 600") == []
    assert client.ecs.list_tasks(cluster="lab", startedBy="middle")["taskArns"] == []
    stopped = client.ecs.list_tasks(cluster="lab", family="app-fargate", desiredStatus="STOPPED")
    assert arn in stopped["taskArns"]


def test_what_a_command_leaves_behind_goes_with_it(client: TaskClient) -> None:
    """Also where it has left the process group and holds the output: a container ends whole."""
    script = "setsid sleep 604 & echo begun; sleep 0.1"
    arn = client.start("FARGATE", client.world.subnets["private-c"], ("sh", "-c", script))

    (task,) = client.follow(arn)

    assert task["stopCode"] == "EssentialContainerExited"
    assert client.log(arn) == ["begun"]
    assert processes("sleep 604") == []


def test_a_task_without_a_command_runs_until_it_is_stopped(client: TaskClient) -> None:
    """The lab image's own command has a stand-in; as pid 1, which has to be killed."""
    arn = client.start("EC2", client.world.subnets["private-c"])
    (running,) = client.follow(arn, until="RUNNING")

    client.ecs.stop_task(cluster="lab", task=arn)
    (task,) = client.follow(arn)

    assert running["lastStatus"] == "RUNNING"
    assert task["stoppedReason"] == "Task stopped by user"
    assert task["containers"][0]["exitCode"] == 128 + 9


def test_what_fails_inside_is_the_containers_own(client: TaskClient) -> None:
    """An exit code is told; a program that is not there never starts."""
    subnet = client.world.subnets["private-a"]
    arns = [client.start("FARGATE", subnet, each) for each in (("sh", "-c", "exit 7"), ("nix",))]

    failed, missing = client.follow(*arns)

    assert failed["containers"][0]["exitCode"] == 7
    assert failed["stopCode"] == "EssentialContainerExited"
    assert missing["stopCode"] == "TaskFailedToStart"
    assert missing["containers"][0]["reason"] == missing["stoppedReason"]
    assert missing["stoppedReason"].startswith("CannotStartContainerError: ")
    assert 'exec: "nix": executable file not found in $PATH' in missing["stoppedReason"]


def test_a_token_starts_one_task(client: TaskClient) -> None:
    """Whoever asks twice with the same clientToken gets the first answer again."""
    subnet = client.world.subnets["private-a"]
    first, again = (
        client.start("FARGATE", subnet, ("true",), clientToken="only-one") for _ in range(2)
    )

    client.follow(first)

    assert first == again


def test_what_cannot_be_run_is_refused(client: TaskClient) -> None:
    """A cluster, a definition, a network that are not there; overrides that are too long."""
    subnet = client.world.subnets["private-a"]
    usual = client.request("FARGATE", subnet)
    told = []
    changes: tuple[dict[str, object], ...] = (
        {"cluster": "other"},
        {"taskDefinition": "other"},
        {"networkConfiguration": {}},
        {"launchType": "EC2", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
        {"overrides": {"containerOverrides": [{"name": "app", "command": ["x" * 8192]}]}},
        {"networkConfiguration": _network("subnet-0", ())},
    )
    for changed in changes:
        with pytest.raises(ClientError) as caught:
            client.ecs.run_task(**usual | changed)
        told.append(caught.value.response["Error"])

    assert [each["Code"] for each in told] == [
        "ClusterNotFoundException",
        "ClientException",
        *["InvalidParameterException"] * 4,
    ]
    assert told[1]["Message"] == "TaskDefinition not found."
    with pytest.raises(client.ecs.exceptions.InvalidParameterException):
        client.ecs.stop_task(cluster="lab", task="0" * 32)
    missing = client.ecs.describe_tasks(cluster="lab", tasks=["0" * 32])
    assert [each["reason"] for each in missing["failures"]] == ["MISSING"]


def test_a_capacity_provider_stands_for_a_launch_type(client: TaskClient) -> None:
    """Fargate Spot is Fargate, and is told by its name."""
    usual = client.request("FARGATE", client.world.subnets["private-a"], ("true",))
    del usual["launchType"]
    strategy = [{"capacityProvider": "FARGATE_SPOT"}]

    (task,) = client.ecs.run_task(**usual, capacityProviderStrategy=strategy)["tasks"]

    assert (task["launchType"], task["capacityProviderName"]) == ("FARGATE", "FARGATE_SPOT")
    client.follow(task["taskArn"])


def test_no_container_instance_fits(client: TaskClient) -> None:
    """A constraint that none meets is a failure of the placement, and no error."""
    wanted = [{"type": "memberOf", "expression": "attribute:ecs.subnet-id == subnet-0"}]
    usual = client.request("EC2", client.world.subnets["private-a"])

    answer = client.ecs.run_task(**usual | {"placementConstraints": wanted})

    assert answer["tasks"] == []
    assert [each["reason"] for each in answer["failures"]] == [
        "MemberOf placement constraint unsatisfied."
    ]


def test_an_agent_that_is_not_connected_takes_no_task(client: TaskClient) -> None:
    """The failure names the container instance, and AGENT."""
    arns = client.ecs.list_container_instances(cluster="lab")["containerInstanceArns"]
    attribute = {"name": "lab.agent-connected", "targetId": arns[0]}
    client.ecs.put_attributes(cluster="lab", attributes=[{**attribute, "value": "false"}])
    described = client.ecs.describe_container_instances(cluster="lab", containerInstances=arns[:1])
    (instance,) = described["containerInstances"]
    (subnet,) = (e["value"] for e in instance["attributes"] if e["name"] == "ecs.subnet-id")
    try:
        answer = client.ecs.run_task(**client.request("EC2", subnet))
    finally:
        client.ecs.put_attributes(cluster="lab", attributes=[{**attribute, "value": "true"}])

    assert answer["failures"] == [{"arn": arns[0], "reason": "AGENT"}]


@with_fault("task-throttled")
def test_throttled_at_first(told: TaskClient) -> None:
    """Three calls are turned away, the fourth is heard."""
    usual = told.request("FARGATE", told.world.subnets["private-a"], ("true",))
    once = Config(retries={"total_max_attempts": 1})
    ecs: Any = told.session.client("ecs", config=once)
    codes = []
    for _ in range(3):
        with pytest.raises(ClientError) as caught:
            ecs.run_task(**usual)
        codes.append(caught.value.response["Error"]["Code"])

    (task,) = ecs.run_task(**usual)["tasks"]

    assert codes == ["ThrottlingException"] * 3
    told.follow(task["taskArn"])


@pytest.mark.parametrize(
    ("told", "reason"),
    [("task-no-interface", "RESOURCE:ENI"), ("task-no-capacity", CAPACITY)],
    indirect=["told"],
)
def test_nowhere_to_run(told: TaskClient, reason: str) -> None:
    """The call succeeds, and its failures say why there is no task."""
    answer = told.ecs.run_task(**told.request("FARGATE", told.world.subnets["private-a"]))

    assert answer["tasks"] == []
    assert [each["reason"] for each in answer["failures"]] == [reason]


@with_fault("task-stuck")
def test_a_task_may_be_stuck(told: TaskClient) -> None:
    """It stays in PROVISIONING until it is stopped, and nothing of it ran."""
    arn = told.start("FARGATE", told.world.subnets["private-a"], ("true",))
    time.sleep(0.5)  # longer than the status ever lasts
    (stuck,) = told.ecs.describe_tasks(cluster="lab", tasks=[arn])["tasks"]

    told.ecs.stop_task(cluster="lab", task=arn)
    (task,) = told.follow(arn)

    assert stuck["lastStatus"] == "PROVISIONING"
    assert task["stopCode"] == "UserInitiated"
    assert "exitCode" not in task["containers"][0]


@with_fault("task-vanishes")
def test_a_task_may_vanish(told: TaskClient) -> None:
    """DescribeTasks has it MISSING, and it is listed no more."""
    arn = told.start("FARGATE", told.world.subnets["private-a"], ("true",), startedBy="gone")
    while told.ecs.describe_tasks(cluster="lab", tasks=[arn])["tasks"]:
        time.sleep(0.05)

    missing = told.ecs.describe_tasks(cluster="lab", tasks=[arn])["failures"]

    assert missing == [{"arn": arn, "reason": "MISSING"}]
    assert told.ecs.list_tasks(cluster="lab", startedBy="gone")["taskArns"] == []


@pytest.mark.parametrize(
    ("told", "lines"),
    [("task-logs-late", ["one"]), ("task-logs-never", [])],
    indirect=["told"],
)
def test_logs_may_come_late_or_never(told: TaskClient, lines: list[str]) -> None:
    """A task has stopped, and nothing of what it printed is there yet, or ever."""
    arn = told.start("FARGATE", told.world.subnets["private-a"], ("echo", "one"))
    told.follow(arn)
    at_once = told.log(arn)

    deadline = time.monotonic() + (30 if lines else 0)
    while told.log(arn) != lines and time.monotonic() < deadline:
        time.sleep(0.1)

    assert at_once == []
    assert told.log(arn) == lines

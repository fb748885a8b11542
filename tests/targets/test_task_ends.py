"""One-off tasks end in each way that there is, are told so, and leave nothing behind."""

import json
import threading
import time
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError
from ecs_cloud import ENDED_WELL, GAP, EcsCloud, Raw, ecs_cloud
from hypothesis import given
from hypothesis import strategies as st
from task_plans import (
    FARGATE,
    GENERATED,
    OWN,
    PLAN,
    ROLE,
    RUN,
    SECRET,
    end_of,
    ran,
)

from pytest_ecs_privatelink.probes.task_records import TaskQuestion, TaskStatus
from pytest_ecs_privatelink.targets.task_ends import ending_of
from pytest_ecs_privatelink.targets.task_troubles import trouble_of
from pytest_ecs_privatelink.verdict import LaunchType

MARK = f"pytest-ecs-privatelink/{RUN}"
TAGS = [{"key": "pytest-ecs-privatelink:run", "value": RUN}]
WHO = "User: arn:aws:sts::111122223333:assumed-role/ci/run"
BY_IDENTITY = "because no identity-based policy allows the"


def refused(action: str, on: str = "*") -> tuple[str, str]:
    """Return AWS's refusal of an action."""
    words = f"{WHO} is not authorized to perform: {action} on resource: {on}"
    return "AccessDeniedException", f"{words} {BY_IDENTITY} {action} action"


def test_all_tasks_start_at_once_from_one_definition_each_launch_type() -> None:
    """Three subnets and two launch types: two definitions, six tasks, looked at together."""
    asked = [
        TaskQuestion(subnet=f"subnet-{each}", launch_type=kind)
        for each in "abc"
        for kind in LaunchType
    ]
    told: list[str] = []
    with ecs_cloud() as cloud:
        found = ran(cloud, *asked, progress=told)

    assert {answer.status for answer, _ in found} == {TaskStatus.RAN}
    assert {log for _, log in found} == {"whole\n"}
    assert len({answer.task for answer, _ in found}) == 6
    assert len(cloud.called("RegisterTaskDefinition")) == 2
    assert len(cloud.called("RunTask")) == 6
    assert cloud.together == 6
    assert told[-1] == "tasks: 0 starting, 0 running, 6 ended"
    answer, _ = found[0]
    assert [status for status, _ in answer.states][-1] == "STOPPED"
    assert answer.stopped is not None
    assert (answer.stopped.code, answer.detail) == ("EssentialContainerExited", "")
    assert not cloud.called("StopTask")


def test_a_fargate_task_is_started_as_the_plan_says() -> None:
    """What RegisterTaskDefinition and RunTask are sent, to the last field."""
    plan = replace(
        PLAN,
        starts=replace(GENERATED, architecture="ARM64"),
        platform_version="1.4.0",
        public=frozenset({"subnet-a"}),
    )
    with ecs_cloud() as cloud:
        ran(cloud, plan=plan)

    (definition,), (request,) = cloud.called("RegisterTaskDefinition"), cloud.called("RunTask")
    assert definition == {
        "family": f"pytest-ecs-privatelink-{RUN}-fargate",
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": ROLE,
        "taskRoleArn": ROLE,
        "runtimePlatform": {"cpuArchitecture": "ARM64", "operatingSystemFamily": "LINUX"},
        "tags": TAGS,
        "containerDefinitions": [
            {
                "name": "probe",
                "image": GENERATED.image,
                "essential": True,
                "entryPoint": ["/bin/sh", "-c"],
                "command": [GENERATED.command],
                "stopTimeout": 2,
                "linuxParameters": {"initProcessEnabled": True},
                "secrets": [{"name": "SECRET", "valueFrom": SECRET}],
                "logConfiguration": {
                    "logDriver": "awslogs",
                    "options": {
                        "awslogs-group": "/ecs/app",
                        "awslogs-region": "us-east-1",
                        "awslogs-stream-prefix": MARK,
                    },
                },
            }
        ],
    }
    assert request == {
        "cluster": "app",
        "taskDefinition": request["taskDefinition"],
        "count": 1,
        "startedBy": MARK,
        "clientToken": f"{RUN}-fargate-subnet-a-1",
        "enableExecuteCommand": False,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-a"],
                "securityGroups": ["sg-1"],
                "assignPublicIp": "ENABLED",
            }
        },
        "tags": TAGS,
        "overrides": {
            "containerOverrides": [
                {"name": "probe", "environment": [{"name": "ERRAND", "value": "errand"}]}
            ]
        },
    }


@pytest.mark.parametrize(
    ("provider", "fargate", "ec2"),
    [
        ("FARGATE_SPOT", "FARGATE_SPOT", None),
        ("own-instances", None, "own-instances"),
        (None, None, None),
    ],
)
def test_a_capacity_provider_stands_for_the_launch_type_that_it_is_of(
    provider: str | None, fargate: str | None, ec2: str | None
) -> None:
    """Fargate's are for Fargate tasks, any other for those on instances, held to their subnet."""
    asked = [TaskQuestion(subnet="subnet-a", launch_type=kind) for kind in LaunchType]
    with ecs_cloud() as cloud:
        ran(cloud, *asked, plan=replace(PLAN, provider=provider))

    for kind, expected in ((LaunchType.FARGATE, fargate), (LaunchType.EC2, ec2)):
        (request,) = (each for each in cloud.called("RunTask") if kind in each["clientToken"])
        strategy = request.get("capacityProviderStrategy")
        assert strategy == (expected and [{"capacityProvider": expected, "weight": 1}])
        assert request.get("launchType") == (None if expected else kind.upper())
        held = [{"type": "memberOf", "expression": "attribute:ecs.subnet-id == subnet-a"}]
        assert request.get("placementConstraints") == (held if kind is LaunchType.EC2 else None)


NO_RIGHT = "is denied (because no identity-based policy allows it): docs/iam-policy.json has it"


@pytest.mark.parametrize(
    ("operation", "refusal", "status", "detail"),
    [
        (
            "RegisterTaskDefinition",
            refused("ecs:RegisterTaskDefinition"),
            TaskStatus.DENIED,
            f"ecs:RegisterTaskDefinition {NO_RIGHT}",
        ),
        (
            "RegisterTaskDefinition",
            refused("iam:PassRole", ROLE),
            TaskStatus.DENIED,
            f"iam:PassRole on the tasks' execution role {NO_RIGHT}",
        ),
        (
            "RunTask",
            refused("ecs:RunTask"),
            TaskStatus.DENIED,
            f"ecs:RunTask {NO_RIGHT}",
        ),
        (
            "DescribeTasks",
            refused("ecs:DescribeTasks"),
            TaskStatus.DENIED,
            f"ecs:DescribeTasks {NO_RIGHT}",
        ),
        (
            "GetLogEvents",
            refused("logs:GetLogEvents"),
            TaskStatus.DENIED,
            f"logs:GetLogEvents {NO_RIGHT}",
        ),
        (
            "RunTask",
            ("ThrottlingException", "Rate exceeded"),
            TaskStatus.THROTTLED,
            "ecs:RunTask is throttled (ThrottlingException), also when repeated: run again when"
            " less is started, or prove fewer subnets (--ecs-subnet)",
        ),
        (
            "RunTask",
            ("ClusterNotFoundException", "Cluster not found."),
            TaskStatus.FAILED,
            "ecs:RunTask failed: ClusterNotFoundException: Cluster not found.",
        ),
    ],
)
def test_what_is_refused_is_told_by_its_action(
    operation: str, refusal: tuple[str, str], status: TaskStatus, detail: str
) -> None:
    """Each call that the runner needs, throttled or not allowed: status, action, and what to do."""
    with ecs_cloud(refuses={operation: refusal}) as cloud:
        answer = end_of(cloud)

    assert (answer.status, answer.detail) == (status, detail)
    assert bool(cloud.called("RunTask")) is (operation != "RegisterTaskDefinition")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("ClientException", "TaskDefinition not found."),
        ("InvalidParameterException", "Task definition does not support launch_type FARGATE."),
    ],
)
def test_a_user_s_own_definition_that_does_not_do_is_named(code: str, said: str) -> None:
    """ECS says neither which task definition it means, nor who asked for it."""
    with ecs_cloud(refuses={"RunTask": (code, said)}) as cloud:
        answer = end_of(cloud, replace(PLAN, starts="mine:7"))

    assert answer.status is TaskStatus.FAILED
    assert answer.detail == (
        f"ecs:RunTask failed: {code}: {said.rstrip('.')}: --ecs-task-definition mine:7"
    )


@pytest.mark.parametrize(
    ("reason", "status", "detail"),
    [
        (
            "RESOURCE:ENI",
            TaskStatus.CAPACITY,
            "RESOURCE:ENI: no container instance there has a network interface left for a task:"
            " end one of its tasks, or give the account ENI trunking (awsvpcTrunking)",
        ),
        (
            "RESOURCE:MEMORY",
            TaskStatus.CAPACITY,
            "RESOURCE:MEMORY: no container instance there has as much left as a task takes"
            " (256 CPU units, 512 MiB)",
        ),
        (
            "AGENT",
            TaskStatus.CAPACITY,
            "AGENT: the ECS agent of the container instance is disconnected: see claim agent",
        ),
        (
            "MemberOf placement constraint unsatisfied.",
            TaskStatus.CAPACITY,
            "MemberOf placement constraint unsatisfied.: no container instance of the cluster"
            " stands in that subnet",
        ),
        (
            "Capacity is unavailable at this time. Please try again later.",
            TaskStatus.CAPACITY,
            "Capacity is unavailable at this time. Please try again later.: run again later, or"
            " with --ecs-capacity-provider",
        ),
        ("INACTIVE", TaskStatus.FAILED, "RunTask started no task: INACTIVE"),
    ],
)
def test_no_room_is_no_verdict_on_the_network(reason: str, status: TaskStatus, detail: str) -> None:
    """RunTask answers with failures where there is no capacity: told, with what helps."""
    with ecs_cloud(failure={"reason": reason}) as cloud:
        answer = end_of(cloud)

    assert (answer.status, answer.detail, answer.task) == (status, detail, None)


@pytest.mark.parametrize(
    ("story", "detail"),
    [
        (
            ["PROVISIONING"],
            "still PROVISIONING after 0.3 s: see the subnet's free addresses and the account's"
            " quotas",
        ),
        (
            ["PROVISIONING", "PENDING"],
            "still PENDING after 0.3 s: its image, secrets or logs do not come: a longer"
            " --ecs-task-timeout tells more",
        ),
        (
            ["PROVISIONING", "RUNNING"],
            "still RUNNING after 0.3 s: its program did not end: a longer --ecs-task-timeout may"
            " do",
        ),
    ],
)
def test_a_task_that_is_stuck_is_stopped_at_its_deadline(story: list[str], detail: str) -> None:
    """Whichever state it hangs in, the deadline holds, and it is stopped."""
    with ecs_cloud(story=story, log=()) as cloud:
        answer = end_of(cloud, replace(PLAN, deadline=0.3))

    assert (answer.status, answer.detail) == (TaskStatus.STUCK, detail)
    assert len(cloud.called("StopTask")) == 1


def test_a_task_that_ecs_does_not_know_yet_is_no_lost_one() -> None:
    """DescribeTasks is eventually consistent: at first, and now and then, it knows nothing."""
    with ecs_cloud(hidden=lambda look: look < 4 or look == 6) as cloud:
        assert end_of(cloud).status is TaskStatus.RAN


def test_a_task_that_ecs_knows_no_more_has_vanished() -> None:
    """Once it was seen, it may not be away for long; it is told to stop all the same."""
    with ecs_cloud(story=["PENDING"], hidden=lambda look: look > 3, log=()) as cloud:
        answer = end_of(cloud)

    assert (answer.status, answer.detail) == (
        TaskStatus.VANISHED,
        "ECS knows the task no more, which was PENDING: see CloudTrail for who removed it",
    )
    assert len(cloud.called("StopTask")) == 1


PULL: Raw = {
    "stopCode": "TaskFailedToStart",
    "stoppedReason": "ResourceInitializationError: unable to pull secrets or registry auth:\n i/o",
    "containers": [{"name": "probe", "reason": "CannotPullContainerError: dial tcp"}],
}


def test_a_death_is_told_in_ecs_s_words() -> None:
    """Stop code, reasons of task and containers are kept whole, and told in one line."""
    with ecs_cloud(story=["PENDING", "STOPPED"], end=PULL, log=()) as cloud:
        answer = end_of(cloud)

    assert answer.status is TaskStatus.DIED
    assert answer.stopped is not None
    assert answer.stopped.reason == PULL["stoppedReason"]
    assert answer.detail == (
        "TaskFailedToStart: ResourceInitializationError: unable to pull secrets or registry auth:"
        " i/o; container probe: CannotPullContainerError: dial tcp"
    )
    assert not cloud.called("GetLogEvents")


def test_a_program_that_fails_is_told_with_its_last_words() -> None:
    """An image without Python ends at once: what the shell said is in the log."""
    end = ENDED_WELL | {"containers": [{"name": "probe", "exitCode": 127}]}
    words = "no python3 on this host: install Python 3.9 or newer"
    with ecs_cloud(end=end, log=["noise", words]) as cloud:
        answer = end_of(cloud)

    assert answer.status is TaskStatus.DIED
    assert answer.detail == (
        "EssentialContainerExited: Essential container in task exited; container probe exited with"
        f" 127; its last words: {words}"
    )


@pytest.mark.parametrize(
    ("end", "status", "detail"),
    [
        (
            {"stopCode": "SpotInterruption", "stoppedReason": "Your Spot Task was interrupted."},
            TaskStatus.CAPACITY,
            "Fargate Spot took the task's capacity back: run again, or without Spot",
        ),
        (
            {
                "stopCode": "TaskFailedToStart",
                "stoppedReason": "Capacity is unavailable at this time. Please try again later or"
                " in a different availability zone",
            },
            TaskStatus.CAPACITY,
            "Capacity is unavailable at this time. Please try again later or in a different"
            " availability zone: run again later, or with --ecs-capacity-provider",
        ),
        (
            {"stopCode": "UserInitiated", "stoppedReason": "Task stopped by user"},
            TaskStatus.FAILED,
            "somebody stopped the task (Task stopped by user): run again",
        ),
    ],
)
def test_ends_that_say_nothing_of_the_network(end: Raw, status: TaskStatus, detail: str) -> None:
    """Capacity that is taken back or not there, and a stop by others, are no deaths."""
    with ecs_cloud(story=["RUNNING", "STOPPED"], end=end, log=()) as cloud:
        answer = end_of(cloud)

    assert (answer.status, answer.detail) == (status, detail)


def test_logs_that_come_late_are_waited_for() -> None:
    """The stream is not there yet, then in pages of which one is empty: read until it is whole."""
    with ecs_cloud(log=["a", "b", GAP, "c", "d", "whole"], log_from=4) as cloud:
        ((answer, log),) = ran(cloud)

    assert answer.status is TaskStatus.RAN
    assert log == "a\nb\nc\nd\nwhole\n"


@pytest.mark.parametrize("log", [(), ("a", "b", "c")])
def test_logs_that_never_come_leave_a_task_silent(log: tuple[str, ...]) -> None:
    """It ran, and nobody knows what it saw: that is no verdict."""
    with ecs_cloud(log=log) as cloud:
        answer = end_of(cloud)

    assert answer.status is TaskStatus.SILENT
    assert answer.detail == (
        f"it ran, and its answer is not in log stream {MARK}/probe/{1:032x} of /ecs/app after"
        f" 0.3 s ({len(log)} lines are): run again"
    )


def test_a_group_of_the_run_s_own_is_made_and_removed() -> None:
    """Where no log group is known, a temporary one is made, once for all tasks."""
    plan = replace(PLAN, starts=replace(GENERATED, log_group=MARK, make_group=True))
    with ecs_cloud() as cloud:
        ran(cloud, FARGATE, replace(FARGATE, subnet="subnet-b"), plan=plan)

    (made,) = cloud.called("CreateLogGroup")
    assert made == {"logGroupName": MARK, "tags": {"pytest-ecs-privatelink:run": RUN}}
    assert cloud.called("PutRetentionPolicy") == [{"logGroupName": MARK, "retentionInDays": 1}]


def test_a_user_s_own_task_is_stopped_once_it_runs() -> None:
    """Of somebody's definition only the start is proven: nothing is registered or overridden."""
    with ecs_cloud(story=["PROVISIONING", "PENDING", "RUNNING"], log=()) as cloud:
        answer = end_of(cloud, OWN)

    (request,) = cloud.called("RunTask")
    assert answer.status is TaskStatus.RAN
    assert (request["taskDefinition"], request.get("overrides")) == ("app-web", None)
    assert not cloud.called("RegisterTaskDefinition")
    assert len(cloud.called("StopTask")) == 1


@pytest.mark.parametrize(
    ("end", "status"),
    [
        (PULL, TaskStatus.DIED),
        (ENDED_WELL | {"containers": [{"name": "web", "exitCode": 3}]}, TaskStatus.RAN),
    ],
)
def test_a_user_s_own_task_that_ends_by_itself(end: Raw, status: TaskStatus) -> None:
    """What had started has proven its start, whatever it then did; what had not is dead."""
    with ecs_cloud(story=["PENDING", "STOPPED"], end=end, log=()) as cloud:
        assert end_of(cloud, OWN).status is status


def test_an_errand_that_overrides_do_not_hold_lies_in_a_definition() -> None:
    """RunTask takes 8,192 characters: what is longer is registered with the program."""
    with ecs_cloud() as cloud:
        ran(cloud, errand="x" * 8_150)

    (definition,), (request,) = cloud.called("RegisterTaskDefinition"), cloud.called("RunTask")
    (container,) = definition["containerDefinitions"]
    assert container["environment"] == [{"name": "ERRAND", "value": "x" * 8_150}]
    assert "overrides" not in request


def test_an_errand_that_no_definition_holds_is_told() -> None:
    """ECS takes 64 KB: above that nothing is made, and the line says what helps."""
    with ecs_cloud() as cloud:
        ((answer, _),) = ran(cloud, errand="x" * 65_000)

    assert (answer.status, answer.detail) == (
        TaskStatus.FAILED,
        "what the task is asked makes a task definition of 65979 bytes, above ECS's 65536: ask for"
        " less (--ecs-claims), or use a smaller CA bundle",
    )
    assert cloud.calls == []


def test_no_secret_is_in_anything_that_is_sent() -> None:
    """The run's own credentials sign, and are in no definition, override or call."""
    with ecs_cloud() as cloud:
        session = cloud.session().get_credentials()
        assert session is not None
        ran(cloud)

    sent = json.dumps(cloud.calls)
    assert session.secret_key not in sent
    assert "AWS_SECRET" not in sent


def test_a_throttled_look_is_repeated() -> None:
    """DescribeTasks that is throttled for a while costs nothing but time."""
    with ecs_cloud(refuses={"DescribeTasks": ("ThrottlingException", "Rate exceeded")}) as cloud:
        _relent_later(cloud)
        assert end_of(cloud).status is TaskStatus.RAN


def _relent_later(cloud: EcsCloud) -> None:
    def relent() -> None:
        while not cloud.called("DescribeTasks"):
            time.sleep(0.01)
        cloud.refuses = {}

    threading.Thread(target=relent, daemon=True).start()


_WORD = st.text(max_size=40)
_CONTAINER = st.fixed_dictionaries(
    {}, optional={"name": _WORD, "reason": _WORD, "exitCode": st.none() | st.integers(0, 255)}
)


@given(
    raw=st.fixed_dictionaries(
        {},
        optional={
            "stopCode": st.none() | st.sampled_from(["TaskFailedToStart", "UserInitiated", "New"]),
            "stoppedReason": st.none() | _WORD,
            "startedAt": st.floats(0, 2e9),
            "containers": st.none() | st.lists(_CONTAINER, max_size=3),
        },
    ),
    ours=st.booleans(),
)
def test_whatever_ecs_says_of_an_end_is_one_line(raw: Raw, ours: bool) -> None:
    """Fields may be missing, and texts of any kind: an end is never an error of ours."""
    status, detail = ending_of(raw, ours=ours)

    assert (detail == "") is (status is TaskStatus.RAN)
    assert detail.isprintable()
    assert len(detail) < 700
    if raw.get("stopCode") == "TaskFailedToStart":
        assert status is not TaskStatus.RAN


@given(words=st.text(max_size=300), code=_WORD)
def test_whatever_aws_refuses_with_is_one_line(words: str, code: str) -> None:
    """Nobody's error text breaks the terminal, and each names the action."""
    error = ClientError({"Error": {"Code": code, "Message": words}}, "RunTask")
    trouble = trouble_of(error, "ecs:RunTask")

    assert trouble.status is not TaskStatus.RAN
    assert trouble.detail.isprintable()
    assert len(trouble.detail) < 500

"""Options about one-off tasks: what is taken, and the one line for what has no meaning."""

from typing import Any

import pytest
from planned_vpc import REGION, SERVICES, planned, vpc

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.task_settings import task_settings
from pytest_ecs_privatelink.plugin.tasks import task_plan
from pytest_ecs_privatelink.targets.task_plan import Generated, TaskPlan
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    EcsService,
    Placement,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.verdict import LaunchType

IMAGE = f"111111111111.dkr.ecr.{REGION}.amazonaws.com/probe:1"
ROLE = "arn:aws:iam::111111111111:role/execution"
SECRET = f"arn:aws:secretsmanager:{REGION}:111111111111:secret:db-AbCdEf"
RUN = "0123456789ab"


def test_what_nobody_says_has_its_default() -> None:
    """Five minutes, the launch type's own capacity, the latest platform version."""
    assert task_settings({}) == {
        "task_definition": None,
        "task_timeout": 300.0,
        "platform_version": None,
        "capacity_provider": None,
        "architecture": None,
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("task_definition", "app-web"),
        ("task_definition", "app-web:3"),
        ("task_definition", "arn:aws:ecs:us-east-1:111122223333:task-definition/app-web:3"),
        ("platform_version", "LATEST"),
        ("platform_version", "1.4.0"),
        ("capacity_provider", "FARGATE_SPOT"),
        ("architecture", "arm64"),
    ],
)
def test_what_ecs_takes_is_taken(name: str, value: str) -> None:
    """Families, revisions and ARNs; versions; providers; both architectures."""
    assert task_settings({f"ecs_{name}": value})[name] == value


@pytest.mark.parametrize(
    ("values", "line"),
    [
        (
            {"ecs_task_definition": "app web"},
            "--ecs-task-definition 'app web': not a family or ARN of a task definition",
        ),
        (
            {"ecs_task_timeout": "0.5"},
            "--ecs-task-timeout '0.5': give seconds between 1 and 3600",
        ),
        ({"ecs_task_timeout": "nan"}, "--ecs-task-timeout 'nan': give seconds between 1 and 3600"),
        (
            {"ecs_platform_version": "1.4"},
            "--ecs-platform-version '1.4': not LATEST or a version such as 1.4.0",
        ),
        (
            {"ecs_capacity_provider": "FARGATE,SPOT"},
            "--ecs-capacity-provider 'FARGATE,SPOT': not the name of a capacity provider",
        ),
        ({"ecs_architecture": "amd64"}, "--ecs-architecture 'amd64': choose from x86_64, arm64"),
    ],
)
def test_what_has_no_meaning_is_refused(values: dict[str, str], line: str) -> None:
    """In one line that says what would be legal."""
    with pytest.raises(SettingsError) as refused:
        task_settings(values)

    assert str(refused.value) == line


def plan_of(**said: Any) -> TaskPlan:  # noqa: ANN401 - fields of Settings
    """Return how tasks are started in a cluster with one Fargate service, as these options say."""
    placement = Placement(
        launch_type=LaunchType.FARGATE,
        task_definition="app:1",
        subnets=("subnet-a",),
        groups=("sg-tasks",),
        public_address=True,
    )
    container = Container(
        name="web",
        image=f"111111111111.dkr.ecr.{REGION}.amazonaws.com/web:1",
        log_driver="awslogs",
        log_group="/ecs/app",
        secrets=(Secret(reference=SECRET),),
    )
    cluster = Cluster(
        arn="arn:aws:ecs:us-west-2:111111111111:cluster/app",
        name="app",
        services=(EcsService(name="web", placements=(placement,)),),
        task_definitions=(
            TaskDefinition(
                arn="app:1", containers=(container,), execution_role=ROLE, architecture="ARM64"
            ),
        ),
    )
    return task_plan(planned(vpc(*SERVICES, cluster=cluster), run=RUN, **said))


def test_a_generated_task_is_what_the_cluster_s_are() -> None:
    """Execution role, log group, secret, groups and architecture are theirs; the image is named."""
    plan = plan_of(images=(IMAGE,))

    generated = plan.starts
    assert isinstance(generated, Generated)
    assert (generated.image, generated.execution_role) == (IMAGE, ROLE)
    assert (generated.log_group, generated.make_group) == ("/ecs/app", False)
    assert (generated.secret, generated.architecture) == (SECRET, "ARM64")
    assert plan.cluster == "arn:aws:ecs:us-west-2:111111111111:cluster/app"
    assert plan.groups[LaunchType.FARGATE] == ("sg-tasks",)
    assert plan.public == {"subnet-a"}


def test_options_are_first() -> None:
    """What options say of log group, secret, groups, architecture and capacity is taken."""
    plan = plan_of(
        images=(IMAGE,),
        log_group="/mine",
        secrets=("mine",),
        security_groups=("sg-mine",),
        architecture="x86_64",
        capacity_provider="FARGATE_SPOT",
        platform_version="1.4.0",
        task_timeout=60.0,
    )

    generated = plan.starts
    assert isinstance(generated, Generated)
    assert (generated.log_group, generated.secret) == ("/mine", "mine")
    assert generated.architecture == "X86_64"
    assert plan.groups[LaunchType.FARGATE] == ("sg-mine",)
    assert (plan.provider, plan.platform_version) == ("FARGATE_SPOT", "1.4.0")
    assert plan.deadline == 60.0


def test_a_user_s_own_definition_is_started_as_it_is() -> None:
    """With one, nothing is generated, whatever images are named for other claims."""
    assert plan_of(images=(IMAGE,), task_definition="app-web").starts == "app-web"

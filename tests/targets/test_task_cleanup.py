"""What killed runs left in ECS is found by its names alone, and nothing else is touched."""

import pytest
from ecs_cloud import ACCOUNT, EcsCloud, ecs_cloud

from pytest_ecs_privatelink.targets.cleanup import Cleaned, Sought, clean
from pytest_ecs_privatelink.targets.traces import Trace, TraceKind

RUN, OTHER_RUN = "0123456789ab", "ba9876543210"
CREATED = 1_000_000
"""When everything in that cloud was made, in milliseconds."""


def task_of(run: str, cluster: str = "app") -> Trace:
    """Return the trace of a run's tasks."""
    name = f"pytest-ecs-privatelink/{run}"
    return Trace(kind=TraceKind.TASKS, name=name, cluster=cluster)


def definition_of(run: str, kind: str = "fargate") -> Trace:
    """Return the trace of a run's definitions."""
    return Trace(kind=TraceKind.TASK_DEFINITION, name=f"pytest-ecs-privatelink-{run}-{kind}")


def fill(cloud: EcsCloud) -> None:
    """Have two runs' tasks and definitions there, and other people's that resemble them."""
    families = (
        definition_of(RUN).name,
        definition_of(RUN, "ec2").name,
        definition_of(OTHER_RUN).name,
        "pytest-ecs-privatelink-notes",
        f"pytest-ecs-privatelink-{RUN}",
        f"my-{definition_of(RUN).name}",
    )
    for family in families:
        cloud.definitions[f"{ACCOUNT}:task-definition/{family}:1"] = {"family": family}
    starters = (task_of(RUN).name, task_of(OTHER_RUN).name, "ecs-svc/1", "pytest-ecs-privatelink/x")
    for number, by in enumerate(starters):
        arn = f"{ACCOUNT}:task/app/{number}"
        cloud.tasks[arn] = {"startedBy": by, "desired": "RUNNING", "clientToken": str(number)}


def left(cloud: EcsCloud) -> tuple[set[str], set[str]]:
    """Return who started what still runs, and the families that are there."""
    running = {each["startedBy"] for each in cloud.tasks.values() if each["desired"] == "RUNNING"}
    return running, {each["family"] for each in cloud.definitions.values()}


STRANGERS = (
    {"ecs-svc/1", "pytest-ecs-privatelink/x"},
    {
        "pytest-ecs-privatelink-notes",
        f"pytest-ecs-privatelink-{RUN}",
        f"my-pytest-ecs-privatelink-{RUN}-fargate",
    },
)


def cleaned(cloud: EcsCloud, run: str | None, before: int = 0, cluster: str = "app") -> Cleaned:
    """Return what a clean-up came to."""
    sought = Sought(run=run, before=before, groups=(), clusters=(cluster,))
    return clean(cloud.session(), sought, lambda _: None)


def test_a_run_s_tasks_and_definitions_go_at_once() -> None:
    """Its tasks are stopped first, then both families are deregistered; nobody else's."""
    with ecs_cloud() as cloud:
        fill(cloud)
        ended = cleaned(cloud, RUN)
        running, families = left(cloud)

    assert ended.problems == ()
    assert ended.removed == (task_of(RUN), definition_of(RUN), definition_of(RUN, "ec2"))
    assert running == {*STRANGERS[0], task_of(OTHER_RUN).name}
    assert families == {*STRANGERS[1], definition_of(OTHER_RUN).name}


@pytest.mark.parametrize(("before", "gone"), [(CREATED, False), (CREATED + 1, True)])
def test_without_an_id_only_the_old_go(before: int, gone: bool) -> None:
    """Of all runs what was made before the moment given: what is younger may be in use."""
    with ecs_cloud(story=["RUNNING"], log=()) as cloud:
        fill(cloud)
        ended = cleaned(cloud, None, before)
        rest = left(cloud)

    assert ended.problems == ()
    assert len(ended.removed) == (5 if gone else 0)
    assert (rest == STRANGERS) is gone


def test_without_a_cluster_every_one_is_searched() -> None:
    """Nobody has to know where a killed run had its tasks."""
    with ecs_cloud() as cloud:
        fill(cloud)
        sought = Sought(run=RUN, before=0, groups=())
        ended = clean(cloud.session(), sought, lambda _: None)

    assert task_of(RUN, f"{ACCOUNT}:cluster/app") in ended.removed


def test_who_may_not_look_is_told() -> None:
    """That nothing was found is no word where nobody could look."""
    with ecs_cloud(refuses={"ListTasks": ("AccessDeniedException", "no")}) as cloud:
        ended = cleaned(cloud, RUN)

    assert ended.problems == (
        "tasks of app cannot be looked for: AccessDeniedException for ecs:ListTasks",
    )


def test_a_cluster_that_cannot_be_searched_keeps_nothing_else() -> None:
    """What is left elsewhere goes all the same."""
    with ecs_cloud(refuses={"ListTasks": ("ClusterNotFoundException", "gone")}) as cloud:
        fill(cloud)
        ended = cleaned(cloud, RUN)

    assert ended.removed == (definition_of(RUN), definition_of(RUN, "ec2"))
    assert ended.problems == (
        "tasks of app cannot be looked for: ClusterNotFoundException for ecs:ListTasks",
    )


def test_a_task_that_cannot_be_stopped_keeps_no_other_running() -> None:
    """The trouble with one is told when all have been tried."""
    with ecs_cloud(stubborn=f"{ACCOUNT}:task/app/0") as cloud:
        fill(cloud)
        cloud.tasks[f"{ACCOUNT}:task/app/9"] = {**cloud.tasks[f"{ACCOUNT}:task/app/0"]}
        ended = cleaned(cloud, RUN)
        running = [arn for arn, each in cloud.tasks.items() if each["desired"] == "RUNNING"]

    assert ended.problems == (
        f"cannot remove {task_of(RUN)}: InvalidParameterException for ecs:StopTask",
    )
    assert f"{ACCOUNT}:task/app/9" not in running


@pytest.mark.parametrize(
    ("kind", "name", "cluster", "why"),
    [
        (TraceKind.TASKS, f"pytest-ecs-privatelink/{RUN}", None, "tasks run in a cluster"),
        (TraceKind.TASK_DEFINITION, "app-web", None, "is not a run's own"),
        (
            TraceKind.TASK_DEFINITION,
            f"pytest-ecs-privatelink-{RUN}-fargate",
            "app",
            "tasks run in a cluster, nothing else does",
        ),
    ],
)
def test_nothing_but_a_run_s_own_can_be_noted(
    kind: TraceKind, name: str, cluster: str | None, why: str
) -> None:
    """What is removed at the end cannot be somebody else's, whatever a bug asks."""
    with pytest.raises(ValueError, match=why):
        Trace(kind=kind, name=name, cluster=cluster)

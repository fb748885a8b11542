"""How tests have tasks run: quickly, and with nothing left afterwards."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from ecs_cloud import EcsCloud

from pytest_ecs_privatelink.probes.task_records import TaskAnswer, TaskQuestion
from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.targets.task_patience import Patience
from pytest_ecs_privatelink.targets.task_plan import Generated, TaskPlan
from pytest_ecs_privatelink.targets.task_runs import TaskRuns
from pytest_ecs_privatelink.verdict import LaunchType

RUN = "0123456789ab"
ROLE = "arn:aws:iam::111122223333:role/execution"
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-AbCdEf"
QUICK = Patience(shortest=0.01, longest=0.02, missing=0.1, logs=0.3, farewell=0.3, attempts=2)
GENERATED = Generated(
    image="111122223333.dkr.ecr.us-east-1.amazonaws.com/probe:1",
    command="exec python3 -",
    errand="ERRAND",
    execution_role=ROLE,
    log_group="/ecs/app",
    secret=SECRET,
    secret_name="SECRET",
)
PLAN = TaskPlan(
    cluster="app",
    run=RUN,
    region="us-east-1",
    starts=GENERATED,
    groups={LaunchType.FARGATE: ("sg-1",), LaunchType.EC2: ("sg-2",)},
    deadline=20.0,
)
OWN = replace(PLAN, starts="app-web")
FARGATE = TaskQuestion(subnet="subnet-a", launch_type=LaunchType.FARGATE)


def is_whole(log: str) -> bool:
    """Say what the program of these tests says at its end."""
    return "whole" in log


def ran(
    cloud: EcsCloud,
    *questions: TaskQuestion,
    plan: TaskPlan = PLAN,
    errand: str = "errand",
    progress: list[str] | None = None,
) -> Sequence[tuple[TaskAnswer, str]]:
    """Return the ends of tasks that all run together; afterwards nothing of them is left."""
    ledger = Ledger(plan.run, cloud.session)
    runs = TaskRuns(plan, cloud.session, ledger, QUICK)
    runs.listen(None if progress is None else progress.append)

    async def go() -> list[tuple[TaskAnswer, str]]:
        try:
            wanted = questions or (FARGATE,)
            return list(
                await asyncio.gather(*(runs.run(each, errand, is_whole) for each in wanted))
            )
        finally:
            await runs.close()

    found = asyncio.run(go())
    assert ledger.remove() is None
    assert cloud.left == {}
    return found


def end_of(cloud: EcsCloud, plan: TaskPlan = PLAN) -> TaskAnswer:
    """Return the end of one Fargate task."""
    ((answer, _),) = ran(cloud, plan=plan)
    return answer

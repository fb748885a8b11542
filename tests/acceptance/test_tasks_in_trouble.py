"""ECS has no task for us, or loses it: the verdict says so, and nothing is left running."""

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from opened_runs import Opened, opened

from pytest_ecs_privatelink.claims.foreseen import foreseen_dials
from pytest_ecs_privatelink.lab.faults.tasks import FAULTS
from pytest_ecs_privatelink.lab.task_truth import tell
from pytest_ecs_privatelink.plugin.tasks import task_plan
from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.targets.task_patience import Patience
from pytest_ecs_privatelink.targets.task_runs import TaskRuns
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.instance.opening import certificates
from pytest_ecs_privatelink.vantage.task.desk import TaskDesk
from pytest_ecs_privatelink.verdict import Check, Claim, LaunchType, Verdict, task_cell

QUICK = Patience(shortest=0.05, longest=0.1, missing=0.3, logs=6.0, attempts=4)
LONGEST = 15.0
FACTS = ("throttled", "failure", "stuck", "vanishing", "logs")
ENDS = {
    "task-throttled": (Verdict.PASSED, None),
    "task-throttled-for-ever": (Verdict.ERROR, "ECS throttled the calls, retries included: "),
    "task-no-interface": (Verdict.ERROR, "ECS found no place for the task: "),
    "task-no-capacity": (Verdict.ERROR, "ECS found no place for the task: "),
    "task-stuck": (Verdict.ERROR, "the task did not end in time (--ecs-task-timeout): "),
    "task-vanishes": (Verdict.ERROR, "ECS knows the task no more: "),
    "task-logs-late": (Verdict.PASSED, None),
    "task-logs-never": (
        Verdict.ERROR,
        "the task ran, and its words never came to its log stream: ",
    ),
}


@dataclass(frozen=True, slots=True)
class Clinic:
    """A lab whose cloud treats tasks as it is told, and a Fargate task in its first subnet."""

    lab: Opened

    @property
    def ecs(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A client of its cloud's ECS."""
        return self.lab.lab.session.client("ecs")

    @property
    def cluster(self) -> str:
        """The name of the cluster."""
        cluster = self.lab.run.part.plan.snapshot.cluster
        assert cluster is not None
        return cluster.name

    def judge(self, deadline: float, patience: Patience) -> Check:
        """Have one task started and judged, and what it made removed."""
        plan, session = self.lab.run.part.plan, lambda: self.lab.lab.session
        run = uuid.uuid4().hex[:12]  # ECS starts nothing anew for a token that it knows
        ledger = Ledger(run, session)
        asked = replace(task_plan(plan), run=run, deadline=deadline)
        runs = TaskRuns(asked, session, ledger, patience)
        dials = foreseen_dials(plan.terms)
        desk = TaskDesk(runs, dials=dials, bundle=certificates(None), deadline=deadline)
        cell = task_cell(plan.terms.subnets[0].id, LaunchType.FARGATE)

        terms = replace(plan.terms, errands=replace(plan.terms.errands, run=run))

        async def go() -> Check:
            broker = Broker(terms, {}, {}, notes=ledger, tasks=desk)
            try:
                return await broker.check(cell)
            finally:
                await broker.close()

        check = asyncio.run(go())
        assert ledger.remove() is None
        return check


@pytest.fixture(scope="module")
def clinic() -> Iterator[Clinic]:
    """Open one lab for all of these ends."""
    with opened(claims=(Claim.TASK_START,), launch_types=(LaunchType.FARGATE,)) as lab:
        yield Clinic(lab)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)
def test_what_nobody_saw_start_is_told_and_nothing_runs_on(clinic: Clinic, fault: Any) -> None:  # noqa: ANN401 - Fault
    """Throttled, no room, stuck, gone, unheard: an error with its reason; late is no trouble."""
    tell(clinic.lab.lab.session, clinic.cluster, **dict.fromkeys(FACTS, ""))
    fault.break_cloud(clinic.lab.lab.world, clinic.lab.lab.session)
    verdict, reason = ENDS[fault.name]
    check = clinic.judge(
        2.0 if fault.name == "task-stuck" else LONGEST,
        replace(QUICK, logs=1.5) if fault.name == "task-logs-never" else QUICK,
    )

    assert check.verdict is verdict, check
    assert (check.reason or "").startswith(reason or "")
    assert clinic.ecs.list_tasks(cluster=clinic.cluster)["taskArns"] == []
    active = clinic.ecs.list_task_definitions(familyPrefix="pytest-ecs-privatelink")
    assert active["taskDefinitionArns"] == []


def test_every_such_end_is_here() -> None:
    """A fault of RunTask that nobody judges would be none."""
    assert set(ENDS) == {each.name for each in FAULTS}

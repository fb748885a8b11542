"""The one-off tasks of a run: what they are started with, as options and the cluster say."""

import functools
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.catalogue.marks import marked
from pytest_ecs_privatelink.claims.foreseen import foreseen_dials
from pytest_ecs_privatelink.plugin.plan import Plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.cluster import TaskDefinition
from pytest_ecs_privatelink.topology.evidence import defined
from pytest_ecs_privatelink.topology.lookup import default_group
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Claim, LaunchType

if TYPE_CHECKING:
    import boto3

    from pytest_ecs_privatelink.targets.ledger import Ledger
    from pytest_ecs_privatelink.targets.task_plan import Generated, TaskPlan
    from pytest_ecs_privatelink.targets.task_runs import TaskRuns
    from pytest_ecs_privatelink.targets.trust import CaBundle
    from pytest_ecs_privatelink.vantage.task.desk import TaskDesk

Opening = Callable[["Ledger"], "RunTasks"]
_ROOM = 8_000
"""Bytes of certificates that a task definition has room for, beside the program and its errand."""


def tasks_for(
    plan: Plan,
    session: "Callable[[], boto3.Session]",
    *,
    hosts_trust: str | None = None,
) -> Opening | None:
    """Return what opens the tasks of a run of ``plan``, None where it proves nothing by them.

    ``hosts_trust`` is the bundle that images have one of their own for.
    """
    if not plan.started or plan.settings.read_only:
        return None
    return functools.partial(_open, plan, session, hosts_trust)


def tasks_overladen(trusted: "CaBundle", plan: Plan) -> Mapping[Claim, str]:
    """Return why tasks cannot take the certificates ``trusted`` along; nothing where they can.

    A bundle that the user named travels in the task definition; else images have one of their own.
    """
    inside = plan.started and not plan.settings.task_definition and not plan.settings.read_only
    if not inside or trusted.source == "botocore" or os.path.getsize(trusted.path) <= _ROOM:
        return {}
    return {
        Claim.TASK_START: f"{trusted.source}={trusted.path} is too large to go with a task: name a "
        "file with the few certificates that are needed, or unset it for the image's own trust"
    }


class RunTasks:
    """The tasks of one run: the ``desk`` that the broker asks, and the ``runs`` behind it."""

    def __init__(self, desk: "TaskDesk", runs: "TaskRuns") -> None:
        self.desk = desk
        self._runs = runs

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent for them, by IAM action."""
        return self._runs.calls

    def listen(self, progress: Callable[[str], None] | None) -> None:
        """Have ``progress`` told in a few words how they get on, from another thread."""
        self._runs.listen(progress)


def _open(
    plan: Plan,
    session: "Callable[[], boto3.Session]",
    hosts_trust: str | None,
    ledger: "Ledger",
) -> RunTasks:
    """Return who starts tasks in this run; nothing is sent yet."""
    from pytest_ecs_privatelink.targets.task_runs import TaskRuns
    from pytest_ecs_privatelink.vantage.bundle import bundle
    from pytest_ecs_privatelink.vantage.instance.opening import certificates
    from pytest_ecs_privatelink.vantage.task.desk import TaskDesk

    bundle()  # here and now: in 3.11, two threads that parse at once are a SystemError
    runs = TaskRuns(task_plan(plan), session, ledger)
    desk = TaskDesk(
        runs,
        dials=foreseen_dials(plan.terms),
        bundle=certificates(hosts_trust),
        deadline=plan.settings.task_timeout,
    )
    return RunTasks(desk, runs)


def task_plan(plan: Plan) -> "TaskPlan":
    """Return what tasks are started with: what options name, else what the cluster shows."""
    from pytest_ecs_privatelink.targets.task_plan import TaskPlan

    settings, snapshot = plan.settings, plan.snapshot
    assert snapshot.cluster is not None
    default = default_group(snapshot)
    unsaid = None if default is None else (default.id,)
    return TaskPlan(
        cluster=snapshot.cluster.arn,
        run=settings.run,
        region=snapshot.region,
        starts=settings.task_definition or _generated(plan),
        groups={kind: plan.terms.wearers.get(kind) or unsaid for kind in LaunchType},
        public=_public(snapshot),
        platform_version=settings.platform_version,
        provider=settings.capacity_provider,
        deadline=settings.task_timeout,
    )


def _generated(plan: Plan) -> "Generated":
    from pytest_ecs_privatelink.targets.task_plan import Generated
    from pytest_ecs_privatelink.vantage.task.program import ERRAND, SECRET, command

    settings, snapshot, errands = plan.settings, plan.snapshot, plan.terms.errands
    image, role = _image(settings, snapshot), _execution_role(snapshot)
    assert image is not None
    assert role is not None
    group = next((each.name for each in errands.log_groups), None)
    return Generated(
        image=image,
        command=command(),
        errand=ERRAND,
        execution_role=role,
        log_group=group or marked(settings.run),
        make_group=group is None,
        secret=next(iter((*errands.secrets, *errands.parameters)), None),
        secret_name=SECRET,
        architecture=(settings.architecture or _architecture(snapshot)).upper(),
    )


def _image(settings: Settings, snapshot: Snapshot) -> str | None:
    """Return an image with Python: what is named; of the lab's own world, any that it runs."""
    if settings.images:
        return settings.images[0]
    if not settings.own_world:
        return None
    return next((each.image for task in _definitions(snapshot) for each in task.containers), None)


def _execution_role(snapshot: Snapshot) -> str | None:
    return next(
        (each.execution_role for each in _definitions(snapshot) if each.execution_role), None
    )


def _architecture(snapshot: Snapshot) -> str:
    said = (each.architecture for each in _definitions(snapshot))
    return next(filter(None, said), "x86_64")


def _definitions(snapshot: Snapshot) -> tuple[TaskDefinition, ...]:
    return () if snapshot.cluster is None else tuple(each for _, each in defined(snapshot.cluster))


def _public(snapshot: Snapshot) -> frozenset[str]:
    """Return the subnets whose tasks get public addresses, as the cluster's ECS services do it."""
    services = () if snapshot.cluster is None else snapshot.cluster.services or ()
    return frozenset(
        subnet
        for service in services
        for placement in service.placements
        if placement.public_address
        for subnet in placement.subnets
    )

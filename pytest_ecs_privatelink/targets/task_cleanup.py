"""Find in ECS what killed runs left there: tasks by what started them, definitions by family."""

from collections.abc import Iterator
from datetime import datetime

from pytest_ecs_privatelink.catalogue.marks import MARK, marked, run_of
from pytest_ecs_privatelink.targets.clients import Client
from pytest_ecs_privatelink.targets.task_traces import MOST_DESCRIBED, Raw, pages
from pytest_ecs_privatelink.targets.traces import Trace, TraceKind


def definitions_left(ecs: Client, run: str | None, before: int) -> Iterator[Trace]:
    """Yield the families of ``run``; None: of any, registered before ``before`` (milliseconds)."""
    prefix = f"{MARK}-{run or ''}"
    for family in pages(
        ecs, "list_task_definition_families", "families", familyPrefix=prefix, status="ACTIVE"
    ):
        found = run_of(family)
        if found is None or run not in (None, found):
            continue
        if run is not None or _is_old(_registered(ecs, family), before):
            yield Trace(kind=TraceKind.TASK_DEFINITION, name=family)


def tasks_left(ecs: Client, cluster: str, run: str | None, before: int) -> Iterator[Trace]:
    """Yield the tasks in ``cluster`` of ``run``; None: of any, made before ``before``."""
    if run is not None:
        started_by = marked(run)
        if any(pages(ecs, "list_tasks", "taskArns", cluster=cluster, startedBy=started_by)):
            yield Trace(kind=TraceKind.TASKS, name=started_by, cluster=cluster)
        return
    arns = list(pages(ecs, "list_tasks", "taskArns", cluster=cluster))
    names = {
        str(raw["startedBy"])
        for start in range(0, len(arns), MOST_DESCRIBED)
        for raw in _described(ecs, cluster, arns[start : start + MOST_DESCRIBED])
        if run_of(str(raw.get("startedBy"))) and _is_old(raw.get("createdAt"), before)
    }
    for name in sorted(names):
        yield Trace(kind=TraceKind.TASKS, name=name, cluster=cluster)


def clusters_of(ecs: Client) -> tuple[str, ...]:
    """Return the ARNs of all clusters."""
    return tuple(pages(ecs, "list_clusters", "clusterArns"))


def _described(ecs: Client, cluster: str, arns: list[str]) -> list[Raw]:
    found: list[Raw] = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
    return found


def _registered(ecs: Client, family: str) -> datetime | None:
    definition = ecs.describe_task_definition(taskDefinition=family)["taskDefinition"]
    found: datetime | None = definition.get("registeredAt")
    return found


def _is_old(made: datetime | None, before: int) -> bool:
    return made is not None and made.timestamp() * 1000 < before

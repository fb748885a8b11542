"""The task definitions and roles that a snapshot knows, and what kept them from being read."""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.policies.needs import Caller
from pytest_ecs_privatelink.topology.cluster import TaskDefinition
from pytest_ecs_privatelink.topology.model import Snapshot

_TASKS = "ecs:DescribeTaskDefinition"
_PARTS_OF_TASKS = ("cluster", "task_definitions", "cluster.task_definitions")
_ROLES = (
    *("iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies"),
    *("iam:GetPolicy", "iam:GetPolicyVersion"),
)


@dataclass(frozen=True, slots=True)
class Unread:
    """A part that was not read: why, and the IAM actions that would help."""

    reason: str
    permissions: tuple[str, ...]


def task_definitions(snapshot: Snapshot) -> tuple[TaskDefinition, ...]:
    """Return the task definitions that are known; none without a cluster."""
    cluster = snapshot.cluster
    return () if cluster is None else cluster.task_definitions or ()


def unread_tasks(snapshot: Snapshot) -> Unread | None:
    """Return why the task definitions of a cluster that was asked for are not known, or None."""
    missing = [each.permission for each in snapshot.unreadable if each.part in _PARTS_OF_TASKS]
    known = snapshot.cluster is not None and snapshot.cluster.task_definitions is not None
    asked_for = snapshot.cluster is not None or bool(missing)
    if known or not asked_for or snapshot.emulated:
        return None
    return _unread("task definitions", tuple(dict.fromkeys(missing)) or (_TASKS,))


def unread_roles(snapshot: Snapshot) -> Unread | None:
    """Return why the execution roles' policies are not known, or None where they are."""
    if snapshot.roles is not None or snapshot.emulated:
        return None
    missing = [each.permission for each in snapshot.unreadable if each.part == "roles"]
    return _unread("the role's policies", tuple(dict.fromkeys(missing)) or _ROLES)


def name_of(role: str) -> str:
    """Return the name in a role's ARN, which IAM's commands take."""
    return role.rpartition("/")[2]


def roles_of(
    snapshot: Snapshot, caller: Caller
) -> Iterator[tuple[str, tuple[TaskDefinition, ...]]]:
    """Yield each role's ARN with the task definitions that name it; no instance's is named."""
    naming: dict[str, list[TaskDefinition]] = {}
    for task in task_definitions(snapshot):
        role = {Caller.EXECUTION: task.execution_role, Caller.TASK: task.task_role}.get(caller)
        if role:
            naming.setdefault(role, []).append(task)
    for role, tasks in sorted(naming.items()):
        yield role, tuple(tasks)


def _unread(what: str, permissions: tuple[str, ...]) -> Unread:
    listed = ", ".join(permissions)
    return Unread(f"{what} could not be read: missing permission {listed}", permissions)

"""Why a one-off task could not be had, in one line that says what to do."""

import re

from pytest_ecs_privatelink.probes.task_records import TaskStatus
from pytest_ecs_privatelink.targets.traces import error_code, in_words, is_silence

_LONGEST = 240
_REFUSED_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_BECAUSE = re.compile(r"because (no [\w -]*policy allows)|with an explicit deny in [\w -]*policy")
_THROTTLED = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestThrottled",
    }
)
_DENIED = frozenset({"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"})
_DEFINITION = re.compile(r"task ?definition", re.IGNORECASE)
_NO_CAPACITY = "Capacity is unavailable at this time"
# What RunTask may answer in place of a task [ECS guide, "api_failures_messages"].
_FAILURES = (
    (
        re.compile(r"RESOURCE:ENI"),
        "no container instance there has a network interface left for a task: end one of its tasks,"
        " or give the account ENI trunking (awsvpcTrunking)",
    ),
    (
        re.compile(r"RESOURCE:\S+"),
        "no container instance there has as much left as a task takes (256 CPU units, 512 MiB)",
    ),
    (
        re.compile(r"AGENT"),
        "the ECS agent of the container instance is disconnected: see claim agent",
    ),
    (
        re.compile(r"MemberOf|placement constraint|No Container Instances", re.IGNORECASE),
        "no container instance of the cluster stands in that subnet",
    ),
    (
        re.compile(r"ATTRIBUTE"),
        "no container instance there can run such a task: see its attributes and architecture",
    ),
    (
        re.compile(_NO_CAPACITY),
        "run again later, or with --ecs-capacity-provider",
    ),
)


class TaskTrouble(Exception):  # noqa: N818 - an outcome, not a fault
    """There is no task, or nothing of it: ``status`` says how, the text in one line why."""

    def __init__(self, status: TaskStatus, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


def trouble_of(error: Exception, action: str, host: str = "the ECS API") -> TaskTrouble:
    """Return what ``error`` means that botocore raised for the IAM action ``action``."""
    code, words = error_code(error), in_words(error)
    if named := _REFUSED_ACTION.search(words):
        return _denied(named[1], words)
    if code in _DENIED:
        return _denied(action, words)
    if code in _THROTTLED or "Rate exceeded" in words:
        said = f"{action} is throttled ({code}), also when repeated: run again when less is started"
        return TaskTrouble(TaskStatus.THROTTLED, f"{said}, or prove fewer subnets (--ecs-subnet)")
    if _NO_CAPACITY in words:
        return trouble_of_failure(words)
    if is_silence(error):
        return TaskTrouble(TaskStatus.FAILED, f"no answer from {host} to {action}: see its network")
    told = words if code is None else f"{code}: {_message(error)}"
    return TaskTrouble(TaskStatus.FAILED, f"{action} failed: {one_line(told)}")


def trouble_of_failure(reason: str, detail: str = "") -> TaskTrouble:
    """Return what one of RunTask's ``failures`` means."""
    said = one_line(f"{reason} ({detail})" if detail else reason)
    for pattern, advice in _FAILURES:
        if pattern.search(reason):
            return TaskTrouble(TaskStatus.CAPACITY, f"{said}: {advice}")
    return TaskTrouble(TaskStatus.FAILED, f"RunTask started no task: {said}")


def trouble_with_definition(trouble: TaskTrouble, starts: object) -> TaskTrouble:
    """Return ``trouble`` with the user's own task definition named, where it is about that."""
    if not isinstance(starts, str) or not _DEFINITION.search(trouble.detail):
        return trouble
    return TaskTrouble(
        trouble.status, f"{trouble.detail.rstrip('.')}: --ecs-task-definition {starts}"
    )


def one_line(text: str, longest: int = _LONGEST) -> str:
    """Return ``text`` in one line of bounded length, without what a terminal would obey."""
    flat = "".join(each if each.isprintable() else "?" for each in " ".join(text.split()))
    return f"{flat[:longest]} ..." if len(flat) > longest else flat


def _denied(action: str, words: str) -> TaskTrouble:
    where = " on the tasks' execution role" if action == "iam:PassRole" else ""
    because = _BECAUSE.search(words)
    why = "" if because is None else f" ({because[0]}{' it' if because[1] else ''})"
    return TaskTrouble(
        TaskStatus.DENIED, f"{action}{where} is denied{why}: docs/iam-policy.json has it"
    )


def _message(error: Exception) -> str:
    return str(getattr(error, "response", {}).get("Error", {}).get("Message") or "no word")

"""What a run leaves in an AWS account while it lasts, how it is told, and how it is deleted."""

from dataclasses import dataclass
from enum import StrEnum

from botocore import exceptions as boto

from pytest_ecs_privatelink.catalogue.marks import run_of
from pytest_ecs_privatelink.probes.call_records import LogQuestion
from pytest_ecs_privatelink.targets.clients import Clients
from pytest_ecs_privatelink.targets.task_traces import deregister, stop_tasks

_RETRIED = frozenset({"ThrottlingException", "OperationAbortedException", "ServiceUnavailable"})
_RETRIED |= {"ServiceUnavailableException", "InternalFailure", "ServerException"}


class TraceKind(StrEnum):
    """What can be created, as messages call it."""

    LOG_GROUP = "log group"
    LOG_STREAM = "log stream"
    TASKS = "tasks"
    TASK_DEFINITION = "task definition"


_ACTIONS = {
    TraceKind.LOG_GROUP: "logs:DeleteLogGroup",
    TraceKind.LOG_STREAM: "logs:DeleteLogStream",
    TraceKind.TASKS: "ecs:StopTask",
    TraceKind.TASK_DEFINITION: "ecs:DeregisterTaskDefinition",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing that a run may create, whose ``name`` begins with our mark.

    ``group`` holds a log stream, ``cluster`` tasks, which are known by what started them. A task
    definition is known by its family: all revisions of it.
    """

    kind: TraceKind
    name: str
    group: str | None = None
    cluster: str | None = None

    def __post_init__(self) -> None:
        if run_of(self.name) is None:
            raise ValueError(f"{self.kind} {self.name} is not a run's own: it has not our mark")
        if (self.group is None) is (self.kind is TraceKind.LOG_STREAM):
            raise ValueError(f"{self.kind} {self.name}: a log stream stands in a group, no other")
        if (self.cluster is None) is (self.kind is TraceKind.TASKS):
            raise ValueError(f"{self.kind} {self.name}: tasks run in a cluster, nothing else does")

    def __str__(self) -> str:
        where = self.group or self.cluster
        return f"{self.kind} {self.name}{f' of {where}' if where else ''}"

    @property
    def action(self) -> str:
        """The IAM action that deletes it."""
        return _ACTIONS[self.kind]


def traces_of(question: object) -> tuple[Trace, ...]:
    """Return what answering ``question`` may create, in that order; most questions nothing."""
    if not isinstance(question, LogQuestion) or not question.write:
        return ()
    stream = Trace(kind=TraceKind.LOG_STREAM, name=question.stream, group=question.group)
    if not question.make_group:
        return (stream,)
    return (Trace(kind=TraceKind.LOG_GROUP, name=question.group), stream)


def delete(clients: Clients, trace: Trace) -> bool:
    """Delete ``trace`` and return True, False where it is not there; raises what botocore does."""
    if trace.kind is TraceKind.TASKS:
        return stop_tasks(clients.ecs, str(trace.cluster), trace.name)
    if trace.kind is TraceKind.TASK_DEFINITION:
        return deregister(clients.ecs, trace.name)
    try:
        if trace.kind is TraceKind.LOG_GROUP:
            clients.logs.delete_log_group(logGroupName=trace.name)
        else:
            clients.logs.delete_log_stream(logGroupName=trace.group, logStreamName=trace.name)
    except clients.logs.exceptions.ResourceNotFoundException:
        return False
    return True


def may_pass(error: Exception) -> bool:
    """Return whether ``error`` is one that is gone in a moment: throttling and the like."""
    return error_code(error) in _RETRIED


def is_silence(error: Exception) -> bool:
    """Return whether nobody answered, so that the next call would wait in vain as well."""
    return isinstance(error, (boto.HTTPClientError, boto.ConnectionError))


def why(error: Exception, clients: Clients, action: str) -> str:
    """Return in a few words, without anything secret, why ``action`` came to nothing."""
    if code := error_code(error):
        assert isinstance(error, boto.ClientError)
        # Of ECS, several calls make one removal.
        said = f"ecs:{error.operation_name}" if action.startswith("ecs:") else action
        return f"{code} for {said}"
    if is_silence(error):
        return f"no answer from {clients.host(action.partition(':')[0])}"
    return in_words(error)


def in_words(error: Exception) -> str:
    """Return in one line what ``error`` says; of credentials that could not be had, only that.

    botocore quotes what a credential process or metadata service said.
    """
    if isinstance(error, (boto.CredentialRetrievalError, boto.MetadataRetrievalError)):
        return "AWS credentials could not be had"
    return " ".join(str(error).split()) or type(error).__name__


def error_code(error: Exception) -> str | None:
    """Return AWS's error code, None where AWS did not answer with one."""
    if not isinstance(error, boto.ClientError):
        return None
    return str(error.response.get("Error", {}).get("Code") or "an error without code")

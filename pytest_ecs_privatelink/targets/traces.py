"""What a run leaves in an AWS account while it lasts, how it is told, and how it is deleted."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore import exceptions as boto
from botocore.config import Config

from pytest_ecs_privatelink.catalogue.marks import run_of
from pytest_ecs_privatelink.probes.call_records import LogQuestion

if TYPE_CHECKING:
    import boto3

Client = Any
"""A boto3 client: botocore makes its methods at run time."""

_RETRIED = frozenset({"ThrottlingException", "OperationAbortedException", "ServiceUnavailable"})
_RETRIED |= {"ServiceUnavailableException", "InternalFailure"}


class TraceKind(StrEnum):
    """What can be created, as messages call it."""

    LOG_GROUP = "log group"
    LOG_STREAM = "log stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One thing that a run may create: ``name`` begins with our mark; ``group`` holds a stream."""

    kind: TraceKind
    name: str
    group: str | None = None

    def __post_init__(self) -> None:
        if run_of(self.name) is None:
            raise ValueError(f"{self.kind} {self.name} is not a run's own: it has not our mark")
        if (self.group is None) is (self.kind is TraceKind.LOG_STREAM):
            raise ValueError(f"{self.kind} {self.name}: a log stream stands in a group, no other")

    def __str__(self) -> str:
        return f"{self.kind} {self.name}{f' of {self.group}' if self.group else ''}"

    @property
    def action(self) -> str:
        """The IAM action that deletes it."""
        return {TraceKind.LOG_GROUP: "logs:DeleteLogGroup"}.get(self.kind, "logs:DeleteLogStream")


def traces_of(question: object) -> tuple[Trace, ...]:
    """Return what answering ``question`` may create, in that order; most questions nothing."""
    if not isinstance(question, LogQuestion) or not question.write:
        return ()
    stream = Trace(kind=TraceKind.LOG_STREAM, name=question.stream, group=question.group)
    if not question.make_group:
        return (stream,)
    return (Trace(kind=TraceKind.LOG_GROUP, name=question.group), stream)


def delete(client: Client, trace: Trace) -> bool:
    """Delete ``trace`` and return True, False where it is not there; raises what botocore does."""
    try:
        if trace.kind is TraceKind.LOG_GROUP:
            client.delete_log_group(logGroupName=trace.name)
        else:
            client.delete_log_stream(logGroupName=trace.group, logStreamName=trace.name)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True


def may_pass(error: Exception) -> bool:
    """Return whether ``error`` is one that is gone in a moment: throttling and the like."""
    return error_code(error) in _RETRIED


def is_silence(error: Exception) -> bool:
    """Return whether nobody answered, so that the next call would wait in vain as well."""
    return isinstance(error, (boto.HTTPClientError, boto.ConnectionError))


def why(error: Exception, client: Client, action: str) -> str:
    """Return in a few words, without anything secret, why ``action`` came to nothing."""
    if code := error_code(error):
        return f"{code} for {action}"
    if is_silence(error):
        return f"no answer from {urlsplit(client.meta.endpoint_url).hostname}"
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


def logs_client(
    session: "boto3.Session",
    *,
    address: str | None = None,
    **config: Any,  # noqa: ANN401  (Config's own)
) -> Client:
    """Return a client of CloudWatch Logs; raises what botocore raises for a bad configuration.

    With an ``address`` (a URL) it goes there straight, as probes do, whatever proxies, FIPS hosts
    and endpoints the environment names.
    """
    if address is not None:
        config |= {"proxies": {}, "use_fips_endpoint": False, "use_dualstack_endpoint": False}
    known = Config(user_agent_extra="pytest-ecs-privatelink", **config)
    return session.client("logs", config=known, endpoint_url=address)

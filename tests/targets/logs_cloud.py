"""CloudWatch Logs to leave traces in: an emulated one, with somebody else's things in it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3

from pytest_ecs_privatelink.catalogue.marks import RUN_TAG, marked
from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.targets.traces import Trace, TraceKind

REGION = "us-east-1"
RUN, OTHER_RUN = "0123456789ab", "ba9876543210"


# No slots: the client is kept with it.
@dataclass(frozen=True)
class LogsCloud:
    """One user's log group in an emulated AWS at ``url``."""

    url: str
    group: str

    @property
    def session(self) -> boto3.Session:
        """A session for it."""
        return session_at(self.url, REGION)

    @cached_property
    def client(self) -> Any:  # noqa: ANN401 - a boto3 client
        """A client of its Logs."""
        return self.session.client("logs")

    def create(self, *traces: Trace) -> None:
        """Create what the traces name, as a probe does."""
        for trace in traces:
            if trace.kind is TraceKind.LOG_GROUP:
                run = trace.name.split("/")[1]
                self.client.create_log_group(logGroupName=trace.name, tags={RUN_TAG: run})
            else:
                self.client.create_log_stream(logGroupName=trace.group, logStreamName=trace.name)

    def streams(self, group: str | None = None) -> set[str]:
        """Return the names of the streams in ``group``, the user's where none is named."""
        pages = self.client.get_paginator("describe_log_streams").paginate(
            logGroupName=group or self.group
        )
        return {each["logStreamName"] for page in pages for each in page["logStreams"]}

    def groups(self) -> set[str]:
        """Return the names of all log groups."""
        pages = self.client.get_paginator("describe_log_groups").paginate()
        return {each["logGroupName"] for page in pages for each in page["logGroups"]}

    def empty(self) -> None:
        """Delete every log group, those of other tests included."""
        for name in self.groups():
            self.client.delete_log_group(logGroupName=name)


def stream(slug: str, group: str, run: str = RUN) -> Trace:
    """Return the trace of a subnet's log stream."""
    return Trace(kind=TraceKind.LOG_STREAM, name=marked(run, slug), group=group)


def temporary(run: str = RUN) -> Trace:
    """Return the trace of a run's temporary log group."""
    return Trace(kind=TraceKind.LOG_GROUP, name=marked(run))

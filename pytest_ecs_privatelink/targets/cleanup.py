"""Find in AWS itself what killed runs left, by its names, and remove it. Nothing else is touched.

What a run creates is called ``pytest-ecs-privatelink/RUN...`` (`catalogue.marks`): log streams in
whatever group, temporary log groups, tasks by what started them, and, with a hyphen, the families
of their task definitions.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from pytest_ecs_privatelink.catalogue.marks import MARK, marked, run_of
from pytest_ecs_privatelink.targets.clients import Clients
from pytest_ecs_privatelink.targets.task_cleanup import clusters_of, definitions_left, tasks_left
from pytest_ecs_privatelink.targets.traces import (
    Trace,
    TraceKind,
    delete,
    error_code,
    is_silence,
    why,
)

if TYPE_CHECKING:
    import boto3

Raw = dict[str, Any]
MILLISECONDS_OF_GRACE = 60 * 60 * 1000
"""Without a run's id, what is younger may belong to a run that is under way."""
_AT_ONCE = 8
_MISSING = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What to look for: the traces of ``run``; None: of any, created before ``before``.

    ``before`` is in milliseconds since the epoch, as CloudWatch Logs counts. Log streams are looked
    for in ``groups`` (names), None: in every log group of the account in this Region; tasks in
    ``clusters`` (names or ARNs) likewise.
    """

    run: str | None
    before: int
    groups: tuple[str, ...] | None
    clusters: tuple[str, ...] | None = None

    @property
    def prefix(self) -> str:
        """How every name that is sought begins."""
        return f"{MARK}/" if self.run is None else marked(self.run)

    def covers(self, name: str, created: int | None) -> bool:
        """Return whether what is called ``name`` is a run's, and one of those sought."""
        run = run_of(name)
        if self.run is not None:
            return run == self.run
        return run is not None and created is not None and created < self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What a clean-up came to: what it removed, and in one line each what it could not do."""

    removed: tuple[Trace, ...]
    problems: tuple[str, ...]


def clean(session: "boto3.Session", sought: Sought, tell: Callable[[Trace], None]) -> Cleaned:
    """Remove what is ``sought``, calling ``tell`` for each thing that is gone.

    Tasks go first, for they write logs. Groups are removed whole, so streams are not looked for in
    those. Raises what botocore raises for a configuration that it cannot use.
    """
    clients = Clients(
        session,
        connect_timeout=3,
        read_timeout=10,
        retries={"mode": "standard", "total_max_attempts": 5},
        max_pool_connections=_AT_ONCE,
    )
    cleaning = _Cleaning(clients, sought, tell, [], [])
    try:
        cleaning.remove_tasks()
        own = cleaning.listed(sought.prefix)
        temporary = tuple(cleaning.temporary_of(own or ()))
        cleaning.remove(temporary)
        groups = sought.groups
        if groups is None and own is not None:
            groups = tuple(str(each["logGroupName"]) for each in cleaning.listed() or ())
        gone = {trace.name for trace in temporary}
        cleaning.remove_streams(each for each in groups or () if each not in gone)
    finally:
        clients.close()
    return Cleaned(removed=tuple(cleaning.removed), problems=tuple(cleaning.problems))


@dataclass(slots=True)
class _Cleaning:
    clients: Clients
    sought: Sought
    tell: Callable[[Trace], None]
    removed: list[Trace]
    problems: list[str]

    def listed(self, prefix: str | None = None) -> tuple[Raw, ...] | None:
        """Return the log groups, those under ``prefix`` where one is given; None: a problem."""
        params = {} if prefix is None else {"logGroupNamePrefix": prefix}
        try:
            return tuple(self._pages("describe_log_groups", **params))
        except (BotoCoreError, ClientError) as error:
            reason = why(error, self.clients, "logs:DescribeLogGroups")
            self.problems.append(f"log groups cannot be listed: {reason}")
            return None

    def remove_tasks(self) -> None:
        """Look in ECS for tasks and their definitions, and remove them."""
        try:
            self._remove_tasks()
        except (BotoCoreError, ClientError) as error:
            self._unseen("tasks", error)

    def _remove_tasks(self) -> None:
        ecs, run, before = self.clients.ecs, self.sought.run, self.sought.before
        clusters = clusters_of(ecs) if self.sought.clusters is None else self.sought.clusters
        for cluster in clusters:
            try:
                self.remove(tuple(tasks_left(ecs, cluster, run, before)))
            except ClientError as error:
                self._unseen(f"tasks of {cluster}", error)
        self.remove(tuple(definitions_left(ecs, run, before)))

    def _unseen(self, what: str, error: Exception) -> None:
        reason = why(error, self.clients, "ecs:")
        self.problems.append(f"{what} cannot be looked for: {reason}")

    def temporary_of(self, groups: Iterable[Raw]) -> Iterator[Trace]:
        """Yield the runs' own groups, tagged or not: they are named as nobody else's are."""
        for raw in groups:
            name = str(raw["logGroupName"])
            if self.sought.covers(name, raw.get("creationTime")):
                yield Trace(kind=TraceKind.LOG_GROUP, name=name)

    def remove_streams(self, groups: Iterable[str]) -> None:
        """Look for streams in each of ``groups`` (names), and remove them."""
        unseen: list[tuple[str, str]] = []
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for group, found in pool.map(self._look, groups):
                if isinstance(found, str):
                    unseen.append((group, found))
                else:
                    self.remove(found)
        if unseen:
            group, reason = unseen[0]
            more = f" and {len(unseen) - 1} more" if len(unseen) > 1 else ""
            self.problems.append(f"cannot look into log group {group}{more}: {reason}")

    def remove(self, traces: Iterable[Trace]) -> None:
        """Delete ``traces``; what has gone meanwhile was removed by somebody else."""
        for trace in traces:
            try:
                gone = delete(self.clients, trace)
            except (BotoCoreError, ClientError) as error:
                reason = why(error, self.clients, trace.action)
                self.problems.append(f"cannot remove {trace}: {reason}")
                if is_silence(error):
                    return
            else:
                if gone:
                    self.removed.append(trace)
                    self.tell(trace)

    def _look(self, group: str) -> tuple[str, tuple[Trace, ...] | str]:
        """Return the streams to remove from ``group``, or why they cannot be known."""
        try:
            found = tuple(
                Trace(kind=TraceKind.LOG_STREAM, name=str(raw["logStreamName"]), group=group)
                for raw in self._pages(
                    "describe_log_streams",
                    logGroupName=group,
                    logStreamNamePrefix=self.sought.prefix,
                )
                if self.sought.covers(str(raw["logStreamName"]), raw.get("creationTime"))
            )
        except (BotoCoreError, ClientError) as error:
            if error_code(error) == _MISSING:
                return group, ()  # gone with all its streams
            return group, why(error, self.clients, "logs:DescribeLogStreams")
        return group, found

    def _pages(self, method: str, **params: str) -> Iterator[Raw]:
        key = "logStreams" if "streams" in method else "logGroups"
        for page in self.clients.logs.get_paginator(method).paginate(**params):
            yield from page[key]

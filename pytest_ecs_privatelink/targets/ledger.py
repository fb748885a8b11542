"""What a run created, noted before it is created and removed when the run ends, whatever ends it.

A run that is killed keeps its promise by names alone: `cleanup` finds them in AWS.
"""

import shlex
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from pytest_ecs_privatelink.catalogue.marks import run_of
from pytest_ecs_privatelink.targets.clients import Clients
from pytest_ecs_privatelink.targets.traces import (
    Trace,
    delete,
    in_words,
    is_silence,
    may_pass,
    traces_of,
    why,
)

if TYPE_CHECKING:
    import boto3

SECONDS_PER_CALL = 5.0
SECONDS_IN_ALL = 20.0
SECONDS_FOR_LATE_ONES = 1.0
"""How long to look for what was being created as the run ended, and is not there yet."""
_PAUSE = 0.25


class Ledger:
    """The traces of run ``run`` (its id), for which ``session_factory`` gives a session.

    ``command`` is how a later pytest gets at the same AWS, for the line that says what could not be
    removed; None where nobody needs to be told, for the AWS ends with the run. ``address`` (a URL)
    is where the service was that created it, None where the session knows. No call is made and no
    session opened where nothing was noted. Safe to use from threads.
    """

    def __init__(
        self,
        run: str,
        session_factory: "Callable[[], boto3.Session]",
        *,
        command: str | None = "pytest",
        address: str | None = None,
        seconds: float = SECONDS_IN_ALL,
    ) -> None:
        self._run = run
        self._session_factory = session_factory
        self._command = command
        self._address = address
        self._seconds = seconds
        self._lock = threading.Lock()
        self._noted: dict[Trace, None] = {}
        self._answered: set[Trace] = set()
        self._calls: Counter[str] = Counter()

    @property
    def noted(self) -> tuple[Trace, ...]:
        """What was noted and is not removed yet, in that order."""
        with self._lock:
            return tuple(self._noted)

    @property
    def calls(self) -> dict[str, int]:
        """How many requests removing has sent, by IAM action."""
        with self._lock:
            return dict(sorted(self._calls.items()))

    def note(self, *traces: Trace) -> None:
        """Note what is about to be created; `ValueError` where it does not name this run."""
        for trace in traces:
            if run_of(trace.name) != self._run:
                raise ValueError(f"{trace} is none of run {self._run}")
        with self._lock:
            self._noted.update(dict.fromkeys(traces))

    def asking(self, question: object) -> None:
        """Note what answering ``question`` may create."""
        self.note(*traces_of(question))

    def answered(self, question: object) -> None:
        """Note that nobody is creating that any more: what is not there will not come."""
        self.settled(*traces_of(question))

    def settled(self, *traces: Trace) -> None:
        """Note that nobody is creating ``traces`` any more: what is not there will not come."""
        with self._lock:
            self._answered.update(traces)

    def remove(self) -> str | None:
        """Remove what was noted, the last first; return a line on what is left, None if nothing.

        Takes `SECONDS_IN_ALL` at most, however AWS answers. The first Ctrl-C meanwhile is passed
        over, the second stops the waiting; the line then says what had not been removed.
        """
        with self._lock:
            traces = tuple(reversed(self._noted))
            late = frozenset(self._noted) - self._answered
        if not traces:
            return None
        removal = _Removal(
            traces=traces,
            late=late,
            deadline=time.monotonic() + self._seconds,
            count=self._count,
            address=self._address,
        )
        # In a thread of its own: Ctrl-C and SIGTERM strike the main one alone.
        threading.Thread(
            target=removal.run,
            args=(self._session_factory,),
            name="ecs-privatelink-removal",
            daemon=True,
        ).start()
        _wait(removal.ended, self._seconds)
        left = removal.left()
        with self._lock:
            self._noted = {trace: None for trace in self._noted if trace in left}
        return self._told(left) if left and self._command is not None else None

    def _count(self, action: str) -> None:
        with self._lock:
            self._calls[action] += 1

    def _told(self, left: dict[Trace, str]) -> str:
        trace, reason = next(iter(left.items()))
        more = f" and {len(left) - 1} more" if len(left) > 1 else ""
        groups = {each.group for each in left if each.group and run_of(each.group) is None}
        clusters = {each.cluster for each in left if each.cluster}
        # One spares the search of all; of several none is named, for it would be the only one.
        where = f" --ecs-log-group {shlex.quote(groups.pop())}" if len(groups) == 1 else ""
        where += "".join(f" --ecs-cluster {shlex.quote(each)}" for each in sorted(clusters))
        return (
            f"ecs-privatelink: could not remove {trace}{more} ({reason}); "
            f"later: {self._command}{where} --ecs-cleanup {self._run}"
        )


@dataclass(slots=True, kw_only=True)
class _Removal:
    """One pass over ``traces``; ``late`` are those that may still be on their way into being."""

    traces: tuple[Trace, ...]
    late: frozenset[Trace]
    deadline: float
    count: Callable[[str], None]
    address: str | None
    ended: threading.Event = field(default_factory=threading.Event)
    _reasons: dict[Trace, str] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._reasons = dict.fromkeys(self.traces, "there was no time")

    def left(self) -> dict[Trace, str]:
        """Return what is not known to be gone, and why."""
        with self._lock:
            return dict(self._reasons)

    def run(self, session_factory: "Callable[[], boto3.Session]") -> None:
        """Remove; whatever happens, `ended` is set."""
        try:
            clients = Clients(
                session_factory(),
                address=self.address,
                count=self.count,
                connect_timeout=SECONDS_PER_CALL,
                read_timeout=SECONDS_PER_CALL,
                retries={"total_max_attempts": 1},
            )
            self._remove_all(clients)
        except Exception as error:  # noqa: BLE001 - fetching credentials may raise anything
            self._all_left(in_words(error))
        finally:
            self.ended.set()

    def _remove_all(self, clients: Clients) -> None:
        absent = [trace for trace in self.traces if self._remove(clients, trace) is False]
        # What a call that was under way at Ctrl-C creates, it creates after the first look.
        until = min(self.deadline, time.monotonic() + SECONDS_FOR_LATE_ONES)
        while (absent := [each for each in absent if each in self.late]) and (
            time.monotonic() < until
        ):
            time.sleep(_PAUSE)
            absent = [trace for trace in absent if self._remove(clients, trace) is False]

    def _remove(self, clients: Clients, trace: Trace) -> bool | None:
        """Return whether ``trace`` was there to be deleted; None where that is not known."""
        while time.monotonic() < self.deadline:
            try:
                there = delete(clients, trace)
            except (ClientError, BotoCoreError) as error:
                reason = why(error, clients, trace.action)
                if is_silence(error):
                    self._all_left(reason)
                    self.deadline = 0.0
                    return None
                with self._lock:
                    self._reasons[trace] = reason
                if not may_pass(error):
                    return None
                time.sleep(_PAUSE)
            else:
                with self._lock:
                    self._reasons.pop(trace, None)
                return there
        return None

    def _all_left(self, reason: str) -> None:
        with self._lock:
            self._reasons.update(dict.fromkeys(self._reasons, reason))


def _wait(ended: threading.Event, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    interrupted = False
    while not ended.is_set() and (left := deadline - time.monotonic()) > 0:
        try:
            ended.wait(left)
        except KeyboardInterrupt:
            if interrupted:
                return
            interrupted = True

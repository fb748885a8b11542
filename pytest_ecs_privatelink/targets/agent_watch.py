"""Ask the ECS API whether agents are connected: one call for all of them, again while some are not.

It looks through the run's own session, and at nothing but this.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import CredentialRetrievalError

from pytest_ecs_privatelink.errors import EcsPrivatelinkError
from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.probes.threads import in_thread
from pytest_ecs_privatelink.targets.discretion import NOTHING, discreet
from pytest_ecs_privatelink.topology.reader.refusals import in_short
from pytest_ecs_privatelink.topology.reader.wire import Refused, Wire

if TYPE_CHECKING:
    import boto3

_AT_ONCE = 100  # container instances that DescribeContainerInstances takes (ECS API reference)
# All cells start at the same moment; what they ask meanwhile goes into one call.
_GATHERING_S = 0.05

Known = Mapping[str, bool] | str
"""By container instance whether its agent is connected, or why nobody knows."""


@dataclass(slots=True)
class _Seen:
    """What was seen of one agent: the last look, and since when it was lost in how many."""

    connected: bool | None
    unknown: str
    at: float
    first: float
    looks: int


@dataclass(slots=True)
class _Round:
    """A look that is to come, or under way, at these container instances of one cluster."""

    cluster: str
    due: float
    instances: set[str] = field(default_factory=set)
    begun: bool = False
    task: asyncio.Task[None] | None = None


class AgentWatch:
    """Looks at agents through the session that ``session`` opens. Lives in one event loop.

    ``calls`` counts the requests it sent, by IAM action.
    """

    def __init__(self, session: "Callable[[], boto3.Session]", region: str) -> None:
        self._session = session
        self._region = region
        self._wire: Wire | None = None
        self._seen: dict[str, _Seen] = {}
        self._rounds: dict[str, _Round] = {}

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent."""
        return {} if self._wire is None else self._wire.calls()

    async def connected(self, question: ConnectionQuestion) -> ConnectionAnswer:
        """Look until the agent is connected or ``question.patience`` is over.

        A look of less than ``question.interval`` ago counts as the first one.
        """
        seen = self._seen.get(question.container_instance)
        if seen is None or time.monotonic() - seen.at >= question.interval:
            seen = await self._look(question, time.monotonic() + _GATHERING_S)
        while seen.connected is False and seen.at - seen.first < question.patience:
            seen = await self._look(question, seen.at + question.interval)
        return ConnectionAnswer(
            connected=seen.connected,
            looks=seen.looks,
            waited=round(seen.at - seen.first, 1),
            unknown=seen.unknown,
        )

    async def close(self) -> None:
        """End what is under way and forget what was seen; another question begins anew."""
        tasks = [each.task for each in self._rounds.values() if each.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._rounds.clear()
        self._seen.clear()

    async def _look(self, question: ConnectionQuestion, due: float) -> _Seen:
        """Take part in the next round of the cluster, which is not long before ``due``."""
        coming = self._rounds.get(question.cluster)
        if coming is None or coming.begun:
            coming = self._rounds[question.cluster] = _Round(question.cluster, due)
            coming.task = asyncio.create_task(self._go(coming))
        coming.instances.add(question.container_instance)
        assert coming.task is not None
        await asyncio.shield(coming.task)
        return self._seen[question.container_instance]

    async def _go(self, coming: _Round) -> None:
        await asyncio.sleep(max(coming.due - time.monotonic(), 0))
        coming.begun = True
        arns = sorted(coming.instances)
        found = await in_thread(lambda: self._describe(coming.cluster, arns), "agents")
        for arn in arns:
            self._note(arn, found)

    def _note(self, arn: str, found: Known) -> None:
        connected = None if isinstance(found, str) else found.get(arn)
        unknown = found if isinstance(found, str) else ""
        if connected is None and not unknown:
            unknown = "the ECS API knows it no more"
        now = time.monotonic()
        seen = self._seen.get(arn)
        # Only what was lost before goes on being lost; who was there has not been away since.
        first, looks = now, 0
        if seen is not None and seen.connected is False:
            first, looks = seen.first, seen.looks
        self._seen[arn] = _Seen(connected, unknown, now, first, looks + 1)

    def _describe(self, cluster: str, arns: list[str]) -> Known:
        """Return what the API says; nothing of botocore's is raised, whose frames know secrets."""
        try:
            with discreet(NOTHING):
                wire = self._wire = self._wire or Wire(
                    self._session(), self._region, services=("ecs",)
                )
                return dict(
                    pair
                    for start in range(0, len(arns), _AT_ONCE)
                    for pair in _describe(wire, cluster, arns[start : start + _AT_ONCE])
                )
        except Refused as refused:
            return f"{_why(refused)} ({refused.permission})"
        except EcsPrivatelinkError as error:
            return str(error)
        except Exception as error:  # noqa: BLE001 - its text and frames may know secrets
            return f"the ECS API could not be asked: {type(error).__name__}"


def _why(refused: Refused) -> str:
    # What a credential process or server said may hold a secret.
    secretive = isinstance(refused.cause, CredentialRetrievalError)
    return type(refused.cause).__name__ if secretive else in_short(refused)


def _describe(wire: Wire, cluster: str, arns: list[str]) -> tuple[tuple[str, bool], ...]:
    return wire.records(
        "ecs",
        "DescribeContainerInstances",
        "containerInstances",
        lambda raw: (str(raw["containerInstanceArn"]), bool(raw.get("agentConnected"))),
        cluster=cluster,
        containerInstances=arns,
    )

"""Whom the broker turns to beside its vantages: for credentials, notes, and the ECS API."""

from collections.abc import Callable
from typing import Protocol

from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.probes.call_records import CallQuestion, Credentials
from pytest_ecs_privatelink.probes.records import Answer
from pytest_ecs_privatelink.probes.task_records import InsideQuestion, TaskAnswer, TaskQuestion

Keys = Callable[[], Credentials]
"""Returns credentials that are valid now; raises `VantageError` where there are none."""


class Notes(Protocol):
    """Who is told of every question that takes calls, for the sake of what these create."""

    def asking(self, question: CallQuestion) -> None:
        """Hear of ``question`` before it is put."""
        ...

    def answered(self, question: CallQuestion) -> None:
        """Hear that it has its answer: nothing more is done about it."""
        ...


class Watch(Protocol):
    """Who asks the ECS API whether agents are connected, for all of them at once."""

    async def connected(self, question: ConnectionQuestion) -> ConnectionAnswer:
        """Return what looking brought; why it could not be looked is in the answer."""
        ...

    async def close(self) -> None:
        """End what is under way and forget what was seen; another question begins anew."""
        ...


class Tasks(Protocol):
    """Who has one-off tasks started, one for each subnet and launch type, and asks inside them.

    A task takes with it what it is asked: what is put within the same moment as the first question
    about it. What is put later is answered if it was foreseen (443 of resolved names), else not.
    """

    async def start(self, question: TaskQuestion) -> TaskAnswer:
        """Return how the task ended; never raises for what ECS does."""
        ...

    async def ask(self, question: InsideQuestion) -> Answer:
        """Return the answer from inside; `VantageError` with the reason where there is none."""
        ...

    async def close(self) -> None:
        """Stop what still runs and forget all; another question begins anew."""
        ...

"""The task definitions of a run's own: one for each launch type, registered when first needed."""

import asyncio
import json
from typing import Any, Protocol

from pytest_ecs_privatelink.catalogue.marks import RUN_TAG, family_of
from pytest_ecs_privatelink.probes.task_records import TaskStatus
from pytest_ecs_privatelink.targets.clients import Client
from pytest_ecs_privatelink.targets.task_clients import TaskClients
from pytest_ecs_privatelink.targets.task_plan import (
    MOST_DEFINED,
    Generated,
    TaskPlan,
    definition_request,
    fits_overrides,
)
from pytest_ecs_privatelink.targets.task_troubles import TaskTrouble
from pytest_ecs_privatelink.targets.traces import Trace, TraceKind
from pytest_ecs_privatelink.verdict import LaunchType


class Notebook(Protocol):
    """Who remembers what is made, so that it goes whatever happens."""

    def note(self, *traces: Trace) -> None:
        """Note what is about to be made."""
        ...

    def settled(self, *traces: Trace) -> None:
        """Note that nobody is making it any more."""
        ...


class Definitions:
    """Registers what ``plan`` generates; whoever asks for the same gets the same."""

    def __init__(self, plan: TaskPlan, clients: TaskClients, notebook: Notebook) -> None:
        self._plan = plan
        self._clients = clients
        self._notebook = notebook
        self._registered: dict[tuple[LaunchType, str | None], asyncio.Task[str]] = {}
        self._group: asyncio.Task[None] | None = None

    async def get(self, launch_type: LaunchType, errand: str) -> tuple[str, str | None]:
        """Return the definition to run, and the errand where that goes into overrides.

        Raises `TaskTrouble`.
        """
        starts = self._plan.starts
        if isinstance(starts, str):
            return starts, None
        within = None if fits_overrides(starts, errand) else errand
        key = (launch_type, within)
        if key not in self._registered:
            self._registered[key] = asyncio.create_task(self._register(starts, *key))
        arn = await asyncio.shield(self._registered[key])
        if starts.make_group:
            await self._make_group(starts.log_group)
        return arn, errand if within is None else None

    async def forget_failures(self) -> None:
        """Have what failed tried again when it is asked for next."""
        unusable = [task for task in self._registered.values() if not task.done()]
        for task in unusable:
            task.cancel()
        await asyncio.gather(*unusable, return_exceptions=True)
        self._registered = {
            key: task
            for key, task in self._registered.items()
            if not task.cancelled() and task.exception() is None
        }
        self._group = None

    async def _register(
        self, generated: Generated, launch_type: LaunchType, errand: str | None
    ) -> str:
        request = definition_request(self._plan, generated, launch_type, errand)
        size = len(json.dumps(request, separators=(",", ":")).encode())
        if size > MOST_DEFINED:
            raise TaskTrouble(
                TaskStatus.FAILED,
                f"what the task is asked makes a task definition of {size} bytes, above ECS's"
                f" {MOST_DEFINED}: ask for less (--ecs-claims), or use a smaller CA bundle",
            )
        family = family_of(self._plan.run, launch_type)
        trace = Trace(kind=TraceKind.TASK_DEFINITION, name=family)
        self._notebook.note(trace)

        def register(ecs: Client) -> str:
            answer = ecs.register_task_definition(**request)
            return str(answer["taskDefinition"]["taskDefinitionArn"])

        arn = await self._clients.ask_ecs("ecs:RegisterTaskDefinition", register)
        self._notebook.settled(trace)
        return arn

    async def _make_group(self, name: str) -> None:
        if self._group is None:
            self._group = asyncio.create_task(self._create_group(name))
        await asyncio.shield(self._group)

    async def _create_group(self, name: str) -> None:
        trace = Trace(kind=TraceKind.LOG_GROUP, name=name)
        self._notebook.note(trace)
        tags: dict[str, Any] = {RUN_TAG: self._plan.run}

        def create(logs: Client) -> None:
            try:
                logs.create_log_group(logGroupName=name, tags=tags)
            except logs.exceptions.ResourceAlreadyExistsException:
                return
            logs.put_retention_policy(logGroupName=name, retentionInDays=1)

        await self._clients.ask_logs("logs:CreateLogGroup", create)
        self._notebook.settled(trace)

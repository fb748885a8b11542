"""The log stream of a task: read until all is there, for logs come late."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from pytest_ecs_privatelink.probes.task_records import TaskStatus
from pytest_ecs_privatelink.targets.clients import Client
from pytest_ecs_privatelink.targets.task_clients import TaskClients
from pytest_ecs_privatelink.targets.task_patience import Patience
from pytest_ecs_privatelink.targets.task_troubles import TaskTrouble

Raw = dict[str, Any]
_ACTION = "logs:GetLogEvents"
_LARGEST = 16 << 20  # characters: nobody's log may fill the memory


async def read_log(
    clients: TaskClients,
    group: str,
    stream: str,
    whole: Callable[[str], bool],
    *,
    seconds: float,
    patience: Patience,
) -> str:
    """Return what is in the stream, once that is ``whole`` or ``seconds`` are over.

    A stream that is not there yet is waited for. Raises `TaskTrouble` where it may not be read.
    """
    log, token = "", None
    began = time.monotonic()
    while True:
        page = await _page(clients, group, stream, token)
        events = page.get("events", ())
        log += "".join(f"{each.get('message', '')}\n" for each in events)
        if whole(log) or len(log) > _LARGEST:
            return log
        # An empty page is no end, and its token may lead on [CloudWatch Logs API, GetLogEvents].
        token = page.get("nextForwardToken", token)
        if events:
            continue
        waited = time.monotonic() - began
        if waited >= seconds:
            return log
        await asyncio.sleep(min(patience.pause(waited), seconds - waited))


async def _page(clients: TaskClients, group: str, stream: str, token: str | None) -> Raw:
    def get(logs: Client) -> Raw:
        more = {} if token is None else {"nextToken": token}
        try:
            page: Raw = logs.get_log_events(
                logGroupName=group, logStreamName=stream, startFromHead=True, **more
            )
        except logs.exceptions.ResourceNotFoundException:
            return {}
        return page

    try:
        return await clients.ask_logs(_ACTION, get)
    except TaskTrouble as trouble:
        if trouble.status is TaskStatus.DENIED:
            raise
        return {}


def last_line(log: str) -> str:
    """Return the last line that says anything, since errors come last."""
    return next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")

"""The calls about one-off tasks: in threads, counted, and with one kind of refusal."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from pytest_ecs_privatelink.errors import EcsPrivatelinkError
from pytest_ecs_privatelink.probes.task_records import TaskStatus
from pytest_ecs_privatelink.probes.threads import in_thread
from pytest_ecs_privatelink.targets.clients import Client, Clients
from pytest_ecs_privatelink.targets.discretion import NOTHING, discreet
from pytest_ecs_privatelink.targets.task_troubles import TaskTrouble, trouble_of

if TYPE_CHECKING:
    import boto3

T = TypeVar("T")
_CONNECT_S, _READ_S = 5, 10
AT_ONCE = 10
"""Calls under way at the same time."""


class TaskClients:
    """Calls ECS and CloudWatch Logs through the session that ``session`` opens, once."""

    def __init__(self, session: "Callable[[], boto3.Session]", attempts: int) -> None:
        self._session = session
        self._attempts = attempts
        self._clients: Clients | None = None
        self._sent: Counter[str] = Counter()
        self._lock = threading.Lock()

    @property
    def calls(self) -> Mapping[str, int]:
        """How many requests were sent, by IAM action."""
        with self._lock:
            return dict(self._sent)

    async def ask_ecs(self, action: str, work: Callable[[Client], T]) -> T:
        """Return what ``work`` makes of a client of ECS; raises `TaskTrouble`."""
        return await self._ask(action, lambda clients: work(clients.ecs))

    async def ask_logs(self, action: str, work: Callable[[Client], T]) -> T:
        """Return what ``work`` makes of a client of CloudWatch Logs; raises `TaskTrouble`."""
        return await self._ask(action, lambda clients: work(clients.logs))

    async def _ask(self, action: str, work: Callable[[Clients], T]) -> T:
        found = await in_thread(lambda: self._call(action, work), "tasks")
        if isinstance(found, TaskTrouble):
            raise found
        return found

    def _call(self, action: str, work: Callable[[Clients], T]) -> T | TaskTrouble:
        """Return, not raise: the frames of what botocore raises know secrets."""
        try:
            with discreet(NOTHING):
                return work(self._open())
        except (ClientError, BotoCoreError) as error:
            return trouble_of(error, action)
        except EcsPrivatelinkError as error:
            return TaskTrouble(TaskStatus.FAILED, str(error))
        except Exception as error:  # noqa: BLE001 - its text may know secrets
            said = f"{action} could not be asked: {type(error).__name__}"
            return TaskTrouble(TaskStatus.FAILED, said)

    def _open(self) -> Clients:
        with self._lock:
            if self._clients is None:
                made = Clients(
                    self._session(),
                    count=self._count,
                    connect_timeout=_CONNECT_S,
                    read_timeout=_READ_S,
                    retries={"mode": "standard", "total_max_attempts": self._attempts},
                    max_pool_connections=AT_ONCE,
                )
                # Here, under the lock: sessions of boto3 are for one thread at a time.
                _ = made.ecs, made.logs
                self._clients = made
            return self._clients

    def _count(self, action: str) -> None:
        with self._lock:
            self._sent[action] += 1

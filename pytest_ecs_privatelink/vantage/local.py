"""The machine itself as a vantage: probes run in the event loop of whoever asks."""

import asyncio

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.vantage.answering import MOST_AT_ONCE, answer


class LocalVantage:
    """The machine that this process runs on; it stands in ``subnet`` and wears ``groups``.

    At most ``limit`` probes run at once. A probe's deadline begins when the probe does, so those
    that wait for a place do not grow old.
    """

    def __init__(
        self,
        *,
        subnet: str,
        groups: tuple[str, ...] | None = None,
        label: str = "local",
        limit: int = MOST_AT_ONCE,
        instances: tuple[str, ...] = (),
    ) -> None:
        self.label = label
        self.subnet = subnet
        self.groups = groups
        self.wearers: Wearers = {}
        self.instances: tuple[str, ...] = instances
        self.own_credentials = False
        self._places = asyncio.Semaphore(limit)
        self._closed = False

    async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Run the probe here; raise `VantageError` once closed."""
        async with self._places:
            if self._closed:
                raise VantageError(f"vantage {self.label}: closed, cannot be asked")
            return await answer(question, credentials)

    async def close(self) -> None:
        """Take no more questions; probes that run end within their deadline."""
        self._closed = True

"""What a vantage is: a place in a subnet that answers questions."""

from typing import Protocol

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.topology.wearers import Wearers


class Vantage(Protocol):
    """A place from which probes run. It stands in ``subnet`` and wears ``groups``.

    ``groups`` is None where nobody knows; ``label`` is how reports name the place. ``wearers`` says
    what is worn for whom, where the place dresses for each launch type; else it is empty.
    ``instances`` are the EC2 ids of the container instances that it can be asked about.
    ``own_credentials``: calls are signed with what the place itself has, and bring none.
    """

    label: str
    subnet: str
    groups: tuple[str, ...] | None
    wearers: Wearers
    instances: tuple[str, ...]
    own_credentials: bool

    async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Return what ``question`` brought from here; raise `VantageError` if it was not asked.

        ``credentials`` are for this question only, and for none but a `CallQuestion`.
        """
        ...

    async def close(self) -> None:
        """Let go of sockets and processes; asking afterwards raises `VantageError`."""
        ...

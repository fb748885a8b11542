"""What a vantage is: a place in a subnet that answers questions."""

from typing import Protocol

from pytest_ecs_privatelink.probes.records import Answer, Question


class Vantage(Protocol):
    """A place from which probes run. It stands in ``subnet`` and wears ``groups``.

    ``groups`` is None where nobody knows; ``label`` is how reports name the place.
    """

    label: str
    subnet: str
    groups: tuple[str, ...] | None

    async def ask(self, question: Question) -> Answer:
        """Return what ``question`` brought from here; raise `VantageError` if it was not asked."""
        ...

    async def close(self) -> None:
        """Let go of sockets and processes; asking afterwards raises `VantageError`."""
        ...

"""Who really runs one-off tasks: the seam between what they are asked and the ECS API."""

from collections.abc import Callable
from typing import Protocol

from pytest_ecs_privatelink.probes.task_records import TaskAnswer, TaskQuestion

Whole = Callable[[str], bool]
"""Tells of a task's log, as far as it came, whether all that the program says is in it."""


class Runs(Protocol):
    """Starts tasks, follows them to their end, and leaves nothing of them running."""

    @property
    def takes_program(self) -> bool:
        """Whether tasks run our program; a user's own task definition is only seen to start."""
        ...

    async def run(
        self, question: TaskQuestion, errand: str, whole: Whole, /
    ) -> tuple[TaskAnswer, str]:
        """Return how the task ended, and its log.

        ``errand`` is what the program is given, for which the log is read until it is ``whole``.
        Empty where there is none.
        """
        ...

    async def close(self) -> None:
        """Stop what still runs; another task begins anew."""
        ...

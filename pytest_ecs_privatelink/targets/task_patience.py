"""How long to wait for what about one-off tasks, in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """``shortest`` and ``longest`` pauses between looks, which grow with what was waited already.

    ``missing``: how long ECS may not know a task that it knew. ``logs``: how long log events may
    take after their task's end. ``launch``: how long RunTask under way is waited for as the run
    ends, ``farewell``: how long tasks may take to stop then.
    ``attempts``: how often a throttled call is tried.
    """

    shortest: float = 0.2
    longest: float = 5.0
    missing: float = 15.0
    logs: float = 30.0
    launch: float = 5.0
    farewell: float = 3.0
    attempts: int = 5

    def pause(self, waited: float) -> float:
        """Return how long to pause after ``waited`` seconds."""
        return min(self.longest, max(self.shortest, waited / 20))

"""How what a run creates is called, so that it can be found again with nothing but AWS at hand."""

import re

MARK = "pytest-ecs-privatelink"
RUN_TAG = f"{MARK}:run"
"""The tag of whatever has tags; its value is the run's id."""

RUN_ID = re.compile(r"[0-9a-f]{12}")
_OURS = re.compile(rf"{MARK}/(?P<run>{RUN_ID.pattern})(?:/.*)?", re.DOTALL)


def marked(run: str, *parts: str) -> str:
    """Return a name of that run's: ``pytest-ecs-privatelink/RUN``, then ``/`` and each part.

    A run's temporary log group is called so without parts, its log streams by their subnets.
    """
    return "/".join((MARK, run, *parts))


def run_of(name: str) -> str | None:
    """Return the id of the run that ``name`` names, None where it is not one of a run's."""
    found = _OURS.fullmatch(name)
    return found["run"] if found else None

"""How what a run creates is called, so that it can be found again with nothing but AWS at hand."""

import re

MARK = "pytest-ecs-privatelink"
RUN_TAG = f"{MARK}:run"
"""The tag of whatever has tags; its value is the run's id."""

RUN_ID = re.compile(r"[0-9a-f]{12}")
_FAMILY = re.compile(rf"{MARK}-(?P<run>{RUN_ID.pattern})-[a-z0-9]+")
_OURS = re.compile(rf"{MARK}/(?P<run>{RUN_ID.pattern})(?:/.*)?", re.DOTALL)


def marked(run: str, *parts: str) -> str:
    """Return a name of that run's: ``pytest-ecs-privatelink/RUN``, then ``/`` and each part.

    A run's temporary log group is called so without parts, its log streams by their subnets; its
    tasks are started by the name without parts, which fits the 36 characters of ``startedBy``.
    """
    return "/".join((MARK, run, *parts))


def family_of(run: str, launch_type: str) -> str:
    """Return the family of that run's task definitions, whose names have no slashes."""
    return f"{MARK}-{run}-{launch_type}"


def run_of(name: str) -> str | None:
    """Return the id of the run that ``name`` names, None where it is not one of a run's."""
    found = _OURS.fullmatch(name) or _FAMILY.fullmatch(name)
    return found["run"] if found else None

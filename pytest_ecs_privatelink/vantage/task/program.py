"""Our program in a container: what it is started by, and how its parcel travels through a log.

The program lies in the task definition, for it is too long for overrides. What it is asked (its
errand) is a variable of the environment, which may be overridden for each task.
"""

from pytest_ecs_privatelink.records import RecordError, from_json
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.bundle import FIND_PYTHON, bundle
from pytest_ecs_privatelink.vantage.lines import LONGEST_LINE, joined
from pytest_ecs_privatelink.vantage.parcels import ParcelError, pack, unpack
from pytest_ecs_privatelink.vantage.program import refuse_what_breaks_reports, without_keys
from pytest_ecs_privatelink.vantage.returns import Errand, Returned, pair_up

ERRAND = "ECS_PRIVATELINK_ERRAND"
"""The variable of the environment that holds the errand."""

SECRET = "ECS_PRIVATELINK_SECRET"  # noqa: S105 - a name
"""The variable in which ECS puts the secret that a task proves: nothing of ours reads it."""


def command() -> str:
    """Return a text for ``sh -c``, the same for all tasks, that does the errand."""
    return (
        f"unset {SECRET}; printf '%s\\n' '{bundle()}' \"${ERRAND}\" | {{ unset {ERRAND};"
        f" {FIND_PYTHON}; }}"
    )


def errand_of(batch: Batch) -> str:
    """Return the errand of ``batch``; ValueError where it has credentials, which others may see."""
    if batch.credentials is not None:
        raise ValueError("credentials do not go into a task definition, where others may see them")
    return pack(Errand(batch=without_keys(batch), line=LONGEST_LINE, in_task=True))


def is_whole(log: str) -> bool:
    """Return whether all that the program says is in this log, as far as it came."""
    return joined(log) is not None


def read(log: str, batch: Batch) -> Brought:
    """Return what a task's log says of ``batch``, noise passed over; raises `ParcelError`."""
    parcel = joined(log)
    try:
        value = unpack(log if parcel is None else parcel)
        refuse_what_breaks_reports(value)
        returned = from_json(Returned, value)
    except RecordError as error:
        raise ParcelError(f"the answer is none that this version knows: {error}") from None
    return pair_up(batch, returned)

"""What faults say of RunTask: tags of the cluster, for no call of the API says anything of it.

Nobody is shown these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import boto3

_OURS = "lab.tasks."
CAPACITY = (
    "Capacity is unavailable at this time. Please try again later or in a different"
    " availability zone"
)
NO_INTERFACE = "RESOURCE:ENI"
_REASONS = {"capacity": CAPACITY, "eni": NO_INTERFACE}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """How tasks fare in a cluster.

    ``throttled``: so many calls of RunTask are turned away before one is heard, negative: all are.
    ``failure``: the reason why none is placed. ``stuck``: none leaves PROVISIONING. ``vanishing``:
    one is known until it is PENDING, then no more. ``logs``: seconds by which output is late,
    negative: it never comes. ``patience``: seconds after which the platform takes packets for
    lost. ``step``: seconds that each status lasts at least.
    """

    throttled: int = 0
    failure: str | None = None
    stuck: bool = False
    vanishing: bool = False
    logs: float = 0.0
    patience: float = 1.0
    step: float = 0.05


def tell(session: "boto3.Session", cluster: str, **facts: str) -> None:
    """Say of all tasks of ``cluster`` some of `TaskFacts`, as text; an empty one takes it back.

    ``failure`` is ``eni`` or ``capacity``; what is true or not is ``true``.
    """
    ecs = session.client("ecs")
    (found,) = ecs.describe_clusters(clusters=[cluster])["clusters"]
    ecs.tag_resource(
        resourceArn=found["clusterArn"],
        tags=[{"key": f"{_OURS}{name}", "value": value} for name, value in facts.items()],
    )


def heard(tags: Mapping[str, str]) -> TaskFacts:
    """Return what a cluster's tags say."""
    said = {
        name.removeprefix(_OURS): value
        for name, value in tags.items()
        if name.startswith(_OURS) and value
    }
    usual = TaskFacts()
    return TaskFacts(
        throttled=int(said.get("throttled", usual.throttled)),
        failure=_REASONS[said["failure"]] if "failure" in said else None,
        stuck=said.get("stuck") == "true",
        vanishing=said.get("vanishing") == "true",
        logs=float(said.get("logs", usual.logs)),
        patience=float(said.get("patience", usual.patience)),
        step=float(said.get("step", usual.step)),
    )

"""Breaks of the healthy world that are about the agents on its container instances."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pytest_ecs_privatelink.lab import workload_edits as edits
from pytest_ecs_privatelink.lab.agent_truth import tell
from pytest_ecs_privatelink.lab.world import IN_ORDER, World
from pytest_ecs_privatelink.topology.model import Snapshot

if TYPE_CHECKING:
    import boto3

_AN_HOUR, _DAYS = timedelta(hours=1), timedelta(days=3)


def told(world: World, session: "boto3.Session", **facts: str) -> None:
    """Have the cloud say these `facts` of every agent (see `agent_truth.tell`)."""
    if world.workload is not None:
        tell(session, world.workload.cluster, **facts)


def registered_an_hour_ago(world: World, session: "boto3.Session") -> None:
    """Have every agent started an hour before the endpoints were made, which is just now (R18)."""
    _registered(world, session, _AN_HOUR)


def registered_days_ago(world: World, session: "boto3.Session") -> None:
    """Have every agent started before the endpoints of `made_in_reverse`."""
    _registered(world, session, _DAYS + _AN_HOUR)


def made_in_reverse(snapshot: Snapshot, _: World) -> Snapshot:
    """Have the three endpoints made against R17's order, so long ago that no agent is stale."""
    first = datetime.fromisoformat(snapshot.taken) - _DAYS
    times = (first + timedelta(minutes=minute) for minute in range(3))
    reverse = zip(IN_ORDER[::-1], (each.isoformat() for each in times), strict=True)
    return edits.created(snapshot, dict(reverse))


def _registered(world: World, session: "boto3.Session", age: timedelta) -> None:
    told(world, session, registered=str((datetime.now(UTC) - age).timestamp()))

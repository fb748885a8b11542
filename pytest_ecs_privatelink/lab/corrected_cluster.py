"""Container instances as their agents would have told: an emulator runs none.

The lab's cloud does better (`agent_truth`): this is for others, which know of no agent's version.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from pytest_ecs_privatelink.lab.world_ecs import AGENT_VERSION
from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.topology.model import Snapshot

_INVENTED = "1.0.0"  # what moto says of every agent


def with_right_instances(snapshot: Snapshot) -> Snapshot:
    """Return ``snapshot`` with agents of today that registered when the endpoints were there.

    A time of moto's is that of an API call in a script, whose order means nothing: breaking the lab
    makes endpoints anew.
    """
    cluster = snapshot.cluster
    if cluster is None or not cluster.instances:
        return snapshot
    made = [at for each in snapshot.endpoints if (at := _time(each.created)) is not None]
    last = max(made, default=None)
    instances = tuple(_right(each, last) for each in cluster.instances)
    return replace(snapshot, cluster=replace(cluster, instances=instances))


def _right(instance: ContainerInstance, last_endpoint: datetime | None) -> ContainerInstance:
    if instance.agent_version != _INVENTED:
        return instance
    registered = _time(instance.registered)
    if registered is None or last_endpoint is None or registered > last_endpoint:
        return replace(instance, agent_version=AGENT_VERSION)
    later = last_endpoint + timedelta(seconds=1)
    return replace(instance, agent_version=AGENT_VERSION, registered=later.isoformat())


def _time(text: str | None) -> datetime | None:
    """Return a time, None also for what is none: a snapshot may have been edited."""
    try:
        parsed = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if parsed is None or parsed.tzinfo is None else parsed

"""Container instances whose agents somebody has to care for."""

from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.topology.model import Snapshot


def own_instances(snapshot: Snapshot) -> tuple[ContainerInstance, ...]:
    """Return the container instances whose agents are the user's to care for.

    Agents of ECS Managed Instances are AWS's.
    """
    cluster = snapshot.cluster
    seen = () if cluster is None else cluster.instances or ()
    return tuple(each for each in seen if not each.managed)


def name_of(instance: ContainerInstance) -> str:
    """Return what people call the instance: its EC2 id, else the end of its ARN."""
    return instance.instance or instance.arn.rpartition("/")[2]

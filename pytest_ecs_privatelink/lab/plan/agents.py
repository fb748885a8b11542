"""Which hosts are container instances: those in whose subnet the cluster has one."""

from pytest_ecs_privatelink.lab.twin_plan import PlannedAgent
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Interface, Snapshot

INSTANCE_ROLE = "lab-container-instance"
"""The role of every container instance: a snapshot does not tell theirs."""


def planned_agents(snapshot: Snapshot) -> dict[str, PlannedAgent]:
    """Return the container instances by subnet: where there are several, the first by ARN.

    Those of ECS Managed Instances let nobody in, and are left out.
    """
    cluster = snapshot.cluster
    if cluster is None:
        return {}
    own = [each for each in cluster.instances or () if each.instance and not each.managed]
    planned: dict[str, PlannedAgent] = {}
    for each in sorted(own, key=lambda each: each.arn):
        if each.subnet is not None and each.subnet not in planned:
            planned[each.subnet] = _agent(snapshot, cluster, each)
    return planned


def _agent(snapshot: Snapshot, cluster: Cluster, instance: ContainerInstance) -> PlannedAgent:
    interface = _interface(snapshot, instance)
    return PlannedAgent(
        instance=instance.instance or "",
        container_instance=instance.arn,
        cluster=cluster.arn,
        vpc=snapshot.vpc.id,
        version=instance.agent_version,
        started=instance.registered,
        role=INSTANCE_ROLE,
        address=next(iter(interface.addresses), None) if interface else None,
        mac=interface.mac if interface else None,
        groups=instance.groups or (),
    )


def _interface(snapshot: Snapshot, instance: ContainerInstance) -> Interface | None:
    mine = (each for each in snapshot.interfaces or () if each.instance == instance.instance)
    return next((each for each in mine if each.primary), None)

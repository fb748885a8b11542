"""Which hosts are container instances: those in whose subnet the cluster has one."""

from dataclasses import replace

from pytest_ecs_privatelink.lab.twin_faults import TwinFault
from pytest_ecs_privatelink.lab.twin_plan import PlannedAgent
from pytest_ecs_privatelink.lab.world_ecs import INSTANCE_ROLE
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Interface, Snapshot
from pytest_ecs_privatelink.verdict import Code

_PROXY = "HTTP_PROXY=http://proxy.lab.internal:3128"


def planned_agents(
    snapshot: Snapshot, faults: tuple[TwinFault, ...] = ()
) -> dict[str, PlannedAgent]:
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
            planned[each.subnet] = _faulty(_agent(snapshot, cluster, each), faults)
    return planned


def _faulty(agent: PlannedAgent, faults: tuple[TwinFault, ...]) -> PlannedAgent:
    """Return the agent as ``faults`` want it: not running, or calling everything by a proxy."""
    codes = {each.code for each in faults if each.on_hosts}
    return replace(
        agent,
        silent=Code.AGENT_DISCONNECTED in codes,
        proxies=(_PROXY,) if Code.AGENT_PUBLIC_PATH in codes else (),
    )


def _agent(snapshot: Snapshot, cluster: Cluster, instance: ContainerInstance) -> PlannedAgent:
    interface = _interface(snapshot, instance)
    return PlannedAgent(
        instance=instance.instance or "",
        container_instance=instance.arn,
        cluster=cluster.arn,
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

"""Which hosts of a plan are container instances, and what is known of these."""

from dataclasses import replace

from twin_rehearsal import plan_of
from twin_snapshots import (
    CLUSTER,
    ENDPOINTS,
    REGISTERED,
    TASKS,
    healthy,
    instance_address,
    instance_id,
    with_instances,
)

from pytest_ecs_privatelink.lab.twin_plan import PlannedAgent
from pytest_ecs_privatelink.lab.world_ecs import INSTANCE_ROLE
from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType


def with_changed(snapshot: Snapshot, *instances: ContainerInstance) -> Snapshot:
    """Return ``snapshot`` with other container instances in its cluster."""
    assert snapshot.cluster is not None
    return replace(snapshot, cluster=replace(snapshot.cluster, instances=instances))


def instances_of(snapshot: Snapshot) -> tuple[ContainerInstance, ...]:
    """Return the container instances of a snapshot that has some."""
    assert snapshot.cluster is not None
    assert snapshot.cluster.instances is not None
    return snapshot.cluster.instances


def test_instance_is_as_the_snapshot_says() -> None:
    """A host is told what the cluster and the interface tell of its subnet's instance."""
    (host,) = plan_of(with_instances(healthy(subnets=1))).hosts
    assert host.agent == PlannedAgent(
        instance=instance_id(0),
        container_instance=CLUSTER.replace("cluster/shop", "container-instance/shop/0"),
        cluster=CLUSTER,
        version="1.90.0",
        started=REGISTERED,
        role=INSTANCE_ROLE,
        address=instance_address(0),
        mac="02:00:00:00:00:00",
        groups=(TASKS,),
    )


def test_no_instance() -> None:
    """Without a cluster, and where its instances could not be read, no host is an instance."""
    unread = with_instances(healthy())
    assert unread.cluster is not None
    unread = replace(unread, cluster=replace(unread.cluster, instances=None))
    for snapshot in (healthy(), unread):
        assert [host.agent for host in plan_of(snapshot).hosts] == [None, None]


def test_managed_instances_are_left_out() -> None:
    """Those of ECS Managed Instances let nobody in, and are none that a host could be."""
    snapshot = with_instances(healthy())
    first, second = instances_of(snapshot)
    hosts = plan_of(with_changed(snapshot, replace(first, managed=True), second)).hosts
    assert [host.agent and host.agent.instance for host in hosts] == [None, instance_id(1)]


def test_several_in_one_subnet() -> None:
    """Of several instances in a subnet the first by ARN is there, in whatever order they come."""
    snapshot = with_instances(healthy())
    first, second = instances_of(snapshot)
    hosts = plan_of(with_changed(snapshot, replace(second, subnet="subnet-0"), first)).hosts
    assert [host.agent and host.agent.instance for host in hosts] == [instance_id(0), None]


def test_instance_dials_as_one() -> None:
    """What an instance is comes first, with the address that it has anyway."""
    plain, instance = (
        plan_of(each, (TASKS,), instance_groups=(ENDPOINTS,)).hosts[0]
        for each in (healthy(subnets=1), with_instances(healthy(subnets=1)))
    )
    assert plain.guises[0].launch_types == (LaunchType.FARGATE,)
    assert instance.guises[0].launch_types == (LaunchType.EC2,)
    assert set(plain.guises) == set(instance.guises)

"""Which log groups the tasks of a cluster write to: where a run's log streams are to be found."""

from typing import TYPE_CHECKING

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.cluster import TaskDefinition
from pytest_ecs_privatelink.topology.reader.cluster import Wanted, look
from pytest_ecs_privatelink.topology.reader.definitions import definition_of
from pytest_ecs_privatelink.topology.reader.refusals import in_short
from pytest_ecs_privatelink.topology.reader.wire import Refused, Wire

if TYPE_CHECKING:
    import boto3


def log_groups_of(
    session: "boto3.Session", region: str, cluster: str, services: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the awslogs groups, sorted, in ``region`` of the cluster's ECS services.

    ``services`` empty: of all. Raises `ReadError` where they cannot be known, the cluster's own
    absence included.
    """
    wire = Wire(session, region, services=("ecs",))
    try:
        looked = look(wire, Wanted(cluster=cluster, services=services), region)
        if looked.services is None:
            raise next(iter(looked.refusals.values()))
        arns = {each.task_definition for one in looked.services for each in one.placements}
        groups = {
            group for arn in sorted(arns) for group in _groups(definition_of(wire, arn), region)
        }
    except Refused as refused:
        raise ReadError(
            f"--ecs-cluster {cluster}: its log groups cannot be read: "
            f"{in_short(refused)} ({refused.permission}); name them with --ecs-log-group"
        ) from None
    finally:
        wire.close()
    return tuple(sorted(groups))


def _groups(definition: TaskDefinition, region: str) -> set[str]:
    return {
        container.log_group
        for container in definition.containers
        if container.log_group is not None and container.log_region in (None, region)
    }

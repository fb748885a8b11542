"""The cluster's evidence as audits take it: where tasks run, and what could not be read."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import permission_for
from pytest_ecs_privatelink.topology.cluster import Cluster, Placement, TaskDefinition
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.verdict import Code

# What a part is called, and the IAM action that reading it takes.
_PARTS = {
    "cluster": ("the cluster", "ecs:DescribeClusters"),
    "cluster.services": ("ECS services", "ecs:DescribeServices"),
    "cluster.task_definitions": ("task definitions", "ecs:DescribeTaskDefinition"),
    "cluster.instances": ("container instances", "ecs:DescribeContainerInstances"),
    "mount_targets": ("mount targets", "elasticfilesystem:DescribeMountTargets"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A task definition and the subnets under test that its tasks run in.

    ``name`` is ``family:revision``; ``placements`` are those of the ECS services that use it, none
    where these could not be read: then every subnet under test is meant.
    """

    name: str
    definition: TaskDefinition
    subnets: tuple[Subnet, ...]
    placements: tuple[Placement, ...] = ()


def uses(scene: Scene) -> tuple[Use, ...]:
    """Return the task definitions that run in subnets under test, as a launch type under test."""
    cluster = scene.snapshot.cluster
    if cluster is None:
        return ()
    placed: dict[str, list[Placement]] = defaultdict(list)
    for service in cluster.services or ():
        for placement in service.placements:
            placed[_name(placement.task_definition)].append(placement)
    found = (
        _use(scene, cluster, each, tuple(placed[_name(each.arn)]))
        for each in sorted(cluster.task_definitions or (), key=lambda each: _name(each.arn))
    )
    return tuple(use for use in found if use and use.subnets)


def unread(scene: Scene, code: Code, *parts: str) -> Iterator[Unseen]:
    """Yield that ``code`` cannot be judged where any of ``parts`` of a cluster was not read.

    What an emulator does not implement is absent there.
    """
    snapshot = scene.snapshot
    wanted = [part for part in ("cluster", *parts) if _is_unread(snapshot, part)]
    if not wanted or snapshot.emulated:
        return
    missing = (permission_for(snapshot, part, _PARTS[part][1]) for part in wanted)
    permissions = tuple(dict.fromkeys(missing))
    yield Unseen(
        code=code,
        subject=snapshot.cluster.name if snapshot.cluster else snapshot.vpc.id,
        reason=(
            f"{' and '.join(_PARTS[part][0] for part in wanted)} could not be read: "
            f"missing permission {', '.join(permissions)}"
        ),
        permissions=permissions,
    )


def _is_unread(snapshot: Snapshot, part: str) -> bool:
    """Return whether a part is missing that was asked for: without cluster nothing was."""
    named = any(entry.part == part for entry in snapshot.unreadable)
    if snapshot.cluster is None or part == "cluster":
        return snapshot.cluster is None and named
    holder, _, name = part.rpartition(".")
    return getattr(snapshot.cluster if holder else snapshot, name) is None


def _use(
    scene: Scene, cluster: Cluster, definition: TaskDefinition, placed: tuple[Placement, ...]
) -> Use | None:
    placements = tuple(each for each in placed if each.launch_type in scene.launch_types)
    if placed and not placements:
        return None
    inside = {id_ for each in placements for id_ in each.subnets}
    if any(not each.subnets for each in placements):
        # Without awsvpc, tasks stand where the container instances do.
        hosts = {each.subnet for each in cluster.instances or () if each.subnet is not None}
        inside |= hosts or {subnet.id for subnet in scene.subnets}
    return Use(
        name=_name(definition.arn),
        definition=definition,
        subnets=tuple(each for each in scene.subnets if not placements or each.id in inside),
        placements=placements,
    )


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]

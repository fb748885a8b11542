"""The cluster's evidence as audits take it: where tasks run, and what could not be read."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
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


@dataclass(frozen=True, slots=True)
class _Ground:
    """The subnets under test, their places among these, and those where instances are."""

    subnets: tuple[Subnet, ...]
    places: Mapping[str, int]
    hosting: tuple[Subnet, ...]

    @classmethod
    def of(cls, scene: Scene, cluster: Cluster) -> "_Ground":
        hosts = {each.subnet for each in cluster.instances or () if each.subnet is not None}
        return cls(
            scene.subnets,
            {each.id: place for place, each in enumerate(scene.subnets)},
            tuple(each for each in scene.subnets if not hosts or each.id in hosts),
        )

    def held(self, ids: Iterable[str]) -> tuple[Subnet, ...]:
        """Return those of ``ids`` that are under test, in their order there."""
        places = {self.places[id_] for id_ in ids if id_ in self.places}
        return tuple(self.subnets[place] for place in sorted(places))


def uses(scene: Scene) -> tuple[Use, ...]:
    """Return the task definitions that run in subnets under test, as a launch type under test."""
    cluster = scene.snapshot.cluster
    if cluster is None:
        return ()
    placed: dict[str, list[Placement]] = defaultdict(list)
    for service in cluster.services or ():
        for placement in service.placements:
            placed[_name(placement.task_definition)].append(placement)
    ground = _Ground.of(scene, cluster)
    found = (
        _use(scene, ground, each, tuple(placed[_name(each.arn)]))
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
    scene: Scene, ground: _Ground, definition: TaskDefinition, placed: tuple[Placement, ...]
) -> Use | None:
    placements = tuple(each for each in placed if each.launch_type in scene.launch_types)
    if placed and not placements:
        return None
    return Use(
        name=_name(definition.arn),
        definition=definition,
        subnets=_standing(ground, placements),
        placements=placements,
    )


def _standing(ground: _Ground, placements: tuple[Placement, ...]) -> tuple[Subnet, ...]:
    if not placements:
        return ground.subnets
    named = {id_ for each in placements for id_ in each.subnets}
    if all(each.subnets for each in placements):
        return ground.held(named)
    # Without awsvpc, tasks stand where the container instances do.
    if not named:
        return ground.hosting
    return ground.held(named.union(each.id for each in ground.hosting))


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]

"""Of a cluster, what stands in the VPC, and what its tasks refer to: definitions, roles, EFS."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    EcsService,
    MountTarget,
    Placement,
    Role,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.evidence import runs_on_instances
from pytest_ecs_privatelink.topology.model import Interface
from pytest_ecs_privatelink.topology.reader.cluster import INSTANCES, SERVICES, Looked
from pytest_ecs_privatelink.topology.reader.definitions import read_definition
from pytest_ecs_privatelink.topology.reader.errands import Refusals, gather
from pytest_ecs_privatelink.topology.reader.instances import standing_in
from pytest_ecs_privatelink.topology.reader.roles import read_role
from pytest_ecs_privatelink.topology.reader.scope import Scope, optional
from pytest_ecs_privatelink.topology.reader.wire import Raw, Refused

T = TypeVar("T")

DEFINITIONS = "cluster.task_definitions"
ROLES = "roles"
MOUNT_TARGETS = "mount_targets"
# LifeCycleState of the EFS API; what is being updated can be mounted.
_UNUSABLE = frozenset({"creating", "deleting", "deleted", "error"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """The cluster's part of the VPC with what it refers to; None is what was refused."""

    cluster: Cluster
    roles: tuple[Role, ...] | None
    mount_targets: tuple[MountTarget, ...] | None
    refusals: Refusals


def read_workload(
    pool: Executor,
    scope: Scope,
    looked: Looked,
    *,
    subnets: Iterable[str],
    interfaces: tuple[Interface, ...] | None,
) -> Workload:
    """Return what of the cluster stands in the VPC, and read what that refers to."""
    cluster, refusals = _here(looked, frozenset(subnets), interfaces)
    reading = _Reading(pool, scope, refusals)
    names = _definition_names(cluster.services)
    definitions = reading.each(DEFINITIONS, read_definition, names, SERVICES)
    roles = reading.each(ROLES, read_role, _role_names(definitions), DEFINITIONS)
    systems = _file_systems(definitions)
    targets = reading.each(MOUNT_TARGETS, _read_mount_targets, systems, DEFINITIONS)
    return Workload(
        cluster=replace(cluster, task_definitions=definitions),
        roles=None if roles is None else tuple(each for each in roles if each is not None),
        mount_targets=None if targets is None else tuple(each for some in targets for each in some),
        refusals=refusals,
    )


def _here(
    looked: Looked, subnets: frozenset[str], interfaces: tuple[Interface, ...] | None
) -> tuple[Cluster, Refusals]:
    """Return what of the cluster stands in the VPC, and the refusals that matter for it."""
    refusals = dict(looked.refusals)
    instances = None if looked.instances is None else standing_in(interfaces, looked.instances)
    elsewhere = bool(looked.instances) and not instances
    services = _standing(looked.services, subnets, instances_elsewhere=elsewhere)
    if looked.only_named and services is not None and not runs_on_instances(services):
        instances = ()  # those of other ECS services
        refusals.pop(INSTANCES, None)
    cluster = Cluster(
        arn=looked.arn,
        name=looked.name,
        services=services,
        instances=instances,
        exec_kms_key=looked.exec_kms_key,
    )
    return cluster, refusals


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads one kind after the other; notes the first refusal of each, under its part."""

    pool: Executor
    scope: Scope
    refusals: Refusals

    def each(
        self, part: str, read: Callable[[Scope, str], T], names: Sequence[str] | None, of: str
    ) -> tuple[T, ...] | None:
        """Return what ``read`` brings for every name; None where one is refused.

        ``names`` is None where the part ``of`` was refused, which tells them.
        """
        if names is None:
            self.refusals[part] = self.refusals[of]
            return None
        found, refused = gather(
            self.pool, {name: partial(read, self.scope, name) for name in names}
        )
        if refused:
            self.refusals[part] = next(iter(refused.values()))
            return None
        return tuple(found[name] for name in names)


def _standing(
    services: tuple[EcsService, ...] | None, subnets: frozenset[str], *, instances_elsewhere: bool
) -> tuple[EcsService, ...] | None:
    """Return the ECS services with those of their placements that are in the VPC.

    Without awsvpc a placement stands where the instances do: elsewhere if all of them do.
    """
    if services is None:
        return None

    def stands(placement: Placement) -> bool:
        if placement.subnets:
            return not subnets.isdisjoint(placement.subnets)
        return not instances_elsewhere

    kept = (replace(each, placements=tuple(filter(stands, each.placements))) for each in services)
    return tuple(each for each in kept if each.placements)


def _definition_names(services: tuple[EcsService, ...] | None) -> tuple[str, ...] | None:
    if services is None:
        return None
    return tuple(sorted({p.task_definition for each in services for p in each.placements}))


def _role_names(definitions: tuple[TaskDefinition, ...] | None) -> tuple[str, ...] | None:
    if definitions is None:
        return None
    return tuple(sorted({each.execution_role for each in definitions if each.execution_role}))


def _file_systems(definitions: tuple[TaskDefinition, ...] | None) -> tuple[str, ...] | None:
    if definitions is None:
        return None
    return tuple(sorted({id_ for each in definitions for id_ in each.file_systems}))


def _read_mount_targets(scope: Scope, file_system: str) -> tuple[MountTarget, ...]:
    """Return the file system's mount targets in the VPC; none where there is no such one."""
    try:
        found = scope.wire.records(
            "efs",
            "DescribeMountTargets",
            "MountTargets",
            _mount_target,
            keep=lambda raw: (
                raw.get("VpcId") in (None, scope.vpc.id)
                and raw.get("LifeCycleState") not in _UNUSABLE
            ),
            FileSystemId=file_system,
        )
    except Refused as refused:
        if refused.code == "FileSystemNotFound":
            return ()
        raise
    return tuple(replace(each, groups=_groups(scope, each.id)) for each in found)


def _groups(scope: Scope, mount_target: str) -> tuple[str, ...]:
    found = scope.wire.records(
        "efs",
        "DescribeMountTargetSecurityGroups",
        "SecurityGroups",
        str,
        MountTargetId=mount_target,
    )
    return tuple(sorted(found))


def _mount_target(raw: Raw) -> MountTarget:
    return MountTarget(
        id=raw["MountTargetId"],
        file_system=raw["FileSystemId"],
        subnet=raw["SubnetId"],
        az=optional(raw, "AvailabilityZoneName") or "",
        address=str(raw["IpAddress"]),
    )

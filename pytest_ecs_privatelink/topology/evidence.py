"""What a snapshot's cluster proves about needs: features, launch types, subnets, groups worn.

Evidence only adds. Where there is no cluster, or a part of it could not be read, nothing is seen,
which is not "seen not to be".
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.catalogue.rules import BOTH, Features
from pytest_ecs_privatelink.topology.cluster import (
    Cluster,
    Container,
    EcsService,
    Placement,
    Secret,
    TaskDefinition,
)
from pytest_ecs_privatelink.topology.lookup import default_group
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Worn:
    """A set of security groups, and the ECS services or instances that wear exactly these."""

    groups: tuple[str, ...]
    by: tuple[str, ...]


def features_of(snapshot: Snapshot) -> Features:
    """Return for which launch types each feature was seen in the cluster, registries included."""
    cluster = snapshot.cluster
    if cluster is None:
        return Features()
    region = snapshot.region
    services = cluster.services or ()
    seen = list(defined(cluster))
    where = _Where(tuple(_at_services(services)))

    def among(holds: Callable[[Container], bool]) -> tuple[LaunchType, ...]:
        return _in_order(kind for kind, task in seen if any(map(holds, task.containers)))

    return Features(
        private_image=among(lambda each: registry_of(each.image, region) is not None),
        awslogs=among(lambda each: logs_here(each, region)),
        secrets=among(lambda each: any(is_secret(one, region) for one in each.secrets)),
        ssm_parameters=among(lambda each: any(is_parameter(one, region) for one in each.secrets)),
        env_files=among(lambda each: bool(each.env_files)),
        ecs_exec=where(lambda service: service.execute_command),
        ecs_exec_kms=where(lambda service: service.execute_command and cluster.exec_kms_key),
        service_connect=where(lambda service: service.service_connect),
        registries=_registries(seen, region),
    )


def registries_of(snapshot: Snapshot) -> tuple[str, ...]:
    """Return account ids of the ECR registries in use, the VPC owner's where none is seen."""
    return features_of(snapshot).registries or (snapshot.vpc.owner,)


def registry_of(image: str, region: str) -> str | None:
    """Return the account id of the Region's ECR registry that ``image`` is in, None elsewhere."""
    parsed = parse_image(image)
    return parsed.account if parsed is not None and parsed.region == region else None


def launch_types_of(snapshot: Snapshot) -> tuple[LaunchType, ...]:
    """Return the launch types of ECS services and container instances; none: nothing was seen."""
    cluster = snapshot.cluster
    if cluster is None:
        return ()
    kinds = [kind for kind, _ in _at_services(cluster.services or ())]
    return _in_order([*kinds, *(LaunchType.EC2 for _ in cluster.instances or ())])


def subnets_of(snapshot: Snapshot) -> frozenset[str]:
    """Return ids of the subnets in which the cluster's tasks or container instances stand."""
    cluster = snapshot.cluster
    if cluster is None:
        return frozenset()
    placed = {id_ for _, each in _placements(cluster.services or ()) for id_ in each.subnets}
    placed |= {each.subnet for each in cluster.instances or () if each.subnet is not None}
    return frozenset(placed & {subnet.id for subnet in snapshot.subnets})


def worn_by(snapshot: Snapshot, launch_type: LaunchType) -> tuple[Worn, ...]:
    """Return what Fargate's tasks or the container instances wear, by the first wearer's name.

    One entry for each distinct set. Empty: nobody knows, of one of them or of all.
    """
    found: dict[tuple[str, ...], list[str]] = {}
    for wearer, groups in sorted(_wearers(snapshot, launch_type), key=lambda pair: pair[0]):
        if groups is None:
            return ()
        names = found.setdefault(tuple(sorted(groups)), [])
        if wearer not in names:
            names.append(wearer)
    return tuple(Worn(groups=groups, by=tuple(names)) for groups, names in found.items())


def runs_on_instances(services: Iterable[EcsService]) -> bool:
    """Return whether any of the ECS services has tasks on container instances."""
    return any(kind is LaunchType.EC2 for kind, _ in _at_services(services))


def narrowed(snapshot: Snapshot, names: tuple[str, ...]) -> Snapshot:
    """Return the snapshot with no other ECS services than those named, and what they refer to."""
    cluster = snapshot.cluster
    if cluster is None or cluster.services is None:
        return snapshot
    services = tuple(each for each in cluster.services if each.name in names)
    in_use = {placement.task_definition for _, placement in _placements(services)}
    definitions = cluster.task_definitions
    if definitions is not None:
        definitions = tuple(each for each in definitions if each.arn in in_use)
    kept = replace(
        cluster,
        services=services,
        task_definitions=definitions,
        instances=cluster.instances if runs_on_instances(services) else (),
    )
    return _without_the_rest(replace(snapshot, cluster=kept), definitions)


def _without_the_rest(
    snapshot: Snapshot, definitions: tuple[TaskDefinition, ...] | None
) -> Snapshot:
    if definitions is None:
        return snapshot
    roles = {each.execution_role for each in definitions}
    systems = {id_ for each in definitions for id_ in each.file_systems}
    return replace(
        snapshot,
        roles=_only(snapshot.roles, lambda each: each.arn in roles),
        mount_targets=_only(snapshot.mount_targets, lambda each: each.file_system in systems),
    )


def _only(records: tuple[T, ...] | None, wanted: Callable[[T], bool]) -> tuple[T, ...] | None:
    return None if records is None else tuple(filter(wanted, records))


def _wearers(
    snapshot: Snapshot, launch_type: LaunchType
) -> Iterator[tuple[str, tuple[str, ...] | None]]:
    cluster = snapshot.cluster
    if cluster is None:
        return
    if launch_type is LaunchType.EC2:
        for instance in cluster.instances or ():
            yield instance.instance or instance.arn, instance.groups
        return
    for service, placement in _placements(cluster.services or ()):
        if placement.launch_type is launch_type:
            yield service.name, placement.groups or _default(snapshot)


def _default(snapshot: Snapshot) -> tuple[str, ...] | None:
    """Return what is worn where nothing was said [ECS API, AwsVpcConfiguration]."""
    group = default_group(snapshot)
    return None if group is None else (group.id,)


def _placements(services: Iterable[EcsService]) -> Iterator[tuple[EcsService, Placement]]:
    for service in services:
        for placement in service.placements:
            yield service, placement


def _at_services(services: Iterable[EcsService]) -> Iterator[tuple[LaunchType, EcsService]]:
    for service, placement in _placements(services):
        yield placement.launch_type, service


def defined(cluster: Cluster) -> Iterator[tuple[LaunchType, TaskDefinition]]:
    """Yield the task definitions that were read, each with a launch type it is in use for."""
    known = {each.arn: each for each in cluster.task_definitions or ()}
    for _, placement in _placements(cluster.services or ()):
        if placement.task_definition in known:
            yield placement.launch_type, known[placement.task_definition]


@dataclass(frozen=True, slots=True)
class _Where:
    """For which launch types some ECS service has a property."""

    at: tuple[tuple[LaunchType, EcsService], ...]

    def __call__(self, holds: Callable[[EcsService], bool]) -> tuple[LaunchType, ...]:
        return _in_order(kind for kind, service in self.at if holds(service))


def _registries(seen: Iterable[tuple[LaunchType, TaskDefinition]], region: str) -> tuple[str, ...]:
    images = {container.image for _, task in seen for container in task.containers}
    accounts = {registry_of(image, region) for image in images}
    return tuple(sorted(account for account in accounts if account is not None))


def logs_here(container: Container, region: str) -> bool:
    """Return whether the container's logs go to CloudWatch Logs of this Region."""
    return container.log_driver == "awslogs" and container.log_region in (None, region)


def is_secret(secret: Secret, region: str) -> bool:
    """Return whether it is fetched from Secrets Manager in this Region.

    Registry credentials may be named by a bare name too, and are always Secrets Manager's
    [ECS API, RepositoryCredentials].
    """
    service, where = of_arn(secret.reference)
    if service is None:
        return secret.purpose == "registry"
    return service == "secretsmanager" and where == region


def is_parameter(secret: Secret, region: str) -> bool:
    """Return whether it is Parameter Store's: in this Region a bare name does [ECS API, Secret]."""
    service, where = of_arn(secret.reference)
    if service is None:
        return secret.purpose != "registry"
    return service == "ssm" and where == region


def of_arn(text: str) -> tuple[str | None, str | None]:
    """Return an ARN's service and Region; None for both where ``text`` is a name."""
    parts = text.split(":")
    return (parts[2], parts[3]) if parts[0] == "arn" and len(parts) > 5 else (None, None)


def _in_order(kinds: Iterable[LaunchType]) -> tuple[LaunchType, ...]:
    found = set(kinds)
    return tuple(kind for kind in BOTH if kind in found)

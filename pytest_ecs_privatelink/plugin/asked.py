"""Hold what a snapshot has of a cluster, and of groups, against what was asked for."""

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.cluster import Cluster
from pytest_ecs_privatelink.topology.evidence import narrowed
from pytest_ecs_privatelink.topology.model import Snapshot


def with_cluster_asked(settings: Settings, snapshot: Snapshot) -> Snapshot:
    """Return the snapshot with the ECS services asked for; `SettingsError` where it has them not.

    For a cluster that was just read this changes nothing: the reader has been as strict.
    """
    cluster = snapshot.cluster
    if cluster is None:
        _refuse_without_cluster(settings)
        return snapshot
    if settings.cluster not in (None, cluster.name, cluster.arn):
        raise SettingsError(_another_cluster(settings, cluster))
    if not settings.ecs_services:
        return snapshot
    names = tuple(each.rpartition("/")[2] for each in settings.ecs_services)
    _refuse_unknown_services(names, cluster)
    return narrowed(snapshot, names)


def refuse_unknown_groups(settings: Settings, snapshot: Snapshot) -> None:
    """Raise `SettingsError` where an option names a security group that the VPC has not."""
    if snapshot.security_groups is None or any(
        entry.part == "security_groups" for entry in snapshot.unreadable
    ):
        return
    known = {group.id: group for group in snapshot.security_groups}
    named = (
        *(("--ecs-security-group", group) for group in settings.security_groups),
        *(("--ecs-instance-security-group", group) for group in settings.instance_security_groups),
    )
    for flag, group in named:
        if group not in known:
            own = (each for each in known.values() if each.vpc == snapshot.vpc.id)
            legal = ", ".join(sorted(f"{each.id} ({each.name})" for each in own))
            raise SettingsError(
                f"{flag} {group}: {snapshot.vpc.id} has none of that id; it has {legal}"
            )


def _refuse_without_cluster(settings: Settings) -> None:
    if settings.cluster is None and not settings.ecs_services:
        return
    asked = (
        f"--ecs-service {settings.ecs_services[0]}"
        if settings.cluster is None
        else f"--ecs-cluster {settings.cluster}"
    )
    raise SettingsError(
        f"{asked}: {settings.snapshot or 'the snapshot'} holds no cluster: save it again with "
        f"--ecs-cluster {settings.cluster or 'NAME'} --ecs-save-snapshot FILE"
    )


def _another_cluster(settings: Settings, cluster: Cluster) -> str:
    if settings.snapshot is None:
        return f"--ecs-cluster {settings.cluster}: the lab's own world has cluster {cluster.name}"
    return (
        f"--ecs-cluster {settings.cluster} and --ecs-snapshot {settings.snapshot} contradict each "
        f"other: that snapshot is of cluster {cluster.name}"
    )


def _refuse_unknown_services(names: tuple[str, ...], cluster: Cluster) -> None:
    if cluster.services is None:
        return  # unread, and told so
    known = {each.name for each in cluster.services}
    for name in names:
        if name not in known:
            legal = ", ".join(sorted(known)) or "none"
            raise SettingsError(
                f"--ecs-service {name}: cluster {cluster.name} has no ECS service of that name in "
                f"this VPC; it has {legal}"
            )

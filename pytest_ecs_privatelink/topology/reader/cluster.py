"""Look at a cluster: what it is, its active ECS services, its container instances.

Beside the VPC's parts, so nothing here knows yet what stands in that VPC: `workload` does.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.cluster import EcsService
from pytest_ecs_privatelink.topology.reader.errands import Refusals, gather
from pytest_ecs_privatelink.topology.reader.placements import Strategy, ecs_service, strategy_of
from pytest_ecs_privatelink.topology.reader.wire import Raw, Refused, Wire

# Limits of the ECS API (DescribeServices, DescribeContainerInstances).
_SERVICES_PER_CALL = 10
_INSTANCES_PER_CALL = 100
SERVICES = "cluster.services"
INSTANCES = "cluster.instances"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The cluster that was asked for, by name or ARN; ``services`` empty: all ECS services."""

    cluster: str
    services: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A cluster as the ECS API tells it, in whatever VPCs; a list that was refused is None.

    ``only_named``: the ECS services are the wanted ones, not all of the cluster's.
    """

    arn: str
    name: str
    exec_kms_key: bool
    services: tuple[EcsService, ...] | None
    instances: tuple[Raw, ...] | None
    only_named: bool
    refusals: Refusals


def look(wire: Wire, wanted: Wanted, region: str) -> Looked:
    """Return the cluster; `ReadError` where there is no such one, or no such ECS service in it.

    Raises `Refused` where the cluster itself cannot be described.
    """
    raw = _describe(wire, wanted, region)
    arn = str(raw["clusterArn"])
    execution = (raw.get("configuration") or {}).get("executeCommandConfiguration") or {}
    default = strategy_of(raw, "defaultCapacityProviderStrategy")
    with ThreadPoolExecutor(2) as pool:
        parts, refusals = gather(
            pool,
            {
                SERVICES: lambda: _read_services(wire, arn, wanted, default),
                INSTANCES: lambda: _read_instances(wire, arn),
            },
        )
    return Looked(
        arn=arn,
        name=str(raw["clusterName"]),
        exec_kms_key=bool(execution.get("kmsKeyId")),
        services=_by_name(parts[SERVICES]),
        instances=parts[INSTANCES],
        only_named=bool(wanted.services),
        refusals=refusals,
    )


def _by_name(services: tuple[EcsService, ...] | None) -> tuple[EcsService, ...] | None:
    return None if services is None else tuple(sorted(services, key=lambda each: each.name))


def _describe(wire: Wire, wanted: Wanted, region: str) -> Raw:
    found = wire.records(
        "ecs",
        "DescribeClusters",
        "clusters",
        lambda raw: {**raw, "clusterArn": raw["clusterArn"], "clusterName": raw["clusterName"]},
        keep=lambda raw: raw.get("status", "ACTIVE") == "ACTIVE",
        clusters=[wanted.cluster],
        include=["CONFIGURATIONS", "SETTINGS"],
    )
    if not found:
        has = _listed(lambda: wire.records("ecs", "ListClusters", "clusterArns", str))
        raise ReadError(
            f"--ecs-cluster {wanted.cluster}: {region} has no active cluster of that name{has}"
        )
    return found[0]


def _read_services(
    wire: Wire, cluster: str, wanted: Wanted, default: Strategy
) -> tuple[EcsService, ...]:
    named: Sequence[str] = wanted.services or _service_arns(wire, cluster)
    found = tuple(
        each
        for start in range(0, len(named), _SERVICES_PER_CALL)
        for each in wire.records(
            "ecs",
            "DescribeServices",
            "services",
            lambda raw: ecs_service(raw, default),
            keep=lambda raw: raw.get("status") == "ACTIVE",
            cluster=cluster,
            services=list(named[start : start + _SERVICES_PER_CALL]),
        )
    )
    _refuse_unknown(wire, cluster, wanted, {each.name for each in found})
    return found


def _service_arns(wire: Wire, cluster: str) -> tuple[str, ...]:
    return wire.records("ecs", "ListServices", "serviceArns", str, cluster=cluster)


def _refuse_unknown(wire: Wire, cluster: str, wanted: Wanted, found: set[str]) -> None:
    for service in wanted.services:
        if last_label(service) not in found:
            has = _listed(lambda: _service_arns(wire, cluster))
            raise ReadError(
                f"--ecs-service {service}: cluster {last_label(cluster)} has no active ECS service "
                f"of that name{has}"
            )


def _read_instances(wire: Wire, cluster: str) -> tuple[Raw, ...]:
    arns = wire.records(
        "ecs", "ListContainerInstances", "containerInstanceArns", str, cluster=cluster
    )
    return tuple(
        each
        for start in range(0, len(arns), _INSTANCES_PER_CALL)
        for each in wire.records(
            "ecs",
            "DescribeContainerInstances",
            "containerInstances",
            lambda raw: {**raw, "containerInstanceArn": raw["containerInstanceArn"]},
            keep=lambda raw: raw.get("status", "ACTIVE") == "ACTIVE",
            cluster=cluster,
            containerInstances=list(arns[start : start + _INSTANCES_PER_CALL]),
        )
    )


def _listed(read: Callable[[], tuple[str, ...]]) -> str:
    """Return "; it has" and legal names, for a message; nothing where they cannot be read."""
    try:
        names = ", ".join(sorted(map(last_label, read())))
    except Refused:
        return ""
    return f"; it has {names}" if names else "; it has none"


def last_label(name_or_arn: str) -> str:
    """Return the name at the end of an ARN, or the name that it is already."""
    return name_or_arn.rpartition("/")[2]

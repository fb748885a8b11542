"""Read one VPC: the VPC itself, then all its parts at once, then what those parts refer to."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError

from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet, Unreadable
from pytest_ecs_privatelink.topology.reader import endpoints, filters, names, network
from pytest_ecs_privatelink.topology.reader.cluster import Looked, Wanted, look
from pytest_ecs_privatelink.topology.reader.errands import Refusals, gather
from pytest_ecs_privatelink.topology.reader.references import follow
from pytest_ecs_privatelink.topology.reader.refusals import (
    Attempt,
    fatal,
    in_short,
    no_such_vpc,
    unusable,
)
from pytest_ecs_privatelink.topology.reader.scope import Scope
from pytest_ecs_privatelink.topology.reader.wire import (
    CLUSTER_SERVICES,
    CONFIG,
    EMULATOR_CONFIG,
    SERVICES,
    WORKERS,
    Refused,
    Wire,
)
from pytest_ecs_privatelink.topology.reader.workload import Workload, read_workload

if TYPE_CHECKING:
    import boto3

CLUSTER = "cluster"
INDISPENSABLE = ("subnets", "endpoints", CLUSTER)
# By field of the Snapshot (of its Vpc, with a dot), which is how `Unreadable` names a part.
PARTS: Mapping[str, Callable[[Scope], Any]] = MappingProxyType(
    {
        "subnets": network.read_subnets,
        "endpoints": endpoints.read_endpoints,
        "vpc.dns_support": network.read_dns_support,
        "vpc.dns_hostnames": network.read_dns_hostnames,
        "dhcp_options": names.read_dhcp_options,
        "route_tables": network.read_route_tables,
        "internet_gateways": network.read_internet_gateways,
        "nat_gateways": network.read_nat_gateways,
        "interfaces": endpoints.read_interfaces,
        "security_groups": filters.read_groups,
        "network_acls": filters.read_network_acls,
        "prefix_lists": filters.read_service_lists,
        "hosted_zones": names.read_zones,
        "resolver_rules": names.read_resolver_rules,
        "dns_firewalls": names.read_dns_firewalls,
        "route53_profiles": names.read_profiles,
        "peerings": network.read_peerings,
        "block_public_access": filters.read_blocking,
        "endpoint_services": endpoints.read_endpoint_services,
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A snapshot, and how many requests it took by IAM action (``ec2:DescribeVpcs``)."""

    snapshot: Snapshot
    api_calls: dict[str, int]


def read_snapshot(
    session: "boto3.Session",
    vpc_id: str,
    *,
    region: str,
    emulated: bool = False,
    config: Config | None = None,
    cluster: str | None = None,
    ecs_services: tuple[str, ...] = (),
) -> Reading:
    """Read everything about the VPC that these credentials may see.

    Only DescribeVpcs, DescribeSubnets and DescribeVpcEndpoints must succeed, else `ReadError` says
    what to do. Any other part that cannot be read is None in the snapshot and named in its
    ``unreadable``. How many requests it takes depends neither on subnets nor on endpoints.

    ``cluster`` (a name or ARN) is read too, which takes DescribeClusters: what of it stands in this
    VPC; of its ECS services only ``ecs_services``, if any are named.
    """
    if not re.fullmatch(r"vpc-[0-9A-Za-z-]+", vpc_id):
        raise ReadError(f"{vpc_id!r} is not a VPC id: it looks like vpc-0123456789abcdef0")
    wanted = None if cluster is None else Wanted(cluster=cluster, services=ecs_services)
    services = SERVICES if wanted is None else SERVICES + CLUSTER_SERVICES
    wire = _wire(session, region, config or (EMULATOR_CONFIG if emulated else CONFIG), services)
    try:
        return Reading(_read(wire, vpc_id, region, wanted, emulated=emulated), wire.calls())
    except Refused as refused:
        attempt = Attempt(
            vpc=vpc_id,
            region=region,
            url=wire.url(refused.service),
            emulated=emulated,
            regions=_regions(session),
            profile=session.profile_name,
            cluster=cluster if refused.service == "ecs" else None,
        )
        raise fatal(refused, attempt) from None
    finally:
        wire.close()


def _wire(session: "boto3.Session", region: str, config: Config, services: tuple[str, ...]) -> Wire:
    try:
        return Wire(session, region, config, services)
    except BotoCoreError as error:
        raise unusable(error, session.profile_name) from None
    except ValueError as error:  # an AWS_ENDPOINT_URL that is no URL
        raise ReadError(f"AWS settings cannot be used: {error}") from None


def _read(
    wire: Wire, vpc_id: str, region: str, wanted: Wanted | None, *, emulated: bool
) -> Snapshot:
    found = network.read_vpc(wire, vpc_id)
    if found is None:
        raise no_such_vpc(vpc_id, region)
    vpc, blocking = found
    scope = Scope(wire=wire, vpc=vpc, region=region, emulated=emulated, blocking_mode=blocking)
    with ThreadPoolExecutor(WORKERS) as pool:
        parts, refusals = gather(pool, _errands(scope, wanted))
        for part in INDISPENSABLE:
            if part in refusals:
                raise refusals[part]
        working = _read_workload(pool, scope, parts)
        referred, more = follow(pool, scope, parts)
        if working is not None:
            workload = working.result()
            more |= workload.refusals
            referred |= _parts_of(workload)
    ordered = {part: _in_order(value) for part, value in (parts | referred).items()}
    return _snapshot(scope, ordered, {**refusals, **more})


def _errands(scope: Scope, wanted: Wanted | None) -> dict[str, Callable[[], Any]]:
    errands: dict[str, Callable[[], Any]] = {
        part: partial(read, scope) for part, read in PARTS.items()
    }
    if wanted is not None:
        errands[CLUSTER] = partial(look, scope.wire, wanted, scope.region)
    return errands


def _parts_of(workload: Workload) -> dict[str, Any]:
    return {
        CLUSTER: workload.cluster,
        "roles": workload.roles,
        "mount_targets": workload.mount_targets,
    }


def _read_workload(
    pool: ThreadPoolExecutor, scope: Scope, parts: dict[str, Any]
) -> "Future[Workload] | None":
    """Begin to read what the cluster refers to. It waits inside the pool, and alone does so."""
    looked: Looked | None = parts.pop(CLUSTER, None)
    if looked is None:
        return None
    return pool.submit(
        read_workload,
        pool,
        scope,
        looked,
        subnets=[subnet.id for subnet in parts["subnets"]],
        interfaces=parts["interfaces"],
    )


def _in_order(part: Any) -> Any:  # noqa: ANN401  (a part of any type)
    """Return lists by id: AWS answers in no order, and snapshots should compare."""
    if not isinstance(part, tuple):
        return part
    return tuple(sorted(part, key=lambda item: getattr(item, "id", None) or str(item)))


def _snapshot(scope: Scope, parts: dict[str, Any], refusals: Refusals) -> Snapshot:
    blocking: filters.Blocking | None = parts.pop("block_public_access")
    vpc = replace(
        scope.vpc,
        dns_support=parts.pop("vpc.dns_support"),
        dns_hostnames=parts.pop("vpc.dns_hostnames"),
    )
    subnets = parts.pop("subnets")
    return Snapshot(
        taken=datetime.now(UTC).isoformat(timespec="seconds"),
        region=scope.region,
        partition=partition_of(scope.region).name,
        account=vpc.owner,
        emulated=scope.emulated,
        vpc=vpc,
        subnets=tuple(_excluded(subnet, blocking) for subnet in subnets),
        block_public_access=None if blocking is None else blocking.mode,
        unreadable=_unreadable(refusals),
        **parts,
    )


def _excluded(subnet: Subnet, blocking: filters.Blocking | None) -> Subnet:
    if blocking is None or subnet.id not in blocking.subnets:
        return subnet
    return replace(subnet, block_public_access=blocking.subnets[subnet.id])


def _unreadable(refusals: Refusals) -> tuple[Unreadable, ...]:
    # A key may go on after a colon: twelve zones that are denied alike are told once.
    found = {
        Unreadable(
            part=key.partition(":")[0], permission=refused.permission, error=in_short(refused)
        )
        for key, refused in refusals.items()
    }
    return tuple(sorted(found, key=lambda entry: (entry.part, entry.permission, entry.error)))


def _regions(session: "boto3.Session") -> tuple[str, ...]:
    return tuple(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("ec2", partition_name=partition)
    )

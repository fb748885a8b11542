"""Random snapshots in which anything may be missing, dangling, unknown or badly written."""

import typing
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from types import UnionType
from typing import Any

from audit_clusters import IGW, NAT, TRANSIT, container, definition, instance, running
from audit_worlds import DEFAULT_GROUP, ENDPOINT_GROUP, PRIVATE, REGION, VPC, endpoint, task
from hypothesis import strategies as st
from odd_values import POOLS, ROLE, SERVICES
from policy_texts import allow, policy, role_allows
from record_strategies import records, tampered

from pytest_ecs_privatelink.catalogue.services import private_dns_names
from pytest_ecs_privatelink.topology.cluster import MountTarget, Role, Secret
from pytest_ecs_privatelink.topology.model import (
    EndpointServiceOffer,
    GroupRule,
    HostedZone,
    Interface,
    Peering,
    RouteTarget,
    SecurityGroup,
    Snapshot,
    ZoneRecord,
)


def _read(kind: Any) -> Any:  # noqa: ANN401  (annotations)
    """Return what a part is where it could be read."""
    options = typing.get_args(kind) if isinstance(kind, UnionType) else (kind,)
    return options[0]


def _open_groups() -> Iterator[SecurityGroup]:
    everything = (GroupRule(protocol="-1", cidr="0.0.0.0/0"),)
    for each in ("sg-tasks", "sg-hosts"):
        yield SecurityGroup(id=each, vpc=VPC, name=each, ingress=(), egress=everything)


_HINTS = typing.get_type_hints(Snapshot)
_UNREADABLE = tuple(name for name, kind in _HINTS.items() if type(None) in typing.get_args(kind))
_PARTS = {
    name: records(
        _read(kind),
        POOLS,
        most=3,
        least=int(name == "subnets"),
        scalar=POOLS.get(f"Snapshot.{name}"),
    )
    for name, kind in _HINTS.items()
    if name not in ("schema", "region", "partition")
}
_ENDPOINTS = tuple(
    endpoint(
        each,
        interfaces=() if each == "s3" else (f"eni-{each}-a", f"eni-{each}-b"),
        policy=policy(allow("*")),
        created=f"2025-12-31T23:59:1{number}Z",
    )
    for number, each in enumerate((*SERVICES, "ecs-telemetry"))
)
_HEALTHY: dict[str, Any] = {
    "endpoints": _ENDPOINTS,
    "interfaces": (
        *(
            Interface(
                id=id_,
                subnet=f"subnet-{'ab'[number]}",
                type="vpc_endpoint",
                addresses=(f"10.0.{number}.{10 + place}",),
                groups=each.groups,
            )
            for place, each in enumerate(_ENDPOINTS)
            for number, id_ in enumerate(each.interfaces)
        ),
        task("subnet-a"),
    ),
    "security_groups": (DEFAULT_GROUP, ENDPOINT_GROUP, *_open_groups()),
    "hosted_zones": (
        HostedZone(
            id="Z1",
            name=f"ssm.{REGION}.amazonaws.com.",
            records=(
                ZoneRecord(name=f"ssm.{REGION}.amazonaws.com.", type="A", values=("10.1.0.9",)),
            ),
        ),
    ),
    "endpoint_services": tuple(
        EndpointServiceOffer(
            service_name=each.service_name,
            types=("Interface",),
            private_dns_names=private_dns_names("logs", REGION),
            azs=(f"{REGION}a", f"{REGION}b", f"{REGION}c"),
        )
        for each in _ENDPOINTS
    ),
    "peerings": (Peering(id="tgw-a", kind=RouteTarget.TRANSIT_GATEWAY, state="available"),),
    "roles": (Role(arn=ROLE, policies=(policy(role_allows("*")),)),),
    "mount_targets": tuple(
        MountTarget(
            id=f"fsmt-{each.id}",
            file_system="fs-a",
            subnet=each.id,
            az=each.az,
            address=each.cidr.replace(".0/24", ".99"),
            groups=("sg-endpoints",),
        )
        for each in PRIVATE
    ),
    "of_cluster": {
        "task_definitions": (
            definition(
                container(
                    log_driver="awslogs",
                    secrets=(Secret(reference="/a"),),
                    env_files=("arn:aws:s3:::bucket/a.env",),
                ),
                execution_role=ROLE,
                file_systems=("fs-a",),
            ),
        ),
        "instances": (instance(),),
    },
}
_LIKELY = (*sorted(_PARTS), *["cluster", "endpoints", "network_acls", "route_tables"] * 3)
_WAYS = st.sampled_from([None, NAT, TRANSIT, IGW])
_SELDOM = st.integers(0, 3).map(lambda drawn: drawn == 0)


@st.composite
def odd_snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw one: all of it odd, or a few parts of a healthy VPC, of which some could not be read.

    Ids are unique, as AWS makes them, and one Region is meant.
    """
    every = draw(st.integers(0, 4)) == 0
    healthy = running(way_out=draw(_WAYS), **_HEALTHY)
    few = st.lists(st.sampled_from(_LIKELY), max_size=6, unique=True)
    changed = sorted(_PARTS) if every else draw(few)
    unread = draw(st.lists(st.sampled_from(_UNREADABLE), max_size=2, unique=True))
    parts = {
        name: draw(_PARTS[name])
        if every or not _is_made_of_records(held := getattr(healthy, name)) or draw(_SELDOM)
        else tampered(draw, held, POOLS)
        for name in changed
    }
    return replace(healthy, **{**parts, **dict.fromkeys(unread)})


def _is_made_of_records(part: object) -> bool:
    return is_dataclass(part[0] if isinstance(part, tuple) and part else part)

"""Small VPCs with interfaces, groups and ACLs to break, for the audits of packet filters."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from audit_worlds import (
    ASSUMED,
    BOTH,
    DEFAULT_GROUP,
    ENDPOINT_GROUP,
    OPEN_ACL,
    PRIVATE,
    VPC,
    WORN,
    endpoint,
    scene,
    tables,
    world,
)

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    Endpoint,
    GroupRule,
    Interface,
    NetworkAcl,
    Route,
    RouteTarget,
    SecurityGroup,
    Snapshot,
)
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import Cell, Claim, Finding

A, B, C = PRIVATE
TASKS = ("sg-tasks",)
TO_ENDPOINTS = GroupRule(protocol="tcp", from_port=443, to_port=443, group="sg-endpoints")
TO_S3 = GroupRule(protocol="tcp", from_port=443, to_port=443, prefix_list="pl-s3")


def rule(**peer: str) -> GroupRule:
    """Return a rule for TCP 443."""
    return GroupRule(protocol="tcp", from_port=443, to_port=443, **peer)


def group(
    id_: str, ingress: Iterable[GroupRule] = (), egress: Iterable[GroupRule] = ()
) -> SecurityGroup:
    """Return a security group of the VPC."""
    return SecurityGroup(id=id_, vpc=VPC, name=id_, ingress=tuple(ingress), egress=tuple(egress))


def healthy(*more: SecurityGroup, **changes: Any) -> Snapshot:  # noqa: ANN401 fields of Snapshot
    """Return a VPC in which every packet of ECS gets through; ``more`` groups replace theirs."""
    endpoints = [_standing(endpoint(service), at) for at, service in enumerate(ASSUMED)]
    tasks = group("sg-tasks", egress=(TO_ENDPOINTS, TO_S3))
    groups = {each.id: each for each in (DEFAULT_GROUP, ENDPOINT_GROUP, tasks, *more)}
    to_s3 = Route(destination="pl-s3", target=RouteTarget.GATEWAY_ENDPOINT, target_id="vpce-s3")
    routed = tuple(
        replace(each, routes=(to_s3,)) if each.id == "rtb-private" else each
        for each in tables(None)
    )
    fields: dict[str, Any] = {
        "security_groups": tuple(groups.values()),
        "interfaces": tuple(eni for each, enis in endpoints for eni in enis),
        "route_tables": routed,
    }
    return world((each for each, _ in endpoints), **(fields | changes))


def _standing(made: Endpoint, at: int) -> tuple[Endpoint, tuple[Interface, ...]]:
    """Return an endpoint with an interface at ``10.0.N.(10 + at)`` in each of its subnets."""
    enis = tuple(
        Interface(
            id=f"eni-{made.id}-{subnet.az[-1]}",
            subnet=subnet.id,
            type="vpc_endpoint",
            addresses=(subnet.cidr.replace("0/24", str(10 + at)),),
        )
        for subnet in PRIVATE
        if subnet.id in made.subnets
    )
    return replace(made, interfaces=tuple(each.id for each in enis)), enis


def changed(snapshot: Snapshot, service: str, **changes: Any) -> Snapshot:  # noqa: ANN401
    """Return the VPC with the endpoint of ``service`` changed."""
    id_ = endpoint(service).id
    return replace(
        snapshot,
        endpoints=tuple(
            replace(each, **changes) if each.id == id_ else each for each in snapshot.endpoints
        ),
    )


def acl(id_: str, *entries: AclEntry, subnets: Iterable[str] = ()) -> NetworkAcl:
    """Return an ACL with these entries, beside rules 100 that allow all both ways."""
    return NetworkAcl(id=id_, entries=(*entries, *OPEN_ACL.entries), subnets=tuple(subnets))


def deny(number: int, first: int, last: int, *, egress: bool, cidr: str = "0.0.0.0/0") -> AclEntry:
    """Return an entry that denies TCP ports."""
    return AclEntry(
        number=number,
        egress=egress,
        allow=False,
        protocol="6",
        cidr=cidr,
        from_port=first,
        to_port=last,
    )


def guarded(*acls: NetworkAcl) -> Snapshot:
    """Return the healthy VPC with more ACLs."""
    return healthy(network_acls=(*acls, OPEN_ACL))


def seen(snapshot: Snapshot, worn: Wearers | None = None) -> Scene:
    """Set the scene; unless told otherwise tasks and instances wear ``sg-tasks``."""
    return scene(snapshot, BOTH, wearers=WORN if worn is None else worn)


def found(snapshot: Snapshot, worn: Wearers | None = None) -> tuple[Finding, ...]:
    """Return all findings."""
    return run_audits(seen(snapshot, worn))


def unjudged(snapshot: Snapshot, worn: Wearers | None = None) -> tuple[Unseen, ...]:
    """Return what could not be judged."""
    return unseen(seen(snapshot, worn))


INTERFACES = tuple(service for service in ASSUMED if service != "s3")


def blocked(services: Iterable[str], *subnets: str) -> set[Cell]:
    """Return the ``tcp-443`` cells of ``services`` in ``subnets`` (none: in all)."""
    where = subnets or tuple(each.id for each in PRIVATE)
    return {Cell(Claim.TCP_443, subnet, service) for subnet in where for service in services}

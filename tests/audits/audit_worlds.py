"""Small VPCs for audit tests: a healthy one, and the parts to change in it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pytest_ecs_privatelink.audits.scene import Scene, scene_of
from pytest_ecs_privatelink.catalogue.requirements import Features, derive_requirements
from pytest_ecs_privatelink.catalogue.services import SERVICES, service_name
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    DhcpOptions,
    Endpoint,
    EndpointType,
    GroupRule,
    Interface,
    NatGateway,
    NetworkAcl,
    PrefixList,
    Route,
    RouteTable,
    RouteTarget,
    SecurityGroup,
    Snapshot,
    Subnet,
    Vpc,
)
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

REGION = "us-west-2"
VPC = "vpc-0abc"
OWNER = "111111111111"
FARGATE = (LaunchType.FARGATE,)
EC2 = (LaunchType.EC2,)
BOTH = (*FARGATE, *EC2)
ASSUMED = (
    "ecr.api",
    "ecr.dkr",
    "s3",
    "logs",
    "secretsmanager",
    "ecs",
    "ecs-agent",
    "ecs-telemetry",
)
PRIVATE = tuple(
    Subnet(
        id=f"subnet-{zone}",
        cidr=f"10.0.{i}.0/24",
        az=f"{REGION}{zone}",
        name=f"private-{zone}",
        free_addresses=251,
    )
    for i, zone in enumerate("abc")
)
HTTPS = GroupRule(protocol="tcp", from_port=443, to_port=443, cidr="10.0.0.0/16")
DEFAULT_GROUP = SecurityGroup(id="sg-default", vpc=VPC, name="default", ingress=(), egress=())
ENDPOINT_GROUP = SecurityGroup(
    id="sg-endpoints", vpc=VPC, name="endpoints", ingress=(HTTPS,), egress=()
)
TASK_GROUP = SecurityGroup(
    id="sg-tasks",
    vpc=VPC,
    name="tasks",
    ingress=(),
    egress=(GroupRule(protocol="-1", cidr="0.0.0.0/0"),),
)
WORN: Wearers = dict.fromkeys(BOTH, (TASK_GROUP.id,))
OPEN_ACL = NetworkAcl(
    id="acl-default",
    entries=tuple(
        AclEntry(number=100, egress=egress, allow=True, protocol="-1", cidr="0.0.0.0/0")
        for egress in (True, False)
    ),
    default=True,
)
S3_LIST = PrefixList(
    id="pl-s3", name=f"com.amazonaws.{REGION}.s3", cidrs=("3.5.76.0/22", "52.218.128.0/17")
)
PUBLIC = Subnet(
    id="subnet-pub", cidr="10.0.9.0/24", az=f"{REGION}a", name="public-a", free_addresses=251
)
TO_S3 = Route(destination="pl-s3", target=RouteTarget.GATEWAY_ENDPOINT, target_id="vpce-s3")


def endpoint(service: str, *, region: str = REGION, **changes: Any) -> Endpoint:  # noqa: ANN401 fields of Endpoint
    """Return an available endpoint of ``service``: the gateway for s3, else an interface one."""
    gateway = service == "s3"
    kind = EndpointType.GATEWAY if gateway else EndpointType.INTERFACE
    made = Endpoint(
        id=f"vpce-{service.replace('.', '')}",
        service_name=service_name(service, region),
        type=kind,
        state="available",
        private_dns=not gateway,
        subnets=() if gateway else tuple(subnet.id for subnet in PRIVATE),
        route_tables=("rtb-private",) if gateway else (),
        groups=() if gateway else ("sg-endpoints",),
    )
    return replace(made, **changes)


def task(subnet: str, public_address: str | None = None) -> Interface:
    """Return the interface of a task in ``subnet``, described as ECS describes them."""
    return Interface(
        id=f"eni-{subnet}-{public_address}",
        subnet=subnet,
        type="interface",
        addresses=("10.0.0.77",),
        public_address=public_address,
        description=f"arn:aws:ecs:{REGION}:{OWNER}:attachment/0a1b2c3d",
    )


def without(*services: str) -> tuple[Endpoint, ...]:
    """Return the healthy VPC's endpoints, less those of ``services``."""
    return tuple(endpoint(service) for service in ASSUMED if service not in services)


def tables(target: RouteTarget | None) -> tuple[RouteTable, ...]:
    """Return route tables in which the private subnets' default route leads to ``target``."""
    out = Route(destination="0.0.0.0/0", target=RouteTarget.INTERNET_GATEWAY, target_id="igw-1")
    ids = {RouteTarget.NAT_GATEWAY: "nat-1", RouteTarget.INTERNET_GATEWAY: "igw-1"}
    default = Route(
        destination="0.0.0.0/0",
        target=target or RouteTarget.OTHER,
        target_id=ids.get(target or RouteTarget.OTHER, "x-1"),
    )
    private = tuple(subnet.id for subnet in PRIVATE)
    return (
        RouteTable(id="rtb-main", routes=(), main=True),
        RouteTable(
            id="rtb-private", routes=(TO_S3, default) if target else (TO_S3,), subnets=private
        ),
        RouteTable(id="rtb-public", routes=(out,), subnets=(PUBLIC.id,)),
    )


def world(
    endpoints: Iterable[Endpoint],
    way_out: RouteTarget | None = None,
    **changes: Any,  # noqa: ANN401 fields of Snapshot
) -> Snapshot:
    """Return a VPC of three private subnets and a public one that was read completely."""
    snapshot = Snapshot(
        taken="2026-01-01T00:00:00Z",
        region=REGION,
        partition="aws",
        account=OWNER,
        vpc=Vpc(id=VPC, owner=OWNER, cidrs=("10.0.0.0/16",), dns_support=True, dns_hostnames=True),
        subnets=(*PRIVATE, PUBLIC),
        endpoints=tuple(endpoints),
        route_tables=tables(way_out),
        internet_gateways=("igw-1",),
        nat_gateways=(NatGateway(id="nat-1", subnet=PUBLIC.id, state="available", public=True),),
        interfaces=(),
        security_groups=(DEFAULT_GROUP, ENDPOINT_GROUP, TASK_GROUP),
        network_acls=(OPEN_ACL,),
        prefix_lists=(S3_LIST,),
        hosted_zones=(),
        resolver_rules=(),
        route53_profiles=(),
        dhcp_options=DhcpOptions(id="dopt-1", name_servers=("AmazonProvidedDNS",)),
        dns_firewalls=(),
        block_public_access="off",
        endpoint_services=(),
    )
    return replace(snapshot, **changes)


def scene(
    snapshot: Snapshot,
    launch_types: tuple[LaunchType, ...] = BOTH,
    *,
    features: Features | None = None,
    only: tuple[str, ...] | None = None,
    subnets: tuple[Subnet, ...] = PRIVATE,
    registries: tuple[str, ...] = (),
    require_private: bool = False,
    wearers: Wearers = WORN,
) -> Scene:
    """Set the scene as a run does: requirements derived, endpoints of the snapshot existing.

    Unless told otherwise tasks and instances wear `TASK_GROUP`.
    """
    existing = frozenset(service for service in SERVICES if endpoints_for(snapshot, service))
    requirements = derive_requirements(
        region=snapshot.region,
        launch_types=launch_types,
        features=features or Features(),
        existing=existing,
        only=only,
    )
    return scene_of(
        snapshot,
        subnets=subnets,
        requirements=requirements,
        launch_types=launch_types,
        registries=registries,
        require_private=require_private,
        wearers=wearers,
    )


def heads(findings: tuple[Finding, ...]) -> list[tuple[Code, Severity, str]]:
    """Return what identifies each finding."""
    return [(each.code, each.severity, each.subject) for each in findings]

"""The audits of public paths that stand in for endpoints, and end on the way."""

from dataclasses import replace
from typing import Any

import pytest
from audit_worlds import PRIVATE, PUBLIC, REGION, endpoint, heads, scene, task, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.topology.cluster import Cluster, EcsService, Placement
from pytest_ecs_privatelink.topology.model import NatGateway, RouteTarget, Snapshot
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Finding, LaunchType, Severity

NAT, IGW = RouteTarget.NAT_GATEWAY, RouteTarget.INTERNET_GATEWAY
GOOD = NatGateway(id="nat-1", subnet=PUBLIC.id, state="available", public=True)
CODES = (Code.INTERNET_PATH_BLOCKED, Code.PUBLIC_SUBNET_NO_PUBLIC_IP)
IDS = tuple(subnet.id for subnet in PRIVATE)


def lacking(way_out: RouteTarget | None = NAT, **changes: object) -> Snapshot:
    """Return a VPC without endpoints for logs and ecr.api, with a default route."""
    return world(without("logs", "ecr.api"), way_out, **changes)


def blackholed() -> Snapshot:
    """Return the VPC with a default route to a NAT gateway that AWS no longer lists."""
    snapshot = lacking(nat_gateways=())
    tables = tuple(
        replace(
            table,
            routes=tuple(
                replace(each, active=each.destination != "0.0.0.0/0") for each in table.routes
            ),
        )
        for table in snapshot.route_tables or ()
    )
    return replace(snapshot, route_tables=tables)


def said(snapshot: Snapshot, **options: bool) -> list[Finding]:
    """Return what these two audits hold against the VPC."""
    return [each for each in run_audits(scene(snapshot, **options)) if each.code in CODES]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("snapshot", "subject", "why"),
    [
        (
            lacking(nat_gateways=(replace(GOOD, state="failed"),)),
            "nat-1",
            "the NAT gateway is failed",
        ),
        (
            lacking(nat_gateways=(replace(GOOD, public=False),)),
            "nat-1",
            "the NAT gateway is private, without public address",
        ),
        (
            lacking(nat_gateways=(replace(GOOD, subnet="subnet-gone"),)),
            "nat-1",
            "its subnet subnet-gone does not lead to an internet gateway",
        ),
        (
            lacking(nat_gateways=(replace(GOOD, subnet="subnet-a"),)),
            "nat-1",
            "its subnet subnet-a does not lead to an internet gateway",
        ),
        (
            lacking(nat_gateways=(replace(GOOD, subnet=""),), internet_gateways=()),
            "nat-1",
            "vpc-0abc has no internet gateway",
        ),
        (
            lacking(block_public_access="block-bidirectional"),
            "vpc-0abc",
            "Block Public Access (block-bidirectional) closes its internet gateway",
        ),
        (blackholed(), "rtb-private", "its default route to nat-1 is a blackhole"),
    ],
)
def test_what_ends_the_path_is_named_once(snapshot: Snapshot, subject: str, why: str) -> None:
    """One finding says where, for all subnets and all services that would need it."""
    (finding,) = said(snapshot)
    assert heads((finding,)) == [(Code.INTERNET_PATH_BLOCKED, Severity.ERROR, subject)]
    assert finding.observed == f"{subject}: {why}"
    assert finding.summary == (
        "the way out of private-a, private-b, private-c, which ecr.api, logs would need for want "
        f"of an endpoint, ends at {subject}: {why}"
    )
    assert set(finding.blocks) == {
        Cell(claim, id_, service)
        for claim in PATH_CLAIMS
        for id_ in IDS
        for service in ("ecr.api", "logs")
    }


@pytest.mark.parametrize(
    "snapshot",
    [
        lacking(),
        lacking(None),
        lacking(RouteTarget.TRANSIT_GATEWAY),
        world(without(), NAT, nat_gateways=(replace(GOOD, state="failed"),)),
    ],
    ids=["it works", "nobody meant one", "its end is not visible", "nothing needs it"],
)
def test_other_paths_are_not_blocked(snapshot: Snapshot) -> None:
    """Raised where somebody meant the route to lead out, something needs it, and it does not."""
    assert said(snapshot) == []


def test_who_requires_the_private_path_needs_no_other() -> None:
    """With --ecs-require-private the endpoint is what is missing."""
    assert said(lacking(nat_gateways=(replace(GOOD, state="failed"),)), require_private=True) == []


def test_a_blocked_path_is_mended_at_its_end() -> None:
    """A new gateway, or endpoints in its place; what nobody can know is in capitals."""
    (finding,) = said(lacking(nat_gateways=(replace(GOOD, state="failed"),)))
    create, instead = finding.remedy.cli
    assert create == (
        "aws ec2 create-nat-gateway --region us-west-2 --subnet-id PUBLIC_SUBNET_ID"
        " --connectivity-type public --allocation-id ALLOCATION_ID"
    )
    assert instead.startswith(
        "# or, in place of a public path, endpoints such as: aws ec2 create-vpc-endpoint"
    )
    assert finding.remedy.terraform == (
        'resource "aws_nat_gateway" "this" {\n'
        '  subnet_id     = "PUBLIC_SUBNET_ID"\n'
        '  allocation_id = "ALLOCATION_ID"\n'
        "}"
    )
    assert finding.expected == (
        "a public path from private-a, private-b, private-c, or endpoints for ecr.api, logs"
    )


def test_a_block_is_lifted_by_an_exclusion() -> None:
    """Block Public Access belongs to the account: the VPC is excepted from it."""
    (finding,) = said(lacking(block_public_access="block-bidirectional"))
    assert finding.remedy.cli[0] == (
        "aws ec2 create-vpc-block-public-access-exclusion --region us-west-2 --vpc-id vpc-0abc"
        " --internet-gateway-exclusion-mode allow-egress"
    )


def cluster(*, public: bool) -> Cluster:
    """Return a cluster with one Fargate service in subnet-a."""
    place = Placement(
        launch_type=LaunchType.FARGATE,
        task_definition="td",
        subnets=("subnet-a",),
        groups=("sg-web",),
        public_address=public,
    )
    return Cluster(arn="arn", name="shop", services=(EcsService(name="web", placements=(place,)),))


@pytest.mark.parametrize(
    ("snapshot", "subnets"),
    [
        (lacking(IGW), set()),
        (lacking(IGW, cluster=cluster(public=True)), set()),
        (lacking(IGW, cluster=cluster(public=False)), {"subnet-a"}),
        (lacking(IGW, interfaces=(task("subnet-b"),)), {"subnet-b"}),
        (lacking(IGW, interfaces=(task("subnet-b", "3.3.3.3"),)), set()),
        (
            lacking(IGW, cluster=cluster(public=False), interfaces=(task("subnet-a", "3.3.3.3"),)),
            set(),
        ),
        (world(without(), IGW, cluster=cluster(public=False)), set()),
    ],
)
def test_an_internet_gateway_needs_public_addresses(snapshot: Snapshot, subnets: set[str]) -> None:
    """Tasks that are seen tell, else assignPublicIp; without evidence nobody knows."""
    found = said(snapshot)
    assert {cell.subnet for each in found for cell in each.blocks} == subnets
    assert {each.code for each in found} <= {Code.PUBLIC_SUBNET_NO_PUBLIC_IP}


def test_assigning_addresses_mends_it() -> None:
    """The ECS service is named where the cluster was read, and what it says of its network kept."""
    (finding,) = said(lacking(IGW, cluster=cluster(public=False)))
    assert (finding.subject, finding.severity) == ("rtb-private", Severity.ERROR)
    assert finding.observed == (
        "rtb-private: its default route leads to an internet gateway, and no task there has a "
        "public address"
    )
    assert finding.remedy.cli[0] == (
        f"aws ecs update-service --region {REGION} --cluster shop --service web"
        " --network-configuration 'awsvpcConfiguration={subnets=[subnet-a],"
        "securityGroups=[sg-web],assignPublicIp=ENABLED}'"
    )
    assert finding.remedy.terraform == (
        "network_configuration { assign_public_ip = true }  # of the aws_ecs_service"
    )


@pytest.mark.parametrize(
    ("changes", "service", "network"),
    [
        (
            {"name": "web; rm -rf /"},
            "'web; rm -rf /'",
            "subnets=[subnet-a],securityGroups=[sg-web],",
        ),
        (
            {"groups": ("sg-1", "sg-2")},
            "web",
            "subnets=[subnet-a],securityGroups=[sg-1,sg-2],",
        ),
        ({"subnets": ("subnet-pub",)}, "ECS_SERVICE", "subnets=[SUBNETS],securityGroups=[GROUPS],"),
    ],
    ids=["quoted", "with groups", "elsewhere"],
)
def test_only_ecs_services_there_are_to_change(
    changes: dict[str, Any], service: str, network: str
) -> None:
    """Names are quoted, groups kept; a service behind another table needs no public address."""
    made = cluster(public=False)
    ((web,), name) = made.services or (), changes.pop("name", "web")
    placed = replace(web, name=name, placements=(replace(web.placements[0], **changes),))
    snapshot = lacking(
        IGW, cluster=replace(made, services=(placed,)), interfaces=(task("subnet-a"),)
    )
    (finding,) = said(snapshot)
    assert finding.remedy.cli[0] == (
        f"aws ecs update-service --region {REGION} --cluster shop --service {service}"
        f" --network-configuration 'awsvpcConfiguration={{{network}assignPublicIp=ENABLED}}'"
    )


def test_unread_ways_out_are_not_visible() -> None:
    """Where a path ends is not known; that it is needed is."""
    blind = [each for each in unseen(scene(lacking(nat_gateways=None))) if each.code in CODES]
    assert [(each.code, each.permissions) for each in blind] == [
        (code, ("ec2:DescribeNatGateways",)) for code in sorted(CODES)
    ]
    assert unseen(scene(world((*without("logs"), endpoint("logs")), NAT, nat_gateways=None))) == ()

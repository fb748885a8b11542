"""The audit of the three ECS endpoints in Regions introduced since December 2023 (R1, R2, R4)."""

from typing import Any

import pytest
from audit_worlds import BOTH, EC2, FARGATE, PRIVATE, endpoint, scene, tables, world

from pytest_ecs_privatelink.audits.ecs_endpoints import IN_ORDER
from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.requirements import Features
from pytest_ecs_privatelink.topology.model import (
    Endpoint,
    HostedZone,
    Route,
    RouteTable,
    RouteTarget,
    Snapshot,
    Unreadable,
)
from pytest_ecs_privatelink.verdict import (
    PATH_CLAIMS,
    Cell,
    Code,
    Finding,
    LaunchType,
    Severity,
)

NEW, OLD = "ca-west-1", "us-west-2"
E, W = Severity.ERROR, Severity.WARNING
NAT, TRANSIT = RouteTarget.NAT_GATEWAY, RouteTarget.TRANSIT_GATEWAY
CONNECTED = Features(service_connect=FARGATE)


def vpc(
    *there: str,
    region: str = NEW,
    way_out: RouteTarget | None = None,
    more: tuple[Endpoint, ...] = (),
    **changes: Any,  # noqa: ANN401 fields of Snapshot
) -> Snapshot:
    """Return a VPC whose ECS endpoints are ``there``."""
    others = ("ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager")
    made = tuple(endpoint(service, region=region) for service in (*others, *there))
    return world((*made, *more), way_out, region=region, **changes)


def incomplete(sight: Scene) -> list[Finding]:
    """Return the findings of this code."""
    return [each for each in run_audits(sight) if each.code is Code.ECS_ENDPOINTS_INCOMPLETE]


@pytest.mark.parametrize(
    ("launch_types", "way_out", "require_private", "features", "severity"),
    [
        (EC2, None, False, Features(), E),
        (BOTH, None, False, Features(), E),
        (FARGATE, None, False, Features(), W),
        (FARGATE, None, True, Features(), W),
        (FARGATE, None, False, CONNECTED, E),
        (FARGATE, NAT, False, CONNECTED, W),
        (EC2, NAT, False, Features(), W),
        (EC2, NAT, True, Features(), E),
        (EC2, TRANSIT, False, Features(), W),
    ],
)
def test_launch_type_and_way_out_decide_how_grave_it_is(
    launch_types: tuple[LaunchType, ...],
    way_out: RouteTarget | None,
    require_private: bool,
    features: Features,
    severity: Severity,
) -> None:
    """Agents need all three; Fargate tasks need none, unless Service Connect does."""
    sight = scene(
        vpc(way_out=way_out), launch_types, require_private=require_private, features=features
    )
    (finding,) = incomplete(sight)
    assert (finding.severity, finding.subject) == (severity, "vpc-0abc")


@pytest.mark.parametrize(
    ("region", "there", "found"),
    [
        (NEW, IN_ORDER, []),
        (OLD, (), []),
        (NEW, ("ecs",), ["ecs-agent", "ecs-telemetry"]),
        (NEW, ("ecs", "ecs-agent"), ["ecs-telemetry"]),
        ("xx-tomorrow-1", (), list(IN_ORDER)),
    ],
)
def test_only_new_regions_that_lack_one_are_told(
    region: str, there: tuple[str, ...], found: list[str]
) -> None:
    """Unknown Regions count as new; older ones never."""
    told = incomplete(scene(vpc(*there, region=region), EC2))
    assert [each.expected for each in told] == [
        "endpoints for " + ", ".join(f"com.amazonaws.{region}.{service}" for service in found)
        for _ in found[:1]
    ]


def test_it_blocks_the_cells_of_all_that_agents_miss() -> None:
    """One cause explains what three missing endpoints turn red."""
    (finding,) = incomplete(scene(vpc("ecs"), EC2))
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, service)
        for claim in PATH_CLAIMS
        for subnet in PRIVATE
        for service in ("ecs-agent", "ecs-telemetry")
    }


def test_for_fargate_alone_it_blocks_nothing() -> None:
    """What AWS does not say is needed is not probed without an endpoint."""
    (finding,) = incomplete(scene(vpc(), FARGATE))
    assert finding.blocks == ()


def test_with_service_connect_it_blocks_the_cells_of_ecs_agent() -> None:
    """That one is required, then."""
    (finding,) = incomplete(scene(vpc(), FARGATE, features=CONNECTED))
    assert {cell.service for cell in finding.blocks} == {"ecs-agent"}


def test_one_line_names_the_cause_for_ec2() -> None:
    """The summary says what is missing, what that means here, and which rule it is."""
    (finding,) = incomplete(scene(vpc("ecs"), EC2))
    assert finding.summary == (
        "vpc-0abc has no endpoint for ecs-agent, ecs-telemetry, and there is no other way out of "
        "private-a, private-b, private-c: ca-west-1 counts as introduced since 2023-12-23, where "
        "traffic goes over the public endpoints unless there are all three"
    )
    assert finding.expected == (
        "endpoints for com.amazonaws.ca-west-1.ecs-agent, com.amazonaws.ca-west-1.ecs-telemetry"
    )
    assert finding.observed == "of the three: ecs"
    assert finding.launch_types == EC2
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


def test_one_line_names_the_cause_for_fargate_behind_nat() -> None:
    """Where AWS contradicts itself, that is said."""
    (finding,) = incomplete(scene(vpc(way_out=NAT), FARGATE))
    assert finding.summary == (
        "vpc-0abc has no endpoint for ecs-agent, ecs-telemetry, ecs, and private-a, private-b, "
        "private-c go there through NAT: ca-west-1 counts as introduced since 2023-12-23, where "
        "all three are needed, though AWS says elsewhere that Fargate tasks need none of them"
    )
    assert finding.observed == "of the three: none"


def test_the_remedy_creates_them_in_the_order_that_instances_want() -> None:
    """R17: ecs-agent, ecs-telemetry, ecs."""
    (finding,) = incomplete(scene(vpc(), EC2))
    comment, *creations = finding.remedy.cli
    assert comment == (
        "# container instances exist already? create ecs-agent, ecs-telemetry, ecs in this order,"
        " then restart each agent"
    )
    assert creations == [
        "aws ec2 create-vpc-endpoint --region ca-west-1 --vpc-id vpc-0abc"
        f" --vpc-endpoint-type Interface --service-name com.amazonaws.ca-west-1.{service}"
        " --private-dns-enabled --subnet-ids subnet-a subnet-b subnet-c"
        " --security-group-ids sg-endpoints"
        for service in IN_ORDER
    ]
    assert [line for line in finding.remedy.terraform.splitlines() if "resource" in line] == [
        f'resource "aws_vpc_endpoint" "{service}" {{'
        for service in ("ecs_agent", "ecs_telemetry", "ecs")
    ]


def test_a_copied_template_is_one_cause() -> None:
    """R2: create for the new Region, delete those of the Region that it was copied from."""
    copies = tuple(
        endpoint(service, region="us-east-1", id=f"vpce-copied-{service}") for service in IN_ORDER
    )
    (finding,) = incomplete(scene(vpc(more=copies), EC2))
    assert (
        "for ecs-agent, ecs-telemetry, ecs (what a template brought is another Region's: "
        "vpce-copied-ecs-agent, vpce-copied-ecs-telemetry, vpce-copied-ecs), and "
    ) in finding.summary
    assert finding.remedy.cli[-1] == (
        "aws ec2 delete-vpc-endpoints --region ca-west-1 --vpc-endpoint-ids vpce-copied-ecs"
    )
    assert len(finding.blocks) == 2 * 3 * 3


def test_subnets_of_two_weights_are_two_findings() -> None:
    """What is red and what is yellow have different cells."""
    nat = next(each for each in tables(NAT) if each.id == "rtb-private")
    local = Route(destination="10.0.0.0/16", target=RouteTarget.LOCAL, target_id="local")
    mixed = (
        *(each for each in tables(NAT) if each.id != nat.id),
        RouteTable(id=nat.id, routes=nat.routes, subnets=("subnet-a",)),
        RouteTable(id="rtb-shut", routes=(local,), subnets=("subnet-b", "subnet-c")),
    )
    found = incomplete(scene(vpc(route_tables=mixed), EC2))
    assert [(each.severity, {cell.subnet for cell in each.blocks}) for each in found] == [
        (E, {"subnet-b", "subnet-c"}),
        (W, {"subnet-a"}),
    ]


def test_a_hubs_zones_leave_it_to_probes() -> None:
    """Where hosted zones may answer for a name, its endpoint is nobody's to miss."""
    zones = tuple(
        HostedZone(id=f"Z{name}", name=f"{name}.ca-west-1.amazonaws.com", records=None)
        for name in ("ecs", "ecs-a", "ecs-t")
    )
    sight = scene(vpc(hosted_zones=zones), EC2)
    assert incomplete(sight) == []
    told = [each for each in unseen(sight) if each.code is Code.ECS_ENDPOINTS_INCOMPLETE]
    assert [each.subject for each in told] == ["ecs", "ecs-agent", "ecs-telemetry"]
    assert told[0].reason == (
        "hosted zone Zecs (ecs.ca-west-1.amazonaws.com) may answer for it: only probing can tell"
    )


def test_zones_that_could_not_be_read_leave_it_unknown() -> None:
    """Never green, and the missing permission is named."""
    denied = (Unreadable(part="hosted_zones", permission="route53:X", error="AccessDenied"),)
    sight = scene(vpc(hosted_zones=None, unreadable=denied), EC2)
    assert incomplete(sight) == []
    told = [each for each in unseen(sight) if each.code is Code.ECS_ENDPOINTS_INCOMPLETE]
    assert {each.permissions for each in told} == {("route53:X",)}


def test_what_the_user_does_not_need_is_not_missed() -> None:
    """``--ecs-need`` replaces what is derived."""
    assert incomplete(scene(vpc(), EC2, only=("logs",))) == []

"""The audits of missing endpoints: what, where, how grave, and what mends it."""

from dataclasses import replace

import pytest
from audit_worlds import (
    BOTH,
    EC2,
    FARGATE,
    PRIVATE,
    VPC,
    endpoint,
    heads,
    scene,
    tables,
    task,
    without,
    world,
)

from pytest_ecs_privatelink.audits.register import audited_codes, run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.catalogue.requirements import Features
from pytest_ecs_privatelink.topology.model import (
    EndpointServiceOffer,
    EndpointType,
    Interface,
    RouteTarget,
    Unreadable,
)
from pytest_ecs_privatelink.verdict import Cell, Claim, Code, Severity

E, W = Severity.ERROR, Severity.WARNING
NAT, IGW = RouteTarget.NAT_GATEWAY, RouteTarget.INTERNET_GATEWAY
TRANSIT, PEERING = RouteTarget.TRANSIT_GATEWAY, RouteTarget.PEERING


@pytest.mark.parametrize("way_out", [None, NAT, TRANSIT])
def test_a_healthy_vpc_has_no_finding(way_out: RouteTarget | None) -> None:
    """Whatever the routes, a VPC with all endpoints is not complained about."""
    sight = scene(world(without(), way_out))
    assert run_audits(sight) == ()
    assert unseen(sight) == ()


@pytest.mark.parametrize(
    ("service", "way_out", "require_private", "code", "severity"),
    [
        ("logs", None, False, Code.ENDPOINT_MISSING, E),
        ("logs", PEERING, False, Code.ENDPOINT_MISSING, E),
        ("logs", TRANSIT, False, Code.ENDPOINT_MISSING, W),
        ("logs", RouteTarget.VPN_GATEWAY, False, Code.ENDPOINT_MISSING, W),
        ("logs", RouteTarget.INSTANCE_OR_INTERFACE, False, Code.ENDPOINT_MISSING, W),
        ("logs", NAT, False, Code.ENDPOINT_MISSING_PUBLIC_PATH, W),
        ("logs", IGW, False, Code.ENDPOINT_MISSING_PUBLIC_PATH, W),
        ("logs", NAT, True, Code.ENDPOINT_MISSING, E),
        ("logs", TRANSIT, True, Code.ENDPOINT_MISSING, E),
        ("s3", None, False, Code.S3_GATEWAY_MISSING, E),
        ("s3", TRANSIT, False, Code.S3_GATEWAY_MISSING, W),
        ("s3", NAT, False, Code.ENDPOINT_MISSING_PUBLIC_PATH, W),
        ("s3", NAT, True, Code.S3_GATEWAY_MISSING, E),
        ("ecs-agent", None, False, Code.ENDPOINT_MISSING, E),
        ("secretsmanager", None, False, Code.ENDPOINT_MISSING, W),
        ("secretsmanager", NAT, False, Code.ENDPOINT_MISSING_PUBLIC_PATH, W),
        ("secretsmanager", NAT, True, Code.ENDPOINT_MISSING_PUBLIC_PATH, W),
    ],
)
def test_the_way_out_and_the_need_decide_code_and_severity(
    service: str,
    way_out: RouteTarget | None,
    require_private: bool,
    code: Code,
    severity: Severity,
) -> None:
    """One missing endpoint is one finding, as grave as what is left without it."""
    sight = scene(world(without(service), way_out), require_private=require_private)
    assert heads(run_audits(sight)) == [(code, severity, service)]


def test_the_finding_blocks_every_cell_of_the_service() -> None:
    """Both probed claims of every subnet concerned are explained by the one finding."""
    (finding,) = run_audits(scene(world(without("logs"))))
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, "logs")
        for claim in (Claim.PRIVATE_DNS, Claim.TCP_443)
        for subnet in PRIVATE
    }
    assert finding.launch_types == BOTH


def test_subnets_are_grouped_by_what_they_have_left() -> None:
    """A VPC with NAT in one subnet only gets an error for the others and a warning for that one."""
    private, with_nat = tables(None), tables(NAT)
    split = (
        replace(private[1], subnets=("subnet-a", "subnet-b")),
        replace(with_nat[1], id="rtb-nat", subnets=("subnet-c",)),
        private[2],
    )
    error, warning = run_audits(scene(world(without("logs"), route_tables=split)))
    assert heads((error, warning)) == [
        (Code.ENDPOINT_MISSING, E, "logs"),
        (Code.ENDPOINT_MISSING_PUBLIC_PATH, W, "logs"),
    ]
    assert {cell.subnet for cell in error.blocks} == {"subnet-a", "subnet-b"}
    assert {cell.subnet for cell in warning.blocks} == {"subnet-c"}


def test_evidence_makes_a_missing_secretsmanager_an_error() -> None:
    """Once a task definition injects a secret, its endpoint is required and gets cells."""
    features = Features(secrets=FARGATE)
    (finding,) = run_audits(scene(world(without("secretsmanager")), features=features))
    assert (finding.severity, len(finding.blocks)) == (E, 6)


def test_a_possible_service_without_endpoint_blocks_no_cell() -> None:
    """Nothing is probed for a possible need without endpoint, so nothing is explained."""
    (finding,) = run_audits(scene(world(without("secretsmanager"))))
    assert finding.blocks == ()


def test_fargate_alone_is_not_asked_for_the_ecs_endpoints() -> None:
    """Fargate tasks need none of the three in an older Region (R4)."""
    snapshot = world(without("ecs", "ecs-agent", "ecs-telemetry"))
    assert run_audits(scene(snapshot, FARGATE)) == ()
    assert [each.subject for each in run_audits(scene(snapshot, EC2))] == [
        "ecs",
        "ecs-agent",
        "ecs-telemetry",
    ]


@pytest.mark.parametrize("state", ["deleted", "deleting"])
def test_deleted_endpoints_do_not_exist(state: str) -> None:
    """Emulators list deleted endpoints for ever; they serve nothing."""
    snapshot = world((*without("logs"), endpoint("logs", state=state)))
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]


def test_an_endpoint_of_another_type_hides_nothing() -> None:
    """A gateway load balancer's endpoint carries no logs, whatever it is called."""
    snapshot = world((*without("logs"), endpoint("logs", type=EndpointType.OTHER)))
    assert heads(run_audits(scene(snapshot))) == [(Code.ENDPOINT_MISSING, E, "logs")]


def test_need_replaces_what_is_derived() -> None:
    """With --ecs-need only the named services are missed."""
    assert [each.subject for each in run_audits(scene(world(()), only=("kms",)))] == ["kms"]


def test_unread_routes_are_no_mild_warning() -> None:
    """Where nobody could read the way out, "maybe harmless" is not for an audit to say."""
    denied = Unreadable(
        part="route_tables", permission="ec2:DescribeRouteTables", error="AccessDenied"
    )
    sight = scene(world(without("logs"), route_tables=None, unreadable=(denied,)))
    assert run_audits(sight) == ()
    (blind,) = unseen(sight)
    assert blind == Unseen(
        code=Code.ENDPOINT_MISSING,
        subject="logs",
        reason="it has none, and whether that is grave depends on ways out that could not be "
        "read: missing permission ec2:DescribeRouteTables",
        permissions=("ec2:DescribeRouteTables",),
    )


A, B, C = (subnet.id for subnet in PRIVATE)


@pytest.mark.parametrize(
    ("interfaces", "severities"),
    [
        (None, {W: {A, B, C}}),
        ((), {W: {A, B, C}}),
        ((task(A),), {E: {A}, W: {B, C}}),
        ((task(A, "3.3.3.3"), task(B)), {E: {B}, W: {A, C}}),
        ((task(A), task(A, "3.3.3.3")), {W: {A, B, C}}),
        ((replace(task(A), description="bastion"),), {W: {A, B, C}}),
    ],
)
def test_an_internet_gateway_counts_only_for_public_addresses(
    interfaces: tuple[Interface, ...] | None, severities: dict[Severity, set[str]]
) -> None:
    """Tasks seen without a public address have no way out by it; where none is seen, who knows."""
    found = run_audits(scene(world(without("logs"), IGW, interfaces=interfaces)))
    assert {each.severity: {cell.subnet for cell in each.blocks} for each in found} == severities
    codes = {E: Code.ENDPOINT_MISSING, W: Code.ENDPOINT_MISSING_PUBLIC_PATH}
    assert {each.code for each in found} == {codes[severity] for severity in severities}


def test_the_summary_says_what_an_internet_gateway_asks_of_tasks() -> None:
    """With a public address they get out, without it they do not: each is said."""
    error, warning = run_audits(scene(world(without("logs"), IGW, interfaces=(task(A),))))
    assert error.summary == (
        "vpc-0abc has no interface endpoint for logs, and there is no other way out of private-a "
        "(no task seen there has the public address that an internet gateway takes): the awslogs "
        "log driver writes to CloudWatch Logs"
    )
    assert error.observed == "no such endpoint; way out of private-a: an internet gateway"
    assert warning.summary == (
        "vpc-0abc has no interface endpoint for logs, and private-b, private-c can reach it only "
        "through an internet gateway (there, tasks need assignPublicIp), off the private path: the "
        "awslogs log driver writes to CloudWatch Logs"
    )


@pytest.mark.parametrize(
    ("service", "way_out", "require_private", "summary", "observed"),
    [
        (
            "logs",
            None,
            False,
            "vpc-0abc has no interface endpoint for logs, and there is no other way out of"
            " private-a, private-b, private-c: the awslogs log driver writes to CloudWatch Logs",
            "no such endpoint; way out of private-a, private-b, private-c: none",
        ),
        (
            "s3",
            NAT,
            False,
            "vpc-0abc has no gateway endpoint for s3, and private-a, private-b, private-c can reach"
            " it only through NAT, off the private path: image layers in Amazon ECR are downloaded"
            " from Amazon S3",
            "no such endpoint; way out of private-a, private-b, private-c: NAT",
        ),
        (
            "ecr.api",
            TRANSIT,
            False,
            "vpc-0abc has no interface endpoint for ecr.api, and what lies beyond a transit"
            " gateway is not visible from private-a, private-b, private-c: a pull from Amazon ECR"
            " begins with a token from the ECR API",
            "no such endpoint; way out of private-a, private-b, private-c: a transit gateway",
        ),
        (
            "logs",
            NAT,
            True,
            "vpc-0abc has no interface endpoint for logs, and --ecs-require-private accepts no"
            " other way out of private-a, private-b, private-c: the awslogs log driver writes to"
            " CloudWatch Logs",
            "no such endpoint; way out of private-a, private-b, private-c: NAT",
        ),
    ],
)
def test_one_line_names_the_cause(
    service: str, way_out: RouteTarget | None, require_private: bool, summary: str, observed: str
) -> None:
    """The summary says what lacks, where, and why that matters."""
    sight = scene(world(without(service), way_out), require_private=require_private)
    (finding,) = run_audits(sight)
    assert finding.summary == summary
    assert finding.observed == observed


def test_many_subnets_are_counted() -> None:
    """A summary stays one line however many subnets a VPC has."""
    many = tuple(replace(PRIVATE[0], id=f"subnet-{i:02}", name=f"n-{i}") for i in range(20))
    (finding,) = run_audits(scene(world(without("logs"), subnets=many), subnets=many))
    assert "no other way out of 20 subnets:" in finding.summary
    assert len(finding.blocks) == 40


def test_the_reference_is_awss_page() -> None:
    """Every finding points to the page of the service that it is about."""
    findings = run_audits(scene(world(())))
    pages = {each.subject: each.reference for each in findings}
    assert (
        pages["ecr.dkr"]
        == "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
    )
    assert pages["logs"] == (
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
    )


def test_what_is_expected_names_the_service_as_aws_does() -> None:
    """The expected endpoint is spelt as it has to be created, partition prefix included."""
    (finding,) = run_audits(scene(world((), region="cn-north-1"), FARGATE, only=("ecr.api",)))
    assert (
        finding.expected == f"interface endpoint for cn.com.amazonaws.cn-north-1.ecr.api in {VPC}"
    )


def test_findings_come_in_the_same_order_whatever_the_snapshots_order() -> None:
    """Reports of two runs can be compared line by line."""
    snapshot = world(without("logs", "ecr.api", "s3"))
    turned = replace(snapshot, endpoints=snapshot.endpoints[::-1], subnets=snapshot.subnets[::-1])
    assert run_audits(scene(snapshot)) == run_audits(scene(turned))


def test_every_finding_has_a_registered_code() -> None:
    """The register knows what its audits raise."""
    assert audited_codes() == (
        Code.ENDPOINT_AZ_UNCOVERED,
        Code.ENDPOINT_MISSING,
        Code.ENDPOINT_MISSING_PUBLIC_PATH,
        Code.ENDPOINT_NOT_AVAILABLE,
        Code.ENDPOINT_SG_INGRESS,
        Code.ENDPOINT_WRONG_REGION,
        Code.NACL_BLOCKS,
        Code.S3_GATEWAY_MISSING,
        Code.S3_INTERFACE_ONLY,
        Code.TASK_SG_EGRESS,
        Code.TASK_SG_EGRESS_S3,
    )


def test_an_offer_in_two_zones_places_the_endpoint_there() -> None:
    """AWS refuses a subnet in a zone where the service is not offered."""
    offer = EndpointServiceOffer(
        service_name="com.amazonaws.us-west-2.logs",
        types=("Interface",),
        azs=("us-west-2a", "us-west-2c"),
    )
    (finding,) = run_audits(scene(world(without("logs"), endpoint_services=(offer,))))
    assert "--subnet-ids subnet-a subnet-c " in finding.remedy.cli[0]

"""The audit of endpoints that a template brought from another Region (R2, R9)."""

import pytest
from audit_worlds import FARGATE, PRIVATE, endpoint, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits
from pytest_ecs_privatelink.topology.model import Endpoint, HostedZone, RouteTarget
from pytest_ecs_privatelink.verdict import Cell, Code, Finding, Severity

ECS_THREE = ("ecs-agent", "ecs-telemetry", "ecs")


def copied(service: str, region: str = "us-east-1", service_region: str | None = None) -> Endpoint:
    """Return an endpoint for another Region's service."""
    return endpoint(
        service, region=region, id=f"vpce-copied-{service}", service_region=service_region
    )


def only_finding(*endpoints: Endpoint, way_out: RouteTarget | None = None) -> Finding:
    """Return the single finding of a VPC with these endpoints."""
    (finding,) = run_audits(scene(world(endpoints, way_out)))
    return finding


def test_a_copied_endpoint_in_place_of_the_own_one_is_the_cause() -> None:
    """One error, which stands in for the missing endpoint and blocks its cells."""
    finding = only_finding(*without("ecs-agent"), copied("ecs-agent"))
    assert finding.code is Code.ENDPOINT_WRONG_REGION
    assert finding.severity is Severity.ERROR
    assert finding.subject == "vpce-copied-ecs-agent"
    assert finding.summary == (
        "vpce-copied-ecs-agent is for ecs-agent of us-east-1, but the VPC is in us-west-2, and that"
        " has none of its own: endpoints do not serve other Regions"
    )
    assert finding.expected == "com.amazonaws.us-west-2.ecs-agent"
    assert finding.observed == "com.amazonaws.us-east-1.ecs-agent"
    assert {cell.subnet for cell in finding.blocks} == {subnet.id for subnet in PRIVATE}
    assert {cell.service for cell in finding.blocks} == {"ecs-agent"}


def test_the_remedy_creates_the_own_one_and_deletes_the_copy() -> None:
    """Both halves of R2: create for this Region, delete the copied-from Region's."""
    finding = only_finding(*without("logs"), copied("logs"))
    create, delete = finding.remedy.cli
    assert "--service-name com.amazonaws.us-west-2.logs " in create
    assert delete == (
        "aws ec2 delete-vpc-endpoints --region us-west-2 --vpc-endpoint-ids vpce-copied-logs"
    )
    assert '"com.amazonaws.us-west-2.logs"' in finding.remedy.terraform


def test_a_leftover_beside_the_own_one_is_a_warning() -> None:
    """The own endpoint serves; the copy costs money and misleads."""
    finding = only_finding(*without(), copied("ecs"))
    assert finding.severity is Severity.WARNING
    assert "and vpce-ecs serves that" in finding.summary
    assert finding.blocks == ()
    assert len(finding.remedy.cli) == 1
    assert finding.remedy.terraform == ""


def test_all_three_copied_are_three_findings() -> None:
    """The page's example: a template with all three of us-east-1."""
    own = without(*ECS_THREE)
    findings = run_audits(scene(world((*own, *map(copied, ECS_THREE)))))
    assert [each.code for each in findings] == [Code.ENDPOINT_WRONG_REGION] * 3
    assert len({each.subject for each in findings}) == 3


def test_through_nat_the_cells_are_the_public_paths() -> None:
    """The copied template is an error, but the cells work over NAT: they stay warned."""
    error, warning = run_audits(
        scene(world((*without("logs"), copied("logs")), RouteTarget.NAT_GATEWAY))
    )
    assert (error.code, error.severity) == (Code.ENDPOINT_WRONG_REGION, Severity.ERROR)
    assert error.blocks == ()
    assert warning.code is Code.ENDPOINT_MISSING_PUBLIC_PATH
    assert Cell(claim=warning.blocks[0].claim, subnet="subnet-a", service="logs") in warning.blocks


def test_a_service_that_nothing_needs_is_still_wrong() -> None:
    """The template would not deploy: AWS refuses another Region's ecs-agent."""
    snapshot = world((*without(*ECS_THREE), copied("ecs-agent")))
    (finding,) = run_audits(scene(snapshot, FARGATE))
    assert (finding.severity, finding.blocks) == (Severity.ERROR, ())


def test_names_answered_elsewhere_make_it_a_warning() -> None:
    """A hub's zone may serve the name, so the copy may be a leftover."""
    zone = HostedZone(id="Z1", name="logs.us-west-2.amazonaws.com", records=None)
    snapshot = world((*without("logs"), copied("logs")), hosted_zones=(zone,))
    (finding,) = run_audits(scene(snapshot))
    assert finding.severity is Severity.WARNING
    assert "hosted zone Z1 (logs.us-west-2.amazonaws.com) may serve that" in finding.summary


@pytest.mark.parametrize("service", ["ecr.api", "ecr.dkr", "ecs", "kms"])
def test_cross_region_endpoints_are_no_copies(service: str) -> None:
    """What AWS offers across Regions, and says so, is meant (FACTS 2)."""
    cross = copied(service, service_region="us-east-1")
    assert run_audits(scene(world((*without(), cross)))) == ()


def test_cross_region_is_not_offered_for_everything() -> None:
    """ServiceRegion alone excuses nothing: AWS does not offer ecs-agent across Regions."""
    finding = only_finding(*without(), copied("ecs-agent", service_region="us-east-1"))
    assert finding.code is Code.ENDPOINT_WRONG_REGION


def test_a_cross_region_endpoint_does_not_serve_the_own_region() -> None:
    """An endpoint for us-east-1's registry leaves this Region's registry without one."""
    finding = only_finding(*without("ecr.dkr"), copied("ecr.dkr", service_region="us-east-1"))
    assert (finding.code, finding.subject) == (Code.ENDPOINT_MISSING, "ecr.dkr")


@pytest.mark.parametrize(
    "name",
    [
        "com.amazonaws.us-east-1.lambda",
        "com.amazonaws.iam",
        "com.amazonaws.vpce.us-east-1.vpce-svc-0abc",
    ],
)
def test_endpoints_of_no_interest_to_ecs_are_left_alone(name: str) -> None:
    """Services outside the catalogue, global ones and partners' own are not judged."""
    other = endpoint("logs", id="vpce-other", service_name=name)
    assert run_audits(scene(world((*without(), other)))) == ()

"""The audit of endpoints that exist but do not serve."""

from dataclasses import replace

import pytest
from audit_worlds import PRIVATE, endpoint, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits
from pytest_ecs_privatelink.topology.model import EndpointType, HostedZone, ZoneRecord
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Claim, Code, Severity

W = Severity.WARNING
NOT_AVAILABLE = Code.ENDPOINT_NOT_AVAILABLE


@pytest.mark.parametrize(
    ("state", "advice"),
    [
        ("pending", "wait, minutes at most, then run again"),
        ("failed", "it will not recover, so delete it and create it again"),
        ("rejected", "it will not recover, so delete it and create it again"),
        ("expired", "it will not recover, so delete it and create it again"),
        ("pendingacceptance", "look at its last error"),
        ("partial", "look at its last error"),
    ],
)
def test_every_state_but_available_is_an_error_with_advice(state: str, advice: str) -> None:
    """What exists but does not serve is one finding, never a missing endpoint."""
    snapshot = world((*without("logs"), endpoint("logs", state=state)))
    (finding,) = run_audits(scene(snapshot))
    assert (finding.code, finding.severity, finding.subject) == (
        Code.ENDPOINT_NOT_AVAILABLE,
        Severity.ERROR,
        "vpce-logs",
    )
    assert finding.summary == f"vpce-logs for logs is {state}: {advice}"
    assert (finding.expected, finding.observed) == ("state available", f"state {state}")
    assert {cell.subnet for cell in finding.blocks} == {subnet.id for subnet in PRIVATE}
    assert {cell.service for cell in finding.blocks} == {"logs"}


@pytest.mark.parametrize(
    ("state", "claims"),
    [("pending", {Claim.TCP_443}), ("failed", {Claim.TCP_443, Claim.PRIVATE_DNS})],
)
def test_a_pending_gateway_drops_packets_alone(state: str, claims: set[Claim]) -> None:
    """The referee's smallest world: names of S3 need no gateway, and its route is there."""
    snapshot = world((*without("s3"), endpoint("s3", state=state)))
    (finding,) = (each for each in run_audits(scene(snapshot)) if each.code == NOT_AVAILABLE)
    assert {cell.claim for cell in finding.blocks} == claims


@pytest.mark.parametrize("state", ["rejected", "pending"])
def test_interfaces_that_do_not_serve_block_nothing_beside_a_gateway(state: str) -> None:
    """The referee's smallest world: S3 goes by its gateway, whatever becomes of the interfaces."""
    broken = replace(endpoint("logs", state=state), id="vpce-s3-too")
    beside = replace(broken, service_name=broken.service_name.replace("logs", "s3"))
    found = run_audits(scene(world((*without(), beside))))
    (finding,) = (each for each in found if each.code == NOT_AVAILABLE)
    assert (finding.severity, finding.blocks) == (Severity.WARNING, ())


def test_the_last_error_is_told() -> None:
    """AWS's own words are in the one line that is read first."""
    broken = endpoint("logs", state="failed", last_error="InsufficientFreeAddresses")
    (finding,) = run_audits(scene(world((*without("logs"), broken))))
    assert finding.summary.startswith("vpce-logs for logs is failed (InsufficientFreeAddresses): ")


def test_a_pending_endpoint_is_looked_at_again() -> None:
    """Nothing is to be mended while AWS is at work."""
    (finding,) = run_audits(scene(world((*without("logs"), endpoint("logs", state="pending")))))
    assert finding.remedy.cli == (
        "aws ec2 describe-vpc-endpoints --region us-west-2 --vpc-endpoint-ids vpce-logs"
        " --query 'VpcEndpoints[0].[State,LastError]'",
    )
    assert finding.remedy.terraform == ""


@pytest.mark.parametrize(
    ("service", "placed"),
    [
        ("logs", "--subnet-ids subnet-a subnet-b subnet-c --security-group-ids sg-endpoints"),
        ("s3", "--route-table-ids rtb-private"),
    ],
)
def test_a_dead_endpoint_is_replaced_by_its_like(service: str, placed: str) -> None:
    """The new one stands where the dead one stood."""
    dead = endpoint(service, state="failed")
    (finding,) = run_audits(scene(world((*without(service), dead))))
    delete, create = finding.remedy.cli
    assert delete.endswith(f"--vpc-endpoint-ids vpce-{service}")
    assert create.endswith(placed)


def test_a_second_endpoint_that_serves_makes_it_a_warning() -> None:
    """A failed attempt beside a working endpoint blocks nothing."""
    failed = endpoint("logs", state="failed", id="vpce-attempt")
    (finding,) = run_audits(scene(world((*without(), failed))))
    assert (finding.severity, finding.blocks) == (Severity.WARNING, ())


def test_an_endpoint_that_nothing_needs_is_a_warning() -> None:
    """With --ecs-need, the others' states fail no run."""
    snapshot = world((endpoint("kms"), endpoint("logs", state="failed")))
    (finding,) = run_audits(scene(snapshot, only=("kms",)))
    assert (finding.severity, finding.blocks) == (Severity.WARNING, ())


@pytest.mark.parametrize(
    ("state", "severity", "cells"),
    [("failed", Severity.WARNING, 0), ("pending", Severity.ERROR, 6)],
)
def test_a_merely_possible_service_is_missed_only_where_names_may_lead_to_it(
    state: str, severity: Severity, cells: int
) -> None:
    """Nothing says that kms is needed: one that failed is as good as none, which is no finding."""
    snapshot = world((*without(), endpoint("kms", state=state)))
    (finding,) = run_audits(scene(snapshot))
    assert (finding.severity, len(finding.blocks)) == (severity, cells)


def test_a_dead_endpoint_without_subnets_is_replaced_by_its_like() -> None:
    """An option of the AWS CLI without values would be refused."""
    dead = endpoint("logs", state="failed", subnets=())
    (finding,) = run_audits(scene(world((*without("logs"), dead))))
    assert finding.remedy.cli[1].endswith("--private-dns-enabled --security-group-ids sg-endpoints")


def test_another_regions_pending_endpoint_is_only_in_the_wrong_region() -> None:
    """One endpoint, one cause: that it is also pending does not matter."""
    foreign = endpoint("logs", region="us-east-1", id="vpce-copied", state="pending")
    (finding,) = run_audits(scene(world((*without(), foreign))))
    assert finding.code is Code.ENDPOINT_WRONG_REGION


def test_available_endpoints_of_a_healthy_vpc_are_fine() -> None:
    """The healthy world stays silent when every endpoint is available."""
    snapshot = world(tuple(replace(each, last_error=None) for each in without()))
    assert run_audits(scene(snapshot)) == ()


def test_beside_a_gateway_that_is_not_ready_a_dead_interface_of_s3_adds_nothing() -> None:
    """Names lead to the gateway; that it drops packets is its own finding."""
    dead = endpoint("s3", id="vpce-s3i", type=EndpointType.INTERFACE, state="failed")
    pending = endpoint("s3", state="pending")
    found = [
        each
        for each in run_audits(scene(world((*without("s3"), dead, pending))))
        if each.code is NOT_AVAILABLE
    ]
    assert {each.subject: bool(each.blocks) for each in found} == {
        "vpce-s3": True,
        "vpce-s3i": False,
    }


@pytest.mark.parametrize(
    ("state", "alias", "claims"),
    [
        ("pending", "vpce-logs-x.logs.us-west-2.vpce.amazonaws.com", {Claim.TCP_443}),
        ("pending", "vpce-0hub-y.logs.us-west-2.vpce.amazonaws.com", set()),
        ("rejected", "vpce-logs-x.logs.us-west-2.vpce.amazonaws.com", set(PATH_CLAIMS)),
    ],
)
def test_where_a_zone_gives_the_name_only_packets_to_it_are_lost(
    state: str, alias: str, claims: set[Claim]
) -> None:
    """A hosted zone answers whatever the endpoint's state is, and may lead elsewhere."""
    name = "logs.us-west-2.amazonaws.com"
    zone = HostedZone(id="Z1", name=name, records=(ZoneRecord(name=name, type="A", alias=alias),))
    pending = endpoint(
        "logs", state=state, dns_names=("vpce-logs-x.logs.us-west-2.vpce.amazonaws.com",)
    )
    snapshot = world((*without("logs"), pending), hosted_zones=(zone,))
    (finding,) = (each for each in run_audits(scene(snapshot)) if each.code is NOT_AVAILABLE)
    assert {cell.claim for cell in finding.blocks} == claims

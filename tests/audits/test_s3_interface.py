"""The audit of S3 by interface endpoint only: how grave, and what mends it."""

from typing import Any

import pytest
from audit_worlds import FARGATE, PRIVATE, endpoint, heads, scene, without, world

from pytest_ecs_privatelink.audits.register import run_audits, unseen
from pytest_ecs_privatelink.audits.scene import Unseen
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, HostedZone, RouteTarget
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Cell, Code, Severity

E, W = Severity.ERROR, Severity.WARNING
NAT, TRANSIT = RouteTarget.NAT_GATEWAY, RouteTarget.TRANSIT_GATEWAY


def interface(**changes: Any) -> Endpoint:  # noqa: ANN401 fields of Endpoint
    """Return an S3 interface endpoint without private DNS."""
    worn = {"groups": ("sg-endpoints",), **changes}
    return endpoint("s3", type=EndpointType.INTERFACE, id="vpce-s3i", route_tables=(), **worn)


BARE = interface()
INBOUND = interface(private_dns=True, private_dns_inbound_resolver_only=True)
LED = interface(private_dns=True)


@pytest.mark.parametrize(
    ("alone", "way_out", "require_private", "severity"),
    [
        (BARE, None, False, E),
        (INBOUND, None, False, E),
        (BARE, NAT, False, W),
        (BARE, NAT, True, E),
        (BARE, TRANSIT, False, W),
        (LED, None, False, W),
        (LED, NAT, True, W),
    ],
)
def test_names_and_the_way_out_decide_how_grave_it_is(
    alone: Endpoint, way_out: RouteTarget | None, require_private: bool, severity: Severity
) -> None:
    """Unless the layer bucket's name leads to the interfaces, the gateway is simply missing."""
    snapshot = world((*without("s3"), alone), way_out)
    sight = scene(snapshot, require_private=require_private)
    assert heads(run_audits(sight)) == [(Code.S3_INTERFACE_ONLY, severity, "s3")]
    assert unseen(sight) == ()


def test_a_gateway_beside_it_is_right() -> None:
    """An interface endpoint for machines on premises does no harm."""
    assert run_audits(scene(world((*without(), BARE)))) == ()


def test_one_line_names_the_cause() -> None:
    """The summary says what is there, why it does not serve, and what comes from S3."""
    (finding,) = run_audits(scene(world((*without("s3"), BARE)), FARGATE))
    assert finding.summary == (
        "vpc-0abc has s3 by interface endpoint only (vpce-s3i), to which no name of it leads, and "
        "there is no other way out of private-a, private-b, private-c: image layers in Amazon ECR "
        "are downloaded from Amazon S3"
    )
    assert finding.expected == "gateway endpoint for com.amazonaws.us-west-2.s3"
    assert finding.observed == "vpce-s3i: interface endpoint without private DNS"
    assert finding.launch_types == FARGATE


@pytest.mark.parametrize(
    ("alone", "observed"),
    [
        (LED, "vpce-s3i: interface endpoint with private DNS"),
        (
            INBOUND,
            "vpce-s3i: interface endpoint with private DNS for inbound Resolver endpoints only",
        ),
    ],
)
def test_what_is_observed_is_its_private_dns(alone: Endpoint, observed: str) -> None:
    """Which of the three it is decides, so it is said."""
    (finding,) = run_audits(scene(world((*without("s3"), alone))))
    assert finding.observed == observed


def test_where_names_lead_to_it_the_summary_says_that_aws_does_not_support_it() -> None:
    """It may work, and is not what ECR is made for."""
    (finding,) = run_audits(scene(world((*without("s3"), LED))))
    assert finding.summary == (
        "vpc-0abc has s3 by interface endpoint only (vpce-s3i), which pulls from Amazon ECR are "
        "not meant to use: image layers in Amazon ECR are downloaded from Amazon S3"
    )


@pytest.mark.parametrize("alone", [BARE, LED])
def test_it_blocks_every_cell_of_s3(alone: Endpoint) -> None:
    """Red or yellow, the cells of S3 are explained by it."""
    (finding,) = run_audits(scene(world((*without("s3"), alone))))
    assert set(finding.blocks) == {
        Cell(claim, subnet.id, "s3") for claim in PATH_CLAIMS for subnet in PRIVATE
    }


def test_the_gateway_endpoint_mends_it() -> None:
    """The commands quote why, then create what is missing."""
    (finding,) = run_audits(scene(world((*without("s3"), BARE))))
    assert finding.remedy.cli == (
        '# "An S3 interface endpoint cannot be used with ECR": make the gateway endpoint',
        "aws ec2 create-vpc-endpoint --region us-west-2 --vpc-id vpc-0abc"
        " --vpc-endpoint-type Gateway --service-name com.amazonaws.us-west-2.s3"
        " --route-table-ids rtb-private",
    )
    assert 'vpc_endpoint_type = "Gateway"' in finding.remedy.terraform
    assert finding.reference == (
        "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html"
    )


def test_a_zone_for_s3_is_left_to_probes() -> None:
    """A hosted zone may lead the names to the interfaces: FACTS has spokes that do so."""
    zone = HostedZone(id="Z1", name="s3.us-west-2.amazonaws.com", records=None)
    sight = scene(world((*without("s3"), BARE), hosted_zones=(zone,)))
    assert run_audits(sight) == ()
    assert tuple(each for each in unseen(sight) if each.code is Code.S3_INTERFACE_ONLY) == (
        Unseen(
            code=Code.S3_INTERFACE_ONLY,
            subject="s3",
            reason="hosted zone Z1 (s3.us-west-2.amazonaws.com) may answer for it: "
            "only probing can tell",
        ),
    )

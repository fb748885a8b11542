"""The audit of zones in which an endpoint has no interface."""

from dataclasses import replace

import pytest
from audit_worlds import heads
from filter_worlds import A, B, changed, found, healthy, unjudged

from pytest_ecs_privatelink.topology.model import EndpointServiceOffer, Snapshot
from pytest_ecs_privatelink.verdict import Code, Severity

CODE = Code.ENDPOINT_AZ_UNCOVERED


def offered(*zones: str) -> tuple[EndpointServiceOffer, ...]:
    """Return AWS's offer of logs in these zones."""
    return (
        EndpointServiceOffer(
            service_name="com.amazonaws.us-west-2.logs",
            types=("Interface",),
            azs=tuple(f"us-west-2{zone}" for zone in zones),
        ),
    )


def in_a(**changes: object) -> Snapshot:
    """Return the VPC with logs in private-a alone."""
    snapshot = replace(healthy(), **changes)  # type: ignore[arg-type]  # fields of Snapshot
    return changed(snapshot, "logs", subnets=(A.id,), interfaces=("eni-vpce-logs-a",))


def test_one_line_for_each_endpoint() -> None:
    """A warning that blocks nothing, and adds one subnet for each zone."""
    (finding,) = found(in_a(endpoint_services=offered("a", "b", "c")))
    assert heads((finding,)) == [(CODE, Severity.WARNING, "vpce-logs")]
    assert finding.blocks == ()
    assert finding.summary == (
        "vpce-logs for logs has no interface in us-west-2b, us-west-2c: from private-b, "
        "private-c it is reached in us-west-2a, and lost with these"
    )
    assert finding.expected == "an interface of vpce-logs in us-west-2b, us-west-2c"
    assert finding.observed == "interfaces in us-west-2a"
    assert finding.remedy.cli == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-logs"
        " --add-subnet-ids subnet-b subnet-c",
    )
    assert finding.remedy.terraform.startswith(
        'resource "aws_vpc_endpoint_subnet_association" "logs_us_west_2b" {\n'
        '  vpc_endpoint_id = "vpce-logs"\n'
        f'  subnet_id       = "{B.id}"\n'
        "}"
    )
    assert finding.reference == (
        "https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html"
    )


@pytest.mark.parametrize(("zones", "missing"), [(("a",), False), ((), False), (("a", "c"), True)])
def test_only_where_aws_offers_the_service(zones: tuple[str, ...], missing: bool) -> None:
    """A zone without the service cannot be covered."""
    findings = found(in_a(endpoint_services=offered(*zones)))
    assert bool(findings) is missing
    assert all("us-west-2b" not in finding.expected for finding in findings)


def test_an_emulators_offers_say_nothing() -> None:
    """There each zone can be covered."""
    (finding,) = found(in_a(emulated=True, endpoint_services=()))
    assert finding.code is CODE


def test_offers_that_could_not_be_read_are_unseen() -> None:
    """Whether the zone could be covered is not known then."""
    blind = in_a(endpoint_services=None)
    assert found(blind) == ()
    (unseen,) = unjudged(blind)
    assert (unseen.code, unseen.subject) == (CODE, "vpce-logs")
    assert unseen.permissions == ("ec2:DescribeVpcEndpointServices",)

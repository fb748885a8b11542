"""What AWS refuses to show costs exactly what needs it, and is asked for by name."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws_front import Answer, Front, Request, always, as_json, denied, refusal, running, xml
from lab_runs import Finished, Runs
from rehearsals import Emulated

from pytest_ecs_privatelink.lab.corrections import correct
from pytest_ecs_privatelink.lab.faults import FAULTS
from pytest_ecs_privatelink.plugin.plan import Plan, make_plan
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.topology.reader import read_snapshot
from pytest_ecs_privatelink.verdict import Basis, Code

BLOCKING = "DescribeVpcBlockPublicAccessOptions"
# What moto does not know, answered as by an account that uses none of it.
UNUSED = {
    BLOCKING: always(
        xml(
            BLOCKING,
            "<vpcBlockPublicAccessOptions><internetGatewayBlockMode>off"
            "</internetGatewayBlockMode></vpcBlockPublicAccessOptions>",
        )
    ),
    "DescribeVpcEndpointServices": always(
        xml("DescribeVpcEndpointServices", "<serviceDetailSet/>")
    ),
    "ListFirewallRuleGroupAssociations": always(as_json({"FirewallRuleGroupAssociations": []})),
    "ListProfileAssociations": always(as_json({"ProfileAssociations": []})),
}
INDISPENSABLE = ("ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints")
# Every other action that reading the lab's world takes. Without these, nobody can say that nothing
# else answers for an endpoint service, or how grave its absence is.
MATTERS = (
    "ec2:DescribeRouteTables",
    "route53:ListHostedZonesByVPC",
    "route53resolver:ListResolverRuleAssociations",
    "route53profiles:ListProfileAssociations",
)
# What else nobody can say, by the permission that is missing: of the VPC as a whole.
UNDECIDED = {
    "ec2:DescribeVpcAttribute": ("vpc-dns-hostnames-off", "vpc-dns-support-off"),
    "ec2:DescribeDhcpOptions": ("dhcp-custom-dns",),
    "ec2:DescribeNetworkAcls": ("nacl-blocks",),
    "ec2:DescribePrefixLists": ("s3-route-shadowed",),
    "ec2:GetManagedPrefixListEntries": ("s3-route-shadowed",),
    "ec2:DescribeRouteTables": (
        "internet-path-blocked",
        "public-subnet-no-public-ip",
        "s3-gateway-no-route",
        "s3-route-shadowed",
    ),
    "ec2:DescribeSecurityGroups": ("endpoint-sg-ingress",),
    "route53:ListHostedZonesByVPC": ("phz-shadows-name",),
    "route53resolver:ListResolverRuleAssociations": ("resolver-rule-captures-name",),
    "route53resolver:ListFirewallRuleGroupAssociations": ("dns-firewall-blocks",),
}
OTHERS = (
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeInternetGateways",
    "ec2:DescribeNatGateways",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribePrefixLists",
    "ec2:DescribeVpcPeeringConnections",
    "ec2:DescribeTransitGatewayVpcAttachments",
    "ec2:DescribeVpcBlockPublicAccessOptions",
    "ec2:DescribeVpcEndpointServices",
    "ec2:GetManagedPrefixListEntries",
    "route53resolver:ListFirewallRuleGroupAssociations",
)
# No permission tells what tasks wear: no cluster is read here, and no option names it.
UNNAMED = ("task-sg-egress", "task-sg-egress-s3")
AUDIT = Settings(vpc="vpc-0123456789abcdef0")


@pytest.fixture(scope="module")
def broken_vpc(emulated: Emulated) -> str:
    """Return a VPC with DHCP options of its own and without an endpoint for logs."""
    world, _ = emulated.broken(FAULTS["endpoint-missing"])
    ec2 = emulated.session.client("ec2")
    made = ec2.create_dhcp_options(
        DhcpConfigurations=[{"Key": "domain-name-servers", "Values": ["AmazonProvidedDNS"]}]
    )
    ec2.associate_dhcp_options(
        VpcId=world.vpc_id, DhcpOptionsId=made["DhcpOptions"]["DhcpOptionsId"]
    )
    return world.vpc_id


@pytest.fixture(scope="module")
def known(broken_vpc: str) -> dict[tuple[str, bytes], Answer]:
    """Return what the emulated AWS answered before: neither VPC changes any more."""
    assert broken_vpc
    return {}


@pytest.fixture
def front(emulated: Emulated, known: dict[tuple[str, bytes], Answer]) -> Iterator[Front]:
    """Run a server in front of the emulated AWS that may refuse."""
    with running(emulated.url, known) as front:
        front.answers.update(UNUSED)
        yield front


@pytest.fixture
def session(aws: pytest.MonkeyPatch, front: Front) -> boto3.Session:
    """Return a session of a user for whom that server is AWS."""
    aws.setenv("AWS_ENDPOINT_URL", front.url)
    return boto3.Session()


def refuse(front: Front, permission: str) -> None:
    """Have the server refuse an IAM action."""
    front.answers[permission.partition(":")[2]] = denied


def planned(session: boto3.Session, vpc: str) -> Plan:
    """Read the VPC as AWS's own (not an emulator's, which is excused for more), and plan."""
    reading = read_snapshot(session, vpc, region="us-east-1")
    assert not reading.snapshot.emulated
    return make_plan(AUDIT, correct(reading.snapshot), basis=Basis.PROBED, ca_file=None)


def undecided(plan: Plan) -> tuple[Code, ...]:
    """Return the codes that are open for want of a permission."""
    return tuple(each.code for each in plan.unseen if each.permissions)


def test_the_tables_are_complete(session: boto3.Session, broken_vpc: str) -> None:
    """Every action that reading takes is refused by some test here."""
    reading = read_snapshot(session, broken_vpc, region="us-east-1")

    assert set(reading.api_calls) == {*INDISPENSABLE, *MATTERS, *OTHERS}
    assert reading.snapshot.unreadable == ()


@pytest.mark.parametrize("permission", OTHERS)
def test_a_refusal_that_does_not_matter_changes_no_finding(
    front: Front, session: boto3.Session, broken_vpc: str, permission: str
) -> None:
    """The missing endpoint is found all the same, as grave as ever; unknown is what needs it."""
    refuse(front, permission)

    plan = planned(session, broken_vpc)

    assert {each.permission for each in plan.snapshot.unreadable} == {permission}
    ((code, subject, severity),) = {
        (each.code, each.subject, each.severity) for each in plan.findings
    }
    assert (code, subject, severity) == (Code.ENDPOINT_MISSING, "logs", "error")
    assert undecided(plan) == UNDECIDED.get(permission, ())
    assert {each.permissions for each in plan.unseen} <= {(permission,), ()}
    assert [subnet.name for subnet in plan.terms.subnets] == [
        "private-a",
        "private-b",
        "private-c",
    ]


@pytest.mark.parametrize("permission", MATTERS)
def test_a_refusal_that_matters_is_an_error_that_names_it(
    runs: Runs,
    front: Front,
    session: boto3.Session,
    broken_vpc: str,
    tmp_path: Path,
    permission: str,
) -> None:
    """The audit could not look: never green, never red; and every other audit is green."""
    refuse(front, permission)
    path = tmp_path / "refused.json"
    snapshots.save(planned(session, broken_vpc).snapshot, path)

    told = runs("--ecs-snapshot", str(path), "--ecs-claims", "audit")

    assert told.code == 1
    assert "Traceback" not in told.out
    (line,) = (line for line in told.lines if line.startswith("  not readable: "))
    assert f", missing permission {permission} (" in line
    by_code = {check["code"]: check for check in told.report["checks"]}
    mine = by_code.pop("endpoint-missing")
    assert (mine["verdict"], mine["subject"]) == ("error", "logs")
    assert mine["reason"].endswith(f"missing permission {permission}")
    for code in UNDECIDED.get(permission, ()):
        assert by_code.pop(code)["verdict"] == "error"
    if permission == "route53:ListHostedZonesByVPC":
        # For logs, which has no endpoint here, a zone may lead to a hub.
        assert by_code.pop("endpoint-route-missing")["verdict"] == "error"
    assert {by_code.pop(code)["verdict"] for code in UNNAMED} == {"skipped"}
    assert {check["verdict"] for check in by_code.values()} == {"passed"}
    assert told.report["causes"] == []


@pytest.mark.parametrize("permission", MATTERS[1:])
def test_what_answers_elsewhere_matters_only_where_something_is_missing(
    front: Front, session: boto3.Session, emulated: Emulated, permission: str
) -> None:
    """A VPC with all endpoints is right whoever else could answer."""
    refuse(front, permission)

    plan = planned(session, emulated.world.vpc_id)

    assert plan.findings == ()
    assert undecided(plan) == UNDECIDED.get(permission, ())


def user(front: Front) -> dict[str, Any]:
    """Return the variables of a user whose AWS is ``front``."""
    return {
        "AWS_ENDPOINT_URL": front.url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_CONFIG_FILE": os.devnull,
        "HTTP_PROXY": "",
        "NO_PROXY": "127.0.0.1",
    }


def refused(told: Finished) -> str:
    """Return the one line that a run was refused with."""
    assert told.code == 4
    assert "Traceback" not in told.out + told.err
    (line,) = filter(None, told.err.splitlines())
    return line.removeprefix("ERROR: ")


@pytest.mark.parametrize("permission", INDISPENSABLE)
def test_an_indispensable_call_is_refused(
    runs: Runs, front: Front, emulated: Emulated, permission: str
) -> None:
    """Without one of the three nothing can be said, and its permission is asked for."""
    refuse(front, permission)

    told = refused(runs("--ecs-vpc", emulated.world.vpc_id, **user(front)))

    assert told.startswith(f"{permission} is denied (UnauthorizedOperation: User: arn:aws:sts")
    assert told.endswith("): allow it for these credentials, or choose others with --ecs-profile")


def test_expired_credentials(runs: Runs, front: Front, emulated: Emulated) -> None:
    """Credentials that were good yesterday are told from wrong ones."""

    def expired(request: Request) -> Answer:
        return refusal(request.service, "RequestExpired", "Request has expired.")

    front.answers["DescribeVpcs"] = expired

    told = refused(runs("--ecs-vpc", emulated.world.vpc_id, **user(front)))

    assert told == (
        "the AWS credentials have expired (RequestExpired: Request has expired.): renew them "
        "(`aws sso login`, `aws configure`, or the AWS_* variables) or choose others with "
        "--ecs-profile"
    )
    assert told == refused(runs("--ecs-lab", "--ecs-vpc", emulated.world.vpc_id, **user(front)))

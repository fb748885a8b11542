"""The audit of the S3 endpoint's policy against the bucket of image layers."""

from typing import Any

import pytest
from audit_worlds import OWNER, endpoint, heads, scene, without, world
from policy_texts import allow, deny, policy, when

from pytest_ecs_privatelink.audits.policies.s3_gateway import s3_gateway_policy
from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType
from pytest_ecs_privatelink.verdict import Code, Finding, Severity

E, W = Severity.ERROR, Severity.WARNING
CODE = Code.S3_GATEWAY_POLICY
BUCKET = "arn:aws:s3:::prod-us-west-2-starport-layer-bucket"
LAYERS = f"{BUCKET}/*"
LOOK = (
    "aws ec2 describe-vpc-endpoints --region us-west-2 --vpc-endpoint-ids vpce-s3"
    " --query 'VpcEndpoints[0].PolicyDocument' --output text"
)


def found(*instead: Endpoint, **changes: Any) -> tuple[Finding, ...]:  # noqa: ANN401 fields of Snapshot
    """Return what the audit holds against a VPC with other endpoints for s3."""
    said = tuple(s3_gateway_policy(scene(world((*without("s3"), *instead), **changes))))
    findings = tuple(each for each in said if isinstance(each, Finding))
    assert findings == said
    return findings


def found_with(*statements: dict[str, Any]) -> tuple[Finding, ...]:
    """Return what the audit holds against a gateway's policy."""
    return found(endpoint("s3", policy=policy(*statements)))


def conditioned(operator: str, key: str, *values: str) -> dict[str, Any]:
    """Return a statement that allows everything under one condition."""
    return allow("s3:*", Condition=when(operator, key, *values))


@pytest.mark.parametrize(
    "statement",
    [
        allow("*"),
        allow("s3:GetObject", LAYERS),
        allow("s3:Get*", "arn:aws:s3:::prod-*-starport-layer-bucket/*"),
        allow("s3:*", Principal={"AWS": "*"}),
        conditioned("StringEquals", "aws:SourceVpc", "vpc-0abc"),
        conditioned("StringEquals", "aws:sourceVpce", "vpce-s3"),
        conditioned("StringNotEquals", "aws:PrincipalAccount", OWNER),
        conditioned("StringLike", "aws:PrincipalArn", "*"),
        conditioned("Null", "aws:PrincipalOrgID", "false"),
        conditioned("Bool", "aws:SecureTransport", "true"),
    ],
)
def test_policies_that_let_layers_through(statement: dict[str, Any]) -> None:
    """The smallest of AWS's page, wildcards, and conditions that AWS's own requests meet."""
    assert found_with(statement) == ()


@pytest.mark.parametrize(
    "key",
    [
        "aws:PrincipalOrgID",
        "aws:PrincipalAccount",
        "aws:PrincipalArn",
        "aws:ResourceOrgID",
        "aws:ResourceAccount",
        "s3:ResourceAccount",
    ],
)
@pytest.mark.parametrize("operator", ["StringEquals", "StringEqualsIfExists", "StringLike"])
def test_nothing_of_ones_own_is_ever_met(key: str, operator: str) -> None:
    """Story 5: bucket and signer are AWS's, and the keys exist, so IfExists spares nobody."""
    mine = {
        "aws:PrincipalArn": f"arn:aws:iam::{OWNER}:role/run",
        "aws:PrincipalOrgID": "o-a1b2c3d4e5",
        "aws:ResourceOrgID": "o-a1b2c3d4e5",
    }.get(key, OWNER)
    (finding,) = found_with(conditioned(operator, key, mine))
    assert heads((finding,)) == [(CODE, E, "vpce-s3")]
    assert finding.observed == f"s3:GetObject on {LAYERS}: no statement allows that, by {key}"


@pytest.mark.parametrize(
    ("statements", "severity", "observed"),
    [
        ((allow("s3:*", "arn:aws:s3:::mine/*"),), E, "no statement allows that"),
        ((allow("s3:GetObject", BUCKET),), E, "no statement allows that"),
        (
            (allow("s3:*", "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*"),),
            E,
            "no statement allows that",
        ),
        ((deny("s3:PutObject"),), E, "no statement allows that"),
        (
            (allow("s3:*", Principal={"AWS": OWNER}),),
            E,
            "no statement allows that, by the Principal",
        ),
        (
            (conditioned("StringEquals", "aws:SourceVpc", "vpc-other"),),
            E,
            "no statement allows that, by aws:SourceVpc",
        ),
        (
            (
                allow("*"),
                deny("*", Condition=when("StringNotEquals", "aws:PrincipalOrgID", "o-a1b2c3d4e5")),
            ),
            E,
            "statement 2 denies that",
        ),
        (
            (
                allow("*"),
                deny("*", Condition=when("StringNotEqualsIfExists", "aws:ResourceOrgID", "o-1")),
            ),
            E,
            "statement 2 denies that",
        ),
        (
            (conditioned("StringEquals", "aws:PrincipalAccount", "222222222222"),),
            W,
            "depends on aws:PrincipalAccount",
        ),
        (
            (conditioned("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"),),
            W,
            "depends on aws:VpcSourceIp",
        ),
    ],
)
def test_policies_that_do_not(
    statements: tuple[dict[str, Any], ...], severity: Severity, observed: str
) -> None:
    """Story 4 and its kin; an account that is not one's own may be AWS's: a warning."""
    (finding,) = found_with(*statements)
    assert heads((finding,)) == [(CODE, severity, "vpce-s3")]
    assert finding.observed == f"s3:GetObject on {LAYERS}: {observed}"
    assert finding.blocks == ()


def test_one_line_names_the_cause_and_the_smallest_statement_mends_it() -> None:
    """The bucket is named, and the statement is the one of the ECR page."""
    (finding,) = found_with(conditioned("StringEquals", "aws:PrincipalAccount", OWNER))
    assert finding.summary == (
        "the policy of vpce-s3 for s3 does not allow s3:GetObject (it wants another "
        "aws:PrincipalAccount) on the bucket of the Region's image layers "
        "(prod-us-west-2-starport-layer-bucket), which is AWS's, as are those who sign for it: "
        "image layers of Amazon ECR answer 403"
    )
    assert finding.expected == f"a policy that allows s3:GetObject on {LAYERS}"
    assert finding.reference == (
        "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"
    )
    (command,) = finding.remedy.cli
    assert command == (
        "aws ec2 modify-vpc-endpoint --region us-west-2 --vpc-endpoint-id vpce-s3"
        ' --policy-document \'{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
        '"Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": '
        '{"aws:PrincipalAccount": ["111111111111"]}}}, {"Effect": "Allow", "Principal": "*", '
        f'"Action": "s3:GetObject", "Resource": "{LAYERS}"}}]}}\''
    )
    assert f'"Resource": "{LAYERS}"' in finding.remedy.terraform
    assert 'resource "aws_vpc_endpoint_policy" "s3" {' in finding.remedy.terraform


def test_what_denies_or_is_not_known_is_shown() -> None:
    """A deny is its author's to change, and of an unknown key the question is asked."""
    (denied,) = found_with(allow("*"), deny("s3:Get*", LAYERS, Sid="NoLayers"))
    assert denied.summary.startswith(
        "the policy of vpce-s3 for s3 denies s3:GetObject (statement 'NoLayers') on the bucket"
    )
    assert denied.remedy.cli == (
        "# change statement 'NoLayers' so that it does not deny s3:GetObject",
        LOOK,
    )
    (hangs,) = found_with(conditioned("StringEquals", "aws:PrincipalAccount", "222222222222"))
    assert hangs.summary == (
        "whether the policy of vpce-s3 for s3 allows s3:GetObject on "
        "prod-us-west-2-starport-layer-bucket depends on aws:PrincipalAccount, which this run "
        "cannot know: where it does not, image layers of Amazon ECR answer 403"
    )
    assert hangs.remedy.cli == ("# does aws:PrincipalAccount admit s3:GetObject?", LOOK)


@pytest.mark.parametrize("text", ["no JSON", "{ }", policy(version="2030-01-01")])
def test_a_policy_that_is_not_understood_is_unknown(text: str) -> None:
    """Never green, and no failure either."""
    (finding,) = found(endpoint("s3", policy=text))
    assert heads((finding,)) == [(CODE, W, "vpce-s3")]


def test_elsewhere_the_buckets_name_is_not_known_for_sure() -> None:
    """Outside the commercial Regions nobody wrote it down: a warning that says so."""
    region = "cn-north-1"
    gateway = endpoint(
        "s3",
        service_name=service_name("s3", region),
        policy=policy(allow("*", "arn:aws-cn:s3:::x")),
    )
    (finding,) = found(gateway, region=region, partition="aws-cn")
    assert finding.severity is W
    assert "(prod-cn-north-1-starport-layer-bucket, if it is called so)" in finding.summary


@pytest.mark.parametrize(
    ("private_dns", "inbound_only", "count"), [(True, False, 1), (True, True, 0), (False, False, 0)]
)
def test_an_interface_endpoint_counts_where_it_carries_layers(
    private_dns: bool, inbound_only: bool, count: int
) -> None:
    """Without a gateway and with S3's names, its policy decides just the same."""
    interface = endpoint(
        "s3",
        id="vpce-s3i",
        type=EndpointType.INTERFACE,
        private_dns=private_dns,
        private_dns_inbound_resolver_only=inbound_only,
        policy=policy(),
    )
    assert len(found(interface)) == count
    assert found(interface, endpoint("s3")) == ()

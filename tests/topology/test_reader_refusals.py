"""What happens when AWS does not answer as asked: named, in one line, and never a green nothing."""

import dataclasses
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from aws_front import HTML, Answer, Front, Request, always, denied, refusal
from aws_worlds import REGION, World
from botocore.config import Config

from pytest_ecs_privatelink.errors import ReadError
from pytest_ecs_privatelink.topology.model import ONLY_OF_A_CLUSTER, Snapshot, Unreadable
from pytest_ecs_privatelink.topology.reader import read_snapshot

INDISPENSABLE = ("ec2:DescribeVpcs", "ec2:DescribeSubnets", "ec2:DescribeVpcEndpoints")
# Every other action, and what of the snapshot is missing without it.
PARTS = {
    "ec2:DescribeVpcAttribute": ("vpc.dns_hostnames", "vpc.dns_support"),
    "ec2:DescribeDhcpOptions": ("dhcp_options",),
    "ec2:DescribeRouteTables": ("route_tables",),
    "ec2:DescribeInternetGateways": ("internet_gateways",),
    "ec2:DescribeNatGateways": ("nat_gateways",),
    "ec2:DescribeNetworkInterfaces": ("interfaces",),
    "ec2:DescribeSecurityGroups": ("security_groups",),
    "ec2:DescribeNetworkAcls": ("network_acls",),
    "ec2:DescribePrefixLists": ("prefix_lists",),
    "ec2:DescribeVpcPeeringConnections": ("peerings",),
    "ec2:DescribeTransitGatewayVpcAttachments": ("peerings",),
    "ec2:DescribeVpcBlockPublicAccessOptions": ("block_public_access",),
    "ec2:DescribeVpcBlockPublicAccessExclusions": ("block_public_access",),
    "ec2:DescribeVpcEndpointServices": ("endpoint_services",),
    "route53:ListHostedZonesByVPC": ("hosted_zones",),
    "route53resolver:ListResolverRuleAssociations": ("resolver_rules",),
    "route53resolver:ListResolverRules": ("resolver_rules",),
    "route53resolver:ListFirewallRuleGroupAssociations": ("dns_firewalls",),
    "route53profiles:ListProfileAssociations": ("route53_profiles",),
}
# Actions without which something is missing inside a part.
INSIDE = {
    "ec2:GetManagedPrefixListEntries": "prefix_lists",
    "route53:ListResourceRecordSets": "hosted_zones",
}
FRESH = (
    "renew them (`aws sso login`, `aws configure`, or the AWS_* variables) or choose others with "
    "--ecs-profile"
)


def read(session: boto3.Session, vpc: str, **options: object) -> Snapshot:
    """Return the snapshot of a VPC of us-east-1, with retries as on AWS."""
    return read_snapshot(session, vpc, region=REGION, **options).snapshot  # type: ignore[arg-type]


def error_of(session: boto3.Session, vpc: str, **options: object) -> str:
    """Return the message that reading the VPC ends with, which is one line."""
    with pytest.raises(ReadError) as raised:
        read(session, vpc, **options)
    message = str(raised.value)
    assert "\n" not in message
    assert "<" not in message
    return message


def operation_of(permission: str) -> str:
    """Return the API operation behind an IAM action."""
    return permission.partition(":")[2]


def without(snapshot: Snapshot, parts: tuple[str, ...]) -> dict[str, object]:
    """Return the snapshot's values by name, the VPC's own included, but for some parts."""
    values = {f.name: getattr(snapshot, f.name) for f in dataclasses.fields(snapshot)}
    vpc = {f"vpc.{f.name}": getattr(snapshot.vpc, f.name) for f in dataclasses.fields(snapshot.vpc)}
    left_out = {"taken", "vpc", "unreadable", *parts}
    return {name: value for name, value in (values | vpc).items() if name not in left_out}


@pytest.fixture(scope="module")
def kept() -> dict[str, Snapshot]:
    """Return where this module keeps the snapshot of the healthy world."""
    return {}


@pytest.fixture
def healthy(
    kept: dict[str, Snapshot], front: Front, session: boto3.Session, world: World
) -> Snapshot:
    """Return the small VPC as read without any refusal, once."""
    assert not front.seen
    if "small" not in kept:
        kept["small"] = read(session, world.small)
    return kept["small"]


def test_every_call_is_refused_by_some_test(
    front: Front, session: boto3.Session, world: World
) -> None:
    """The tables above are exactly the actions that reading takes."""
    assert front.url

    reading = read_snapshot(session, world.small, region=REGION)

    assert set(reading.api_calls) == {*INDISPENSABLE, *PARTS, *INSIDE}


@pytest.mark.parametrize("permission", INDISPENSABLE)
def test_denied_indispensable_call_ends_the_reading(
    front: Front, session: boto3.Session, world: World, permission: str
) -> None:
    """Without one of the three there is no snapshot, and the error names the permission."""
    front.answers[operation_of(permission)] = denied

    message = error_of(session, world.small)

    assert message.startswith(f"{permission} is denied (UnauthorizedOperation: User: arn:aws:sts:")
    assert message.endswith(
        "): allow it for these credentials, or choose others with --ecs-profile"
    )
    assert "xxx" not in message


@pytest.mark.parametrize("permission", PARTS)
def test_denied_call_costs_its_part_and_no_other(
    front: Front, session: boto3.Session, world: World, healthy: Snapshot, permission: str
) -> None:
    """The part is None and named with the permission; everything else is read as ever."""
    front.answers[operation_of(permission)] = denied
    parts = PARTS[permission]

    snapshot = read(session, world.small)

    unread = {part for part, value in without(snapshot, ()).items() if value is None}
    assert unread - set(ONLY_OF_A_CLUSTER) == set(parts)
    assert [(entry.part, entry.permission) for entry in snapshot.unreadable] == [
        (part, permission) for part in parts
    ]
    for entry in snapshot.unreadable:
        assert re.match(r"(UnauthorizedOperation|AccessDenied(Exception)?): User: ", entry.error)
        assert len(entry.error) <= 200
    # Lists that only a rule or route names cannot be known without those.
    known = parts if permission not in _NAMES_LISTS else (*parts, "prefix_lists")
    assert without(snapshot, known) == without(healthy, known)


_NAMES_LISTS = ("ec2:DescribeSecurityGroups", "ec2:DescribeRouteTables")


@pytest.mark.parametrize("permission", INSIDE)
def test_denied_call_inside_a_part(
    front: Front, session: boto3.Session, world: World, healthy: Snapshot, permission: str
) -> None:
    """A list without ranges or a zone without records is told as unread, never as empty."""
    front.answers[operation_of(permission)] = denied
    part = INSIDE[permission]

    snapshot = read(session, world.small)

    assert [(entry.part, entry.permission) for entry in snapshot.unreadable] == [(part, permission)]
    assert without(snapshot, (part,)) == without(healthy, (part,))
    assert snapshot.prefix_lists == (() if part == "prefix_lists" else healthy.prefix_lists)
    if part == "hosted_zones":
        assert [zone.records for zone in snapshot.hosted_zones or ()] == [None, None]


def test_foreign_groups_that_cannot_be_read(
    front: Front, session: boto3.Session, world: World, healthy: Snapshot
) -> None:
    """Where only the peer's groups are refused, the VPC's own are there and the lack is named."""

    def answer(request: Request) -> Answer:
        by_id = request.params.get("Filter.1.Name") == "group-id"
        return denied(request) if by_id else request.forward()

    front.answers["DescribeSecurityGroups"] = answer

    snapshot = read(session, world.small)

    assert [entry.part for entry in snapshot.unreadable] == ["security_groups"]
    own = [group for group in healthy.security_groups or () if group.vpc == world.small]
    assert list(snapshot.security_groups or ()) == own


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", f"the AWS credentials have expired (ExpiredToken: no.): {FRESH}"),
        ("RequestExpired", f"the AWS credentials have expired (RequestExpired: no.): {FRESH}"),
        (
            "AuthFailure",
            f"AWS does not accept these credentials in us-east-1 (AuthFailure: no.): {FRESH}; "
            f"where they are right, the Region may not be enabled",
        ),
        (
            "InvalidClientTokenId",
            f"AWS does not accept these credentials in us-east-1 (InvalidClientTokenId: no.): "
            f"{FRESH}; where they are right, the Region may not be enabled",
        ),
        (
            "OptInRequired",
            "us-east-1 is not enabled for this account (OptInRequired: no.): choose --ecs-region",
        ),
        (
            "InvalidVpcID.Malformed",
            "vpc-123 is not a VPC id that AWS accepts (InvalidVpcID.Malformed: no.)",
        ),
        (
            "RequestLimitExceeded",
            "ec2:DescribeVpcs failed (RequestLimitExceeded: no.): "
            "vpc-123 cannot be read without it",
        ),
    ],
)
def test_errors_of_the_indispensable_calls(
    front: Front, session: boto3.Session, code: str, words: str
) -> None:
    """Each of AWS's refusals says what to do, in one line."""
    front.answers["DescribeVpcs"] = always(refusal("ec2", code, "no."))

    assert error_of(session, "vpc-123") == words


def test_throttled_call_is_tried_twice_and_counted(
    front: Front, session: boto3.Session, world: World
) -> None:
    """Throttling is tried a second time, both attempts count, and a third is never made."""
    throttled = refusal("ec2", "RequestLimitExceeded", "Request limit exceeded.")
    front.answers["DescribeNetworkAcls"] = always(dataclasses.replace(throttled, status=503))
    once = iter([dataclasses.replace(throttled, status=503)])
    front.answers["DescribeSubnets"] = lambda request: next(once, None) or request.forward()

    reading = read_snapshot(session, world.small, region=REGION)

    assert reading.api_calls["ec2:DescribeNetworkAcls"] == 2
    assert reading.api_calls["ec2:DescribeSubnets"] == 2
    assert reading.snapshot.unreadable == (
        Unreadable(
            part="network_acls",
            permission="ec2:DescribeNetworkAcls",
            error="RequestLimitExceeded: Request limit exceeded.",
        ),
    )


PAGES = {
    "html": Answer(200, b"<!doctype html><html><p>Sign in<br></html>", HTML),
    "xhtml": Answer(200, b"<html><body>Sign in</body></html>", HTML),
    "html-500": Answer(500, b"<!doctype html>\n<html lang=en><title>500</title></html>", HTML),
    "nothing": Answer(200, b"", HTML),
    "nonsense": Answer(200, b"\x00\xff{", HTML),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("operation", "part"),
    [
        ("DescribeRouteTables", "route_tables"),
        ("ListHostedZonesByVPC", "hosted_zones"),
        ("ListFirewallRuleGroupAssociations", "dns_firewalls"),
        ("ListProfileAssociations", "route53_profiles"),
        ("DescribeVpcBlockPublicAccessOptions", "block_public_access"),
    ],
)
def test_answer_that_is_not_awss(
    front: Front, session: boto3.Session, world: World, operation: str, part: str, page: str
) -> None:
    """A portal's page or an emulator's shrug is "could not be read", and never "there is none"."""
    front.answers[operation] = always(PAGES[page])

    snapshot = read(session, world.small, emulated=True)

    assert getattr(snapshot, part) is None
    assert [entry.part for entry in snapshot.unreadable] == [part]
    (entry,) = snapshot.unreadable
    assert entry.error
    assert len(entry.error) < 80
    assert "\n" not in entry.error
    assert "<" not in entry.error


@pytest.mark.parametrize("page", PAGES)
def test_api_that_is_not_awss(
    front: Front, session: boto3.Session, world: World, page: str
) -> None:
    """Where even DescribeVpcs is answered by something else, the error names the address."""
    front.answers["DescribeVpcs"] = always(PAGES[page])

    message = error_of(session, world.small, emulated=True)

    assert re.search("DescribeVpcs", message)


def test_item_without_its_id(front: Front, session: boto3.Session, world: World) -> None:
    """An answer that lacks what AWS always sends costs its part, not the run."""
    front.answers["ListProfileAssociations"] = always(
        Answer(200, b'{"ProfileAssociations": [{"Name": "x"}]}', "application/json")
    )

    snapshot = read(session, world.small)

    assert snapshot.route53_profiles is None
    assert [entry.error for entry in snapshot.unreadable] == ["the answer lacks 'ProfileId'"]


def test_service_that_never_answers(front: Front, session: boto3.Session, world: World) -> None:
    """One service that is silent costs its timeouts and its part, nothing else."""

    def silence(request: Request) -> Answer:
        front.ended.wait(30)
        return request.forward()

    front.answers["ListHostedZonesByVPC"] = silence
    quick = Config(read_timeout=1.5, retries={"mode": "standard", "total_max_attempts": 2})

    reading = read_snapshot(session, world.small, region=REGION, config=quick)
    front.ended.set()

    assert reading.api_calls["route53:ListHostedZonesByVPC"] == 2
    (entry,) = reading.snapshot.unreadable
    assert (entry.part, entry.permission) == ("hosted_zones", "route53:ListHostedZonesByVPC")
    assert entry.error.startswith('Read timeout on endpoint URL: "http://127.0.0.1:')


def test_unknown_vpc_and_wrong_region(front: Front, session: boto3.Session, world: World) -> None:
    """A VPC that is not there says where to look: another Region or account."""
    assert front.url
    look = (
        "for these credentials: look in the Region where it was made with --ecs-region, "
        "or in its account with --ecs-profile"
    )

    assert error_of(session, "vpc-0abc") == f"vpc-0abc is not in us-east-1 {look}"
    with pytest.raises(ReadError, match=f"^{world.small} is not in eu-west-1 {look}$"):
        read_snapshot(session, world.small, region="eu-west-1")


def test_empty_answer_is_an_unknown_vpc(front: Front, session: boto3.Session) -> None:
    """An emulator that answers with an empty list says the same as AWS's error."""
    front.answers["DescribeVpcs"] = always(
        Answer(200, b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>")
    )

    assert error_of(session, "vpc-0abc").startswith("vpc-0abc is not in us-east-1 ")


@pytest.mark.parametrize("text", ["subnet-123", "vpc-", "vpc", "", "vpc-1 2", "arn:aws:ec2:vpc-1"])
def test_malformed_vpc_id_is_refused_without_a_call(
    front: Front, session: boto3.Session, text: str
) -> None:
    """What cannot be a VPC id is not sent."""
    assert (
        error_of(session, text) == f"{text!r} is not a VPC id: it looks like vpc-0123456789abcdef0"
    )
    assert front.seen == []


def test_no_credentials(front: Front, aws: pytest.MonkeyPatch) -> None:
    """Without credentials the error names the ways to get some."""
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")

    assert error_of(boto3.Session(region_name=REGION), "vpc-123") == (
        "no AWS credentials (profile default): set the AWS_* variables, run `aws configure` or "
        "`aws sso login`, or name another profile with --ecs-profile"
    )
    assert front.seen == []


def test_half_credentials(aws: pytest.MonkeyPatch) -> None:
    """A key without its secret is told in botocore's words, with what to do."""
    aws.delenv("AWS_SECRET_ACCESS_KEY")

    message = error_of(boto3.Session(region_name=REGION), "vpc-123")

    assert message.startswith("AWS credentials cannot be used (Partial credentials found in env")
    assert message.endswith(f"): {FRESH}")


def test_credential_process_that_fails(aws: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A credential process that fails is told as such."""
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    (tmp_path / "config").write_text("[default]\ncredential_process = false\n")

    message = error_of(boto3.Session(region_name=REGION), "vpc-123")

    assert message.startswith("AWS credentials cannot be used (")
    assert message.endswith(f"): {FRESH}")


@pytest.fixture
def silent_url() -> Iterator[str]:
    """Return an address on loopback where nothing listens while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_unreachable_api_prints_the_way_around(
    session: boto3.Session, aws: pytest.MonkeyPatch, silent_url: str
) -> None:
    """In a private VPC without `ec2` endpoint the error has the command to run outside."""
    aws.setenv("AWS_ENDPOINT_URL", silent_url)

    assert error_of(session, "vpc-123") == (
        f"no answer from the EC2 API at {silent_url}: a VPC without an internet path needs the "
        f"interface endpoint `ec2` to be read from inside; or run "
        f"`pytest --ecs-vpc vpc-123 --ecs-region us-east-1 --ecs-save-snapshot FILE "
        f"--collect-only` outside, and give --ecs-snapshot FILE here"
    )


def test_unreachable_emulator(
    session: boto3.Session, aws: pytest.MonkeyPatch, silent_url: str
) -> None:
    """An emulator that does not run is not a matter of endpoints."""
    aws.setenv("AWS_ENDPOINT_URL", silent_url)

    assert error_of(session, "vpc-123", emulated=True) == (
        f"no answer from the emulator at {silent_url}: is it running? See AWS_ENDPOINT_URL"
    )


def test_unknown_region_is_recognised_when_nothing_answers(
    session: boto3.Session, aws: pytest.MonkeyPatch, silent_url: str
) -> None:
    """A misspelt Region has no host: the error says so and offers the nearest."""
    aws.setenv("AWS_ENDPOINT_URL", silent_url)

    with pytest.raises(ReadError) as raised:
        read_snapshot(session, "vpc-123", region="us-esat-1")

    message = str(raised.value)
    assert message.startswith(
        f"no answer from {silent_url}, and us-esat-1 is no Region that botocore knows: "
    )
    assert "did you mean " in message
    assert "us-east-1" in message


def test_proxy_that_does_not_answer(
    session: boto3.Session, aws: pytest.MonkeyPatch, silent_url: str
) -> None:
    """A dead proxy is named without its password, with the variables that mend it."""
    aws.setenv("AWS_ENDPOINT_URL", "http://ec2.test.invalid")
    aws.setenv("HTTP_PROXY", silent_url.replace("http://", "http://me:secret@"))

    message = error_of(session, "vpc-123")

    assert message.startswith('Failed to connect to proxy URL: "http://')
    assert message.endswith('": correct HTTPS_PROXY, or put the host in NO_PROXY')
    assert "secret" not in message


def test_untrusted_certificate(
    front: Front, session: boto3.Session, aws: pytest.MonkeyPatch
) -> None:
    """Broken TLS on the way to the API is told as such, with the variable that mends it."""
    aws.setenv("AWS_ENDPOINT_URL", front.url.replace("http://", "https://"))

    message = error_of(session, "vpc-123")

    assert message.startswith(f"the certificate of https://{front.url[7:]} is not trusted (SSL ")
    assert message.endswith("where a proxy or emulator signs it, name its CA in AWS_CA_BUNDLE")


def test_endpoint_that_is_no_url(session: boto3.Session, aws: pytest.MonkeyPatch) -> None:
    """Settings that botocore stumbles over are one line, not a traceback."""
    aws.setenv("AWS_ENDPOINT_URL", "localhost")

    assert error_of(session, "vpc-123") == (
        "AWS settings cannot be used: Invalid endpoint: localhost"
    )

"""Endpoint service names, taken apart and put together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.catalogue.partitions import REGIONS_BEFORE_R1, partition_of
from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    ServiceName,
    parse_service_name,
    service_name,
)

ISOLATED = ("us-isob-west-1", "us-isof-south-1", "eu-isoe-west-1", "eusc-de-east-1", "ca-west-1")
REGIONS = st.sampled_from(sorted(REGIONS_BEFORE_R1 | set(ISOLATED)))


@pytest.mark.parametrize(
    ("text", "service", "region", "prefix"),
    [
        ("com.amazonaws.us-east-1.ecr.api", "ecr.api", "us-east-1", "com.amazonaws"),
        ("com.amazonaws.us-gov-west-1.logs", "logs", "us-gov-west-1", "com.amazonaws"),
        ("cn.com.amazonaws.cn-north-1.ecr.dkr", "ecr.dkr", "cn-north-1", "cn.com.amazonaws"),
        ("com.amazonaws.cn-north-1.s3", "s3", "cn-north-1", "com.amazonaws"),
        ("eu.amazonaws.eusc-de-east-1.ecr.api", "ecr.api", "eusc-de-east-1", "eu.amazonaws"),
        ("gov.ic.c2s.us-iso-east-1.ecr.api", "ecr.api", "us-iso-east-1", "gov.ic.c2s"),
        ("gov.sgov.sc2s.us-isob-east-1.ecr.api", "ecr.api", "us-isob-east-1", "gov.sgov.sc2s"),
        ("gov.ic.hci.csp.us-isof-south-1.ebs", "ebs", "us-isof-south-1", "gov.ic.hci.csp"),
        ("uk.adc-e.cloud.eu-isoe-west-1.ecr.dkr", "ecr.dkr", "eu-isoe-west-1", "uk.adc-e.cloud"),
        ("aws.api.us-east-1.kendra-ranking", "kendra-ranking", "us-east-1", "aws.api"),
        ("aws.sagemaker.us-east-1.studio", "studio", "us-east-1", "aws.sagemaker"),
        ("com.amazonaws.iam", "iam", None, "com.amazonaws"),
        ("com.amazonaws.s3-global.accesspoint", "s3-global.accesspoint", None, "com.amazonaws"),
        ("aws.api.global.codecatalyst", "codecatalyst", None, "aws.api"),
    ],
)
def test_a_name_is_parsed_by_its_prefix(
    text: str, service: str, region: str | None, prefix: str
) -> None:
    """Dots inside prefix and service do not confuse: the known prefixes decide."""
    assert parse_service_name(text) == ServiceName(service, region, prefix)


@pytest.mark.parametrize(
    "text",
    [
        "com.amazonaws.vpce.us-east-1.vpce-svc-0abc",
        "cn.com.amazonaws.vpce.cn-north-1.vpce-svc-0abc",
        "com.amazonaws.us-east-1",
        "com.amazonaws.us-east-1.",
        "com.amazonaws.",
        "com.amazonaws",
        "com.amazonawsx.us-east-1.logs",
        "logs",
        "",
    ],
)
def test_what_is_no_service_of_aws_is_none(text: str) -> None:
    """A customer's or partner's own service, or a fragment, is not taken for one of AWS's."""
    assert parse_service_name(text) is None


@given(service=st.sampled_from(sorted(SERVICES)), region=REGIONS)
def test_names_round_trip(service: str, region: str) -> None:
    """In every Region, what is put together comes apart as it was."""
    parsed = parse_service_name(service_name(service, region))
    assert parsed is not None
    assert (parsed.service, parsed.region) == (service, region)


@given(text=st.text(alphabet="acdemnoswz.-1", max_size=40))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Parsing never raises, and what it returns is spelt in the text."""
    parsed = parse_service_name(f"com.amazonaws.{text}")
    if parsed is not None:
        assert parsed.service
        assert text.endswith(parsed.service)


@pytest.mark.parametrize(
    ("service", "region", "own"),
    [
        ("ecr.api", "cn-north-1", True),
        ("sts", "cn-northwest-1", True),
        ("logs", "cn-north-1", False),
        ("ecs-agent", "cn-north-1", False),
        ("s3", "cn-north-1", False),
        ("monitoring", "us-iso-west-1", True),
        ("monitoring", "us-iso-east-1", False),
        ("elasticfilesystem", "us-isob-west-1", False),
        ("ecr.dkr", "us-isof-east-1", True),
        ("logs", "eusc-de-east-1", False),
        ("ecr.api", "eusc-xx-east-1", True),
    ],
)
def test_only_some_services_carry_their_partitions_prefix(
    service: str, region: str, own: bool
) -> None:
    """The exceptions are by Region and service (aws-cdk's list)."""
    prefix = partition_of(region).prefix if own else "com.amazonaws"
    assert service_name(service, region) == f"{prefix}.{region}.{service}"

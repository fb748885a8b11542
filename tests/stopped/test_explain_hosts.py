"""Whose endpoint service a text is about: hosts, registries, and whoever has the layers."""

import pytest
from stop_told import after

from pytest_ecs_privatelink.stopped.explain import explain_text
from pytest_ecs_privatelink.stopped.hosts import service_of
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code


@pytest.mark.parametrize("registry", ["registry-1.docker.io", "public.ecr.aws", "ghcr.io"])
def test_registries_that_no_endpoint_serves_are_called_so(registry: str) -> None:
    """A registry that is none of a private ECR is a registry on the internet."""
    found = explain_text(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
        f'resolve ref {registry}/a/b:1: failed to do request: Head "https://{registry}/v2/a/b/'
        'manifests/1": dial tcp 54.1.2.3:443: i/o timeout'
    )

    assert (found.service, found.code) == (None, Code.IMAGE_REGISTRY_PUBLIC)
    assert found.sentence == (
        f"the image's manifest does not arrive from its registry ({registry}): no answer from "
        "54.1.2.3, a public address: no way leads out"
    )
    assert "no endpoint of AWS leads to this registry" in found.advice


def test_a_registry_of_one_s_own_is_no_public_one() -> None:
    """An address in the VPC is a path that is stopped."""
    found = explain_text(
        "CannotPullContainerError: failed to resolve ref registry.corp/a:1: failed to do request: "
        'Head "https://registry.corp/v2/a/manifests/1": dial tcp 10.1.2.3:443: i/o timeout'
    )

    assert (found.service, found.code) == (None, Code.TCP_TIMEOUT)


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("api.ecr.us-east-1.amazonaws.com", "ecr.api"),
        ("ecr.us-east-1.api.aws", "ecr.api"),
        ("api.ecr-fips.us-gov-west-1.amazonaws.com", "ecr-fips.api"),
        ("111122223333.dkr.ecr.cn-north-1.amazonaws.com.cn", "ecr.dkr"),
        ("111122223333.dkr-ecr.us-east-1.on.aws", "ecr.dkr"),
        ("prod-us-iso-east-1-starport-layer-bucket.s3.us-iso-east-1.c2s.ic.gov", "s3"),
        ("bucket.s3.dualstack.eu-west-1.amazonaws.com", "s3"),
        ("bucket.s3.amazonaws.com", "s3"),
        ("logs.ca-west-1.amazonaws.com", "logs"),
        ("logs.ca-west-1.api.aws", "logs"),
        ("logs-fips.us-east-1.amazonaws.com", "logs"),
        ("secretsmanager.eu-central-2.amazonaws.com", "secretsmanager"),
        ("ssm.eu-west-1.amazonaws.com", "ssm"),
        ("ssm-fips.us-east-1.amazonaws.com", "ssm-fips"),
        ("kms.eu-west-1.amazonaws.com", "kms"),
        ("ecs-a.eu-west-1.amazonaws.com", "ecs-agent"),
        ("vpce-0a1b-2c3d.api.ecr.us-east-1.vpce.amazonaws.com", "ecr.api"),
        ("public.ecr.aws", None),
        ("registry-1.docker.io", None),
        ("api.ecr.us-east-1.amazonaws.com.evil.example", None),
        ("evilamazonaws.com", None),
        ("", None),
    ],
)
def test_hosts_have_their_endpoint_service(host: str, service: str | None) -> None:
    """Any Region and partition, FIPS and dual-stack names, and endpoints' own names are known."""
    assert service_of(host) == service


def test_a_fips_host_is_of_its_own_endpoint() -> None:
    """Where the text names a FIPS host, its endpoint service is blamed, not the plain one."""
    found = explain_text(
        after("dial tcp 10.0.0.9:443: i/o timeout", "api.ecr-fips.us-east-1.amazonaws.com")
    )

    assert found.service == "ecr-fips.api"


def test_a_nameless_call_is_known_by_its_host() -> None:
    """Of a text without its beginning, the host tells the step."""
    found = explain_text(
        'send request failed caused by: Post "https://logs.eu-west-1.amazonaws.com/": '
        "dial tcp 10.0.0.9:443: i/o timeout"
    )

    assert (found.known, found.phase, found.service) == (True, Phase.LOGS, "logs")
    assert found.code is Code.TCP_TIMEOUT


@pytest.mark.parametrize(
    ("host", "address", "service", "code", "looked_at"),
    [
        (
            "production.cloudflare.docker.com",
            "104.1.1.1",
            None,
            Code.IMAGE_REGISTRY_PUBLIC,
            "no endpoint of AWS leads to this registry",
        ),
        (
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com",
            "10.0.0.9",
            "ecr.dkr",
            Code.TCP_TIMEOUT,
            "look at the endpoint's security group",
        ),
        (
            "prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",
            "52.218.0.9",
            "s3",
            Code.TCP_TIMEOUT,
            "look at the S3 gateway endpoint",
        ),
    ],
)
def test_layers_are_blamed_on_whoever_has_them(
    host: str, address: str, service: str | None, code: Code, looked_at: str
) -> None:
    """Other registries keep layers elsewhere, and ECR's own says first where they are."""
    found = explain_text(
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: "
        f'httpReadSeeker: failed open: failed to do request: Get "https://{host}/v2/a": '
        f"dial tcp {address}:443: i/o timeout"
    )

    assert (found.service, found.code) == (service, code)
    assert found.advice.startswith(looked_at)

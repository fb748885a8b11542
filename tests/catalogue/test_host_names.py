"""The names that ECS dials, and the names that an endpoint answers for."""

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.catalogue.services import (
    SERVICES,
    covers,
    host_names,
    is_host_of,
    layer_bucket,
    layer_bucket_host,
    names_with_offers,
    private_dns_names,
)

REGISTRY = ("111111111111",)
LABEL = st.text(alphabet="abcxyz0123-", min_size=1, max_size=8)
NAME = st.lists(LABEL, min_size=1, max_size=4).map(".".join)

# Endpoint services that botocore has a client for, by the client's name.
CLIENTS = {
    "ecs": "ecs",
    "ecr.api": "ecr",
    "logs": "logs",
    "secretsmanager": "secretsmanager",
    "ssm": "ssm",
    "kms": "kms",
    "monitoring": "cloudwatch",
    "sts": "sts",
    "xray": "xray",
    "servicediscovery": "servicediscovery",
    "elasticfilesystem": "efs",
    "autoscaling": "autoscaling",
    "application-autoscaling": "application-autoscaling",
    "events": "events",
}
FIPS = {
    "ecr-fips.api": "ecr",
    "kms-fips": "kms",
    "ssm-fips": "ssm",
    "sts-fips": "sts",
    "events-fips": "events",
    "autoscaling-fips": "autoscaling",
    "servicediscovery-fips": "servicediscovery",
    "elasticfilesystem-fips": "efs",
}
REGIONS = ("us-east-2", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1")


def sdk_host(client: str, region: str, *, fips: bool = False) -> str:
    """Return the host that botocore's rule set gives: what ECS's own clients would dial."""
    loader = Session().get_component("data_loader")
    rules = loader.load_service_model(client, "endpoint-rule-set-1")
    provider = EndpointProvider(rules, loader.load_data("partitions"))
    endpoint = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=False)
    return str(endpoint.url).removeprefix("https://")


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", CLIENTS)
def test_hosts_are_the_sdks(service: str, region: str) -> None:
    """The catalogue's host is the one that AWS's own endpoint rules give, in every partition."""
    assert host_names(service, region) == (sdk_host(CLIENTS[service], region),)


@pytest.mark.parametrize("region", ["us-east-2", "us-gov-west-1"])
@pytest.mark.parametrize("service", FIPS)
def test_fips_hosts_are_the_sdks(service: str, region: str) -> None:
    """GovCloud's ordinary hosts are the FIPS ones of some services."""
    assert host_names(service, region) == (sdk_host(FIPS[service], region, fips=True),)


@pytest.mark.parametrize(
    ("service", "hosts"),
    [
        ("ecs-agent", ("ecs-a.eu-west-1.amazonaws.com",)),
        ("ecs-telemetry", ("ecs-t.eu-west-1.amazonaws.com",)),
        ("ssmmessages", ("ssmmessages.eu-west-1.amazonaws.com",)),
        ("data-servicediscovery", ("data-servicediscovery.eu-west-1.amazonaws.com",)),
        ("guardduty-data", ("guardduty-data.eu-west-1.amazonaws.com",)),
        ("s3", ("prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com",)),
    ],
)
def test_hosts_without_an_sdk_client(service: str, hosts: tuple[str, ...]) -> None:
    """Hosts that only the agent, the platform or a pull dials."""
    assert host_names(service, "eu-west-1") == hosts


def test_a_registry_is_dialled_by_account() -> None:
    """One name for each registry account in use, never the bare one."""
    assert host_names("ecr.dkr", "cn-north-1", ("222222222222", *REGISTRY, *REGISTRY)) == (
        "222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn",
        "111111111111.dkr.ecr.cn-north-1.amazonaws.com.cn",
    )


@pytest.mark.parametrize("service", ["ecr.dkr", "ecr-fips.dkr"])
def test_a_registry_without_account_is_refused(service: str) -> None:
    """The bare registry name is never a fallback."""
    with pytest.raises(
        ValueError, match=f"^{service} is dialled by registry account, and none was given$"
    ):
        host_names(service, "us-east-1")


def test_unknown_services_are_refused() -> None:
    """What is not in the catalogue has no names to guess."""
    with pytest.raises(ValueError, match=r"^'ecr' is not an endpoint service of the catalogue$"):
        private_dns_names("ecr", "us-east-1")


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_an_endpoint_answers_for_what_is_dialled(service: str) -> None:
    """Every host is covered by its own endpoint's private names, and by no other service's."""
    for host in host_names(service, "us-east-1", REGISTRY):
        owners = [other for other in SERVICES if is_host_of(host, other, "us-east-1")]
        assert owners == [service]


def test_private_names_of_the_registry_have_a_wildcard() -> None:
    """The endpoint answers the bare name and every registry's (real create output)."""
    assert private_dns_names("ecr.dkr", "us-east-1") == (
        "dkr.ecr.us-east-1.amazonaws.com",
        "*.dkr.ecr.us-east-1.amazonaws.com",
    )


def test_numbered_agent_hosts_are_not_the_endpoints() -> None:
    """ecs-a-1 is public: an answer for it says nothing about the endpoint (R1)."""
    assert not is_host_of("ecs-a-1.us-east-1.amazonaws.com", "ecs-agent", "us-east-1")


def test_layer_bucket_by_region() -> None:
    """Pulls are redirected to the Region's own bucket."""
    assert layer_bucket("us-west-2") == "prod-us-west-2-starport-layer-bucket"
    assert layer_bucket_host("us-west-2") == (
        "prod-us-west-2-starport-layer-bucket.s3.us-west-2.amazonaws.com"
    )
    assert (layer_bucket_host("us-west-2"),) == host_names("s3", "us-west-2")


MONITORING = (
    "monitoring.us-east-1.amazonaws.com",
    "monitoring.us-east-1.api.aws",
    "monitoring-fips.us-east-1.amazonaws.com",
    "Monitoring-fips.us-east-1.api.aws",
)


def test_offered_names_are_covered_but_not_probed() -> None:
    """The endpoint answers for dual-stack and FIPS names that ECS never dials."""
    names = names_with_offers(
        "monitoring", "us-east-1", offers=(("com.amazonaws.us-east-1.monitoring", MONITORING),)
    )
    assert names.hosts == ("monitoring.us-east-1.amazonaws.com",)
    assert names.private == tuple(name.lower() for name in MONITORING)


@pytest.mark.parametrize(
    "offered",
    [
        "com.amazonaws.us-east-1.logs",
        "com.amazonaws.eu-west-1.monitoring",
        "com.amazonaws.vpce.us-east-1.vpce-svc-0abc",
    ],
)
def test_offers_of_others_add_nothing(offered: str) -> None:
    """Another service's, Region's or customer's names are not this endpoint's."""
    names = names_with_offers("monitoring", "us-east-1", offers=((offered, ("x.example",)),))
    assert names.private == ("monitoring.us-east-1.amazonaws.com",)


@pytest.mark.parametrize(
    ("pattern", "name", "answer"),
    [
        ("api.ecr.r", "API.ECR.R.", True),
        ("api.ecr.r.", "api.ecr.r", True),
        ("api.ecr.r", "x.api.ecr.r", False),
        ("*.dkr.ecr.r", "1.dkr.ecr.r", True),
        ("*.dkr.ecr.r", "a.b.dkr.ecr.r", True),
        ("*.dkr.ecr.r", "dkr.ecr.r", False),
        ("*.dkr.ecr.r", "1dkr.ecr.r", False),
        ("*.dkr.ecr.r", ".dkr.ecr.r", False),
        ("a*.r", "ab.r", False),
        ("x.*.r", "x.y.r", False),
        ("x.*.r", "x.*.r", True),
        ("x", "", False),
    ],
)
def test_patterns_cover_as_dns_wildcards_do(pattern: str, name: str, answer: bool) -> None:
    """Only a leading asterisk label is a wildcard, for one or more labels (RFC 4592)."""
    assert covers(pattern, name) is answer


@given(below=NAME, zone=NAME)
def test_a_wildcard_covers_all_below_and_not_the_zone(below: str, zone: str) -> None:
    """Whatever stands below the zone is covered, however deep; the zone itself is not."""
    assert covers(f"*.{zone}", f"{below}.{zone}".upper())
    assert not covers(f"*.{zone}", zone)


@given(name=NAME, other=NAME)
def test_an_exact_name_covers_itself_alone(name: str, other: str) -> None:
    """Without asterisk, covering is equality."""
    assert covers(name, other) == (name == other)

"""The table of endpoint services that ECS tasks, agents and hosts can need.

Names come from the services' own endpoint pages and real ``create-vpc-endpoint`` output; where AWS
shows neither, the private name is the public regional host (privatelink-access-aws-services: the
record set is for the service's default DNS name).
"""

from dataclasses import dataclass

_ECS_PAGE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"
_ECR_PAGE = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointService:
    """One endpoint service.

    ``hosts`` are the names that ECS, or a task's SDK, dials; ``private`` the names and wildcards
    that an interface endpoint's private DNS answers for. Both are the labels left of
    ``.REGION.SUFFIX``; ``{account}`` stands for a registry's account, ``{region}`` for the Region.
    ``gateway``: what ECS needs of it is the gateway endpoint (R5). ``cross_region``: AWS offers it
    to VPCs of other Regions (aws-services-cross-region-privatelink-support). ``shared_fips_host``:
    in GovCloud its FIPS host is the ordinary one (botocore's endpoint rule sets). ``page`` is where
    AWS describes it.
    """

    name: str
    hosts: tuple[str, ...]
    private: tuple[str, ...]
    gateway: bool = False
    cross_region: bool = False
    shared_fips_host: bool = False
    page: str = _ECS_PAGE


def _named(name: str, host: str = "", *, cross_region: bool = False) -> EndpointService:
    labels = (host or name,)
    return EndpointService(name=name, hosts=labels, private=labels, cross_region=cross_region)


def _fips(name: str, *, shared: bool = False) -> EndpointService:
    labels = (f"{name}-fips",)
    return EndpointService(
        name=f"{name}-fips", hosts=labels, private=labels, shared_fips_host=shared
    )


ALL = (
    # ecr.REGION is public only; PrivateLink serves api.ecr.REGION alone.
    EndpointService(
        name="ecr.api", hosts=("api.ecr",), private=("api.ecr",), cross_region=True, page=_ECR_PAGE
    ),
    # A pull dials ACCOUNT.dkr.ecr.REGION, never the bare name, though the endpoint answers it too.
    EndpointService(
        name="ecr.dkr",
        hosts=("{account}.dkr.ecr",),
        private=("dkr.ecr", "*.dkr.ecr"),
        cross_region=True,
        page=_ECR_PAGE,
    ),
    EndpointService(
        name="ecr-fips.api", hosts=("api.ecr-fips",), private=("api.ecr-fips",), page=_ECR_PAGE
    ),
    # UNVERIFIED: the wildcard; a registry name is of no use without one.
    EndpointService(
        name="ecr-fips.dkr",
        hosts=("{account}.dkr.ecr-fips",),
        private=("dkr.ecr-fips", "*.dkr.ecr-fips"),
        page=_ECR_PAGE,
    ),
    # The host is the bucket that ECR keeps image layers in. The private names are an *interface*
    # endpoint's (a gateway has none). UNVERIFIED: whether it answers for more than these two, such
    # as *.s3-accesspoint and *.s3-control; nothing is judged by what is not listed.
    EndpointService(
        name="s3",
        hosts=("prod-{region}-starport-layer-bucket.s3",),
        private=("s3", "*.s3"),
        gateway=True,
        cross_region=True,
        page=_ECR_PAGE,
    ),
    EndpointService(name="s3-fips", hosts=("s3-fips",), private=("s3-fips", "*.s3-fips")),
    _named("ecs", cross_region=True),
    # Base names only: the numbered ecs-a-N and ecs-t-N are public (R1, DiscoverPollEndpoint).
    _named("ecs-agent", "ecs-a"),
    _named("ecs-telemetry", "ecs-t"),
    _named("logs"),
    _named("secretsmanager"),
    _named("ssm"),
    _fips("ssm", shared=True),
    _named("ssmmessages"),
    _named("ec2messages"),
    _named("kms", cross_region=True),
    _fips("kms"),
    _named("monitoring"),
    # Regional only: the global sts host is not known to be covered.
    _named("sts"),
    _fips("sts", shared=True),
    _named("xray"),
    _named("servicediscovery"),
    _fips("servicediscovery"),
    _named("data-servicediscovery"),
    _fips("data-servicediscovery"),
    _named("elasticfilesystem"),
    _fips("elasticfilesystem"),
    _named("guardduty-data"),
    _fips("guardduty-data"),
    _named("autoscaling"),
    _fips("autoscaling", shared=True),
    _named("application-autoscaling"),
    _named("events"),
    _fips("events", shared=True),
)
"""Every service of the catalogue, in no meaningful order."""

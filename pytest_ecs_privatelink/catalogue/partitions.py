"""AWS partitions and Regions: which DNS suffix a Region has, and whether it counts as new."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """A partition: its DNS suffixes, and the endpoint service name prefix of its own.

    Outside ``aws`` and ``aws-us-gov`` only some services use ``prefix``; the others keep
    ``com.amazonaws`` (see `pytest_ecs_privatelink.catalogue.services.service_name`).
    """

    name: str
    dns_suffix: str
    dual_stack_suffix: str
    prefix: str = "com.amazonaws"


# Suffixes: botocore 1.43 partitions.json; prefixes: aws-cdk vpc-endpoint.ts. The first pattern that
# fits a Region's name is its partition; what fits none is commercial, like every Region to come.
_PARTITIONS: tuple[tuple[str, Partition], ...] = (
    (
        "cn-",
        Partition("aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn", "cn.com.amazonaws"),
    ),
    ("us-gov-", Partition("aws-us-gov", "amazonaws.com", "api.aws")),
    ("us-iso-", Partition("aws-iso", "c2s.ic.gov", "api.aws.ic.gov", "gov.ic.c2s")),
    ("us-isob-", Partition("aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud", "gov.sgov.sc2s")),
    (
        "eu-isoe-",
        Partition("aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk", "uk.adc-e.cloud"),
    ),
    ("us-isof-", Partition("aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov", "gov.ic.hci.csp")),
    ("eusc-", Partition("aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu", "eu.amazonaws")),
)
_COMMERCIAL = Partition("aws", "amazonaws.com", "api.aws")

PARTITIONS = (_COMMERCIAL, *(partition for _, partition in _PARTITIONS))

# Regions opened before ca-west-1, which opened three days before R1's date and is nevertheless the
# example of the page. Commercial dates: docs.aws.amazon.com/global-infrastructure/latest/regions/
# doc-history.html. The GovCloud (2011, 2018), China (2014, 2017), Top Secret (2014, 2021) and first
# Secret (2017) Regions are by AWS's announcements; the later isolated ones have no date to cite.
REGIONS_BEFORE_R1 = frozenset(
    """
    us-east-1 us-east-2 us-west-1 us-west-2 ca-central-1 sa-east-1
    eu-west-1 eu-west-2 eu-west-3 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2
    ap-east-1 ap-south-1 ap-south-2 ap-northeast-1 ap-northeast-2 ap-northeast-3
    ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4
    me-south-1 me-central-1 il-central-1 af-south-1
    us-gov-west-1 us-gov-east-1 cn-north-1 cn-northwest-1
    us-iso-east-1 us-iso-west-1 us-isob-east-1
    """.split()  # noqa: SIM905 a literal would be 35 lines of one Region each
)

_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d+")


def partition_of(region: str) -> Partition:
    """Return the partition of a Region by the shape of its name; unknown shapes are commercial."""
    for start, partition in _PARTITIONS:
        if region.startswith(start):
            return partition
    return _COMMERCIAL


def introduced_since_2023(region: str) -> bool:
    """Whether R1 holds there: the Region needs its own three ecs endpoints.

    A Region that is not known to be older is new: there will be more of them.
    """
    return region not in REGIONS_BEFORE_R1


def looks_like_region(text: str) -> bool:
    """Whether ``text`` is spelt like a Region name (``us-gov-west-1``), known or not."""
    return _REGION.fullmatch(text) is not None

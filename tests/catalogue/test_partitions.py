"""Partitions by the shape of a Region's name, and which Regions count as new."""

import pytest
from botocore.session import Session

from pytest_ecs_privatelink.catalogue.partitions import (
    PARTITIONS,
    REGIONS_BEFORE_R1,
    introduced_since_2023,
    looks_like_region,
    partition_of,
)


def botocore_regions() -> list[tuple[str, dict[str, str]]]:
    """Return every Region that botocore knows, with its partition's outputs."""
    data = Session().get_component("data_loader").load_data("partitions")
    return [
        (region, partition["outputs"])
        for partition in data["partitions"]
        for region in partition["regions"]
        if not region.endswith("-global")
    ]


@pytest.mark.parametrize(("region", "outputs"), botocore_regions())
def test_every_region_has_the_suffixes_of_its_partition(
    region: str, outputs: dict[str, str]
) -> None:
    """Name and suffixes agree with botocore's partition data, for each Region that it lists."""
    partition = partition_of(region)
    assert partition.name == outputs["name"]
    assert partition.dns_suffix == outputs["dnsSuffix"]
    assert partition.dual_stack_suffix == outputs["dualStackDnsSuffix"]
    assert looks_like_region(region)


def test_a_region_of_tomorrow_is_commercial() -> None:
    """A name of no known shape is the commercial partition's."""
    assert partition_of("xx-south-7").name == "aws"


def test_partitions_have_names_of_their_own() -> None:
    """No partition is listed twice."""
    names = [partition.name for partition in PARTITIONS]
    assert len(names) == len(set(names)) == 8


@pytest.mark.parametrize(
    "region",
    [
        "ca-west-1",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "mx-central-1",
        "ap-east-2",
        "eusc-de-east-1",
        "us-east-9",
    ],
)
def test_new_and_unknown_regions_need_their_own_three(region: str) -> None:
    """R1 holds in the Regions introduced since, and in all that nobody listed."""
    assert introduced_since_2023(region)


@pytest.mark.parametrize("region", ["us-east-1", "il-central-1", "ap-southeast-4", "cn-north-1"])
def test_older_regions_do_not(region: str) -> None:
    """Regions up to il-central-1 (August 2023) are older than R1."""
    assert not introduced_since_2023(region)


def test_older_regions_are_real_ones() -> None:
    """A misspelt Region in the list would silently count as new."""
    assert {region for region, _ in botocore_regions()} >= REGIONS_BEFORE_R1


@pytest.mark.parametrize("text", ["", "ecr", "us-east", "us-east-1a", "US-EAST-1", "s3-global.x"])
def test_what_is_no_region_name(text: str) -> None:
    """Zones, service labels and fragments are not taken for Regions."""
    assert not looks_like_region(text)

"""What every part's reader is given, and how fields are taken from raw answers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pytest_ecs_privatelink.topology.model import Vpc
from pytest_ecs_privatelink.topology.reader.wire import Raw, Wire

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The VPC to read. ``blocking_mode`` is Block Public Access's, where DescribeVpcs gave it."""

    wire: Wire
    vpc: Vpc
    region: str
    emulated: bool
    blocking_mode: str | None

    def of_vpc(
        self,
        operation: str,
        key: str,
        record: Callable[[Raw], T],
        *,
        by: str = "vpc-id",
        parameter: str = "Filters",
        owner: Callable[[Raw], str | None] = lambda raw: raw.get("VpcId"),
    ) -> tuple[T, ...]:
        """Return the records of an EC2 Describe call filtered to the VPC; raises `Refused`.

        Emulators ignore filters that they do not know, so where ``owner`` finds a VPC in an item,
        it is compared here too.
        """
        filters = [{"Name": by, "Values": [self.vpc.id]}]
        return self.wire.records(
            "ec2",
            operation,
            key,
            record,
            keep=lambda raw: owner(raw) in (None, self.vpc.id),
            **{parameter: filters},
        )


def optional(raw: Raw, key: str) -> str | None:
    """Return a text field, or None where it is missing or empty, as emulators may send it."""
    value = raw.get(key)
    return str(value) if value else None


def name_of(raw: Raw) -> str | None:
    """Return the Name tag: the only tag that is kept."""
    tags = raw.get("Tags") or ()
    return next((str(tag["Value"]) for tag in tags if tag.get("Key") == "Name"), None)


def utc(when: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    return None if when is None else when.astimezone(UTC).isoformat()

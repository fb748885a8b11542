"""Sets of addresses agree with sets of numbers."""

from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.topology.ranges import Ranges

BASE = int(IPv4Address("10.0.0.0"))


def numbers(ranges: Ranges) -> set[int]:
    """Return the addresses as offsets from 10.0.0.0."""
    return {each - BASE for first, last in ranges.spans for each in range(first, last + 1)}


CIDRS = st.builds(
    lambda offset, prefix: f"{IPv4Address(BASE + offset)}/{prefix}",
    st.integers(0, 63),
    st.integers(26, 32),
)
RANGES = st.lists(CIDRS, max_size=6).map(Ranges.of)


@given(RANGES, RANGES)
def test_they_add_meet_and_differ_as_sets_do(one: Ranges, other: Ranges) -> None:
    """Union, intersection, difference and covering are those of the addresses."""
    assert numbers(one | other) == numbers(one) | numbers(other)
    assert numbers(one & other) == numbers(one) & numbers(other)
    assert numbers(one - other) == numbers(one) - numbers(other)
    assert one.covers(other) == (numbers(other) <= numbers(one))
    assert bool(one) == bool(numbers(one))


@given(RANGES)
def test_they_are_told_as_the_fewest_cidrs(ranges: Ranges) -> None:
    """What is printed names exactly the set, and spans neither overlap nor touch."""
    assert Ranges.of(ranges.cidrs()) == ranges
    gaps = zip(ranges.spans, ranges.spans[1:], strict=False)
    assert all(before[1] + 1 < after[0] for before, after in gaps)


@pytest.mark.parametrize(
    ("address", "inside"), [("10.0.0.5", True), ("10.0.1.0", False), ("fd00::1", False)]
)
def test_an_address_is_in_or_out(address: str, inside: bool) -> None:
    """IPv6 addresses are in no set of IPv4 ones."""
    assert (address in Ranges.of(("10.0.0.0/24", "fd00::/8"))) is inside


def test_everything_covers_all_and_host_bits_do_no_harm() -> None:
    """Emulators leave host bits in rules."""
    assert Ranges.everything().covers(Ranges.of(("10.0.3.4/16",)))
    assert Ranges.of(("10.0.3.4/16",)).cidrs() == ("10.0.0.0/16",)

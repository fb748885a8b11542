"""Sets of IPv4 addresses as sorted, disjoint spans: what rules cover, exactly and fast.

A thousand rules become a handful of spans, so that whether a subnet is covered whole, in part or
not at all is one search, and what is left uncovered has a name.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, ip_network, summarize_address_range

Span = tuple[int, int]
"""First and last of consecutive addresses, as numbers."""


@dataclass(frozen=True, slots=True)
class Ranges:
    """A set of IPv4 addresses; ``spans`` ascend and neither overlap nor touch."""

    spans: tuple[Span, ...] = ()

    @classmethod
    def of(cls, cidrs: Iterable[str]) -> "Ranges":
        """Return the addresses of ``cidrs``; host bits do no harm, IPv6 ones are left out."""
        return cls(merged(_span(cidr) for cidr in cidrs if ":" not in cidr))

    @classmethod
    def everything(cls) -> "Ranges":
        """Return all addresses."""
        return cls(((0, 2**32 - 1),))

    def __bool__(self) -> bool:
        return bool(self.spans)

    def __contains__(self, address: str) -> bool:
        return ":" not in address and self.covers(Ranges.of((f"{address}/32",)))

    def __or__(self, other: "Ranges") -> "Ranges":
        return Ranges(merged((*self.spans, *other.spans)))

    def __and__(self, other: "Ranges") -> "Ranges":
        return Ranges(tuple(_common(self.spans, other.spans)))

    def __sub__(self, other: "Ranges") -> "Ranges":
        return Ranges(tuple(_without(self.spans, other.spans)))

    def covers(self, other: "Ranges") -> bool:
        """Return whether all of ``other`` is in this set."""
        return all(self._holds(span) for span in other.spans)

    def cidrs(self) -> tuple[str, ...]:
        """Return the fewest CIDRs that make up the set, ascending."""
        return tuple(
            str(network)
            for first, last in self.spans
            for network in summarize_address_range(IPv4Address(first), IPv4Address(last))
        )

    def _holds(self, span: Span) -> bool:
        place = bisect_right(self.spans, (span[0], 2**32)) - 1
        return place >= 0 and self.spans[place][1] >= span[1]


def _span(cidr: str) -> Span:
    network = ip_network(cidr, strict=False)
    assert isinstance(network, IPv4Network)
    first = int(network.network_address)
    return first, first + network.num_addresses - 1


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the fewest spans that hold the same numbers, ascending."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return tuple(joined)


def _common(ones: tuple[Span, ...], others: tuple[Span, ...]) -> Iterator[Span]:
    i = j = 0
    while i < len(ones) and j < len(others):
        first, last = max(ones[i][0], others[j][0]), min(ones[i][1], others[j][1])
        if first <= last:
            yield first, last
        if ones[i][1] < others[j][1]:
            i += 1
        else:
            j += 1


def _without(ones: tuple[Span, ...], others: tuple[Span, ...]) -> Iterator[Span]:
    for first, last in ones:
        start = max(bisect_right(others, (first, 2**32)) - 1, 0)
        for low, high in others[start:]:
            if low > last:
                break
            if low > first:
                yield first, low - 1
            first = max(first, high + 1)
        if first <= last:
            yield first, last

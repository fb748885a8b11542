"""A wire to a port of this machine, and how it broke."""

import contextlib
from collections.abc import Iterator

import pytest

from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.wire import Wire


def break_of(wire: Wire, host: str = "localhost") -> Outcome:
    """Send a request that cannot succeed; return how it broke."""
    with pytest.raises(WireError) as raised:
        wire.send(Link.AUTH, host, "GET", "/", {}).read(1000)
    outcome = raised.value.outcome
    assert str(raised.value) == f"{outcome.link}, {outcome.phase}: {outcome.detail}"
    return outcome


def outcome(status: CallStatus, phase: str, detail: str) -> Outcome:
    """Return the outcome of a chain that broke at its first link."""
    return Outcome(status=status, link=Link.AUTH, phase=phase, detail=detail)


@contextlib.contextmanager
def wired(port: int, ca_file: str | None, timeout: float = 3.0) -> Iterator[Wire]:
    """Open a wire to a port of this machine."""
    with Wire(ca_file=ca_file, timeout=timeout, port=port) as wire:
        yield wire

"""How a way to a service broke, and the exception that says so of a chain of calls."""

import ssl
from dataclasses import dataclass
from typing import NoReturn

from pytest_ecs_privatelink.probes.call_records import CallStatus, Link, Outcome
from pytest_ecs_privatelink.probes.records import ConnectStatus
from pytest_ecs_privatelink.probes.sockets import explain


class WireError(Exception):
    """A chain broke: ``outcome`` says at which link and how. Its text holds no secrets."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(f"{outcome.link}, {outcome.phase}: {outcome.detail}")
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Break:
    """Where and how a way broke. It is returned, not raised: no frame is kept that knows secrets.

    ``phase`` is one of ``resolve connect tls request body``; ``detail`` is one line.
    """

    status: CallStatus
    phase: str
    detail: str


def fail(link: Link, found: Break) -> NoReturn:
    """Raise `WireError` for what broke at ``link``."""
    raise WireError(Outcome(status=found.status, link=link, phase=found.phase, detail=found.detail))


_STATUSES = {
    ConnectStatus.REFUSED: CallStatus.REFUSED,
    ConnectStatus.RESET: CallStatus.RESET,
    ConnectStatus.UNREACHABLE: CallStatus.UNREACHABLE,
}


def read_error(error: OSError, phase: str) -> Break:
    """Say what ``error`` in ``phase`` means for the way."""
    status, detail = explain(error)
    return Break(_STATUSES.get(status, CallStatus.FAILED), phase, detail)


def read_broken(error: OSError, phase: str, timeout: float) -> Break:
    """Say how a connection that had come about broke; ``timeout`` was the longest wait."""
    if isinstance(error, TimeoutError):
        return Break(CallStatus.TIMEOUT, phase, f"no answer in phase {phase} within {timeout:g} s")
    if isinstance(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)):
        return Break(CallStatus.RESET, phase, "the peer closed the connection")
    if isinstance(error, ssl.SSLError):
        words = (error.reason or "TLS broke").replace("_", " ").lower()
        return Break(CallStatus.TLS, phase, f"the TLS session broke ({words})")
    if error.errno is None:
        return Break(CallStatus.RESET, phase, "the peer closed the connection without an answer")
    return read_error(error, phase)

"""How long to leave a service alone that asks for it, and how often: explicit and counted."""

import random
from email.message import Message

from pytest_ecs_privatelink.probes.call_records import CallStatus

_ATTEMPTS = 5
_BASE_S, _CAP_S, _LONGEST_RETRY_AFTER_S = 0.2, 2.0, 5.0
_WORTH_RETRYING = frozenset({CallStatus.THROTTLED, CallStatus.UNAVAILABLE})


def pause_after(attempt: int, status: CallStatus, headers: Message) -> float | None:
    """Return the seconds to wait before another attempt; None: there is to be none.

    Throttling and server errors are tried up to four times more, after a random time of up to
    0.2 s, doubled each time to at most 2 s, or what ``Retry-After`` asks for, 5 s at most.
    """
    if status not in _WORTH_RETRYING or attempt >= _ATTEMPTS:
        return None
    backoff = random.uniform(0, min(_CAP_S, _BASE_S * 2 ** (attempt - 1)))  # noqa: S311 - jitter
    return max(backoff, _retry_after(headers))


def _retry_after(headers: Message) -> float:
    try:
        seconds = float(headers.get("retry-after", "0"))
    except ValueError:  # a date: the backoff must do
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S)

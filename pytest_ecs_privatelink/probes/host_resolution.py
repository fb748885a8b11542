"""Resolve a name the way the host does: /etc/hosts, nsswitch and resolv.conf all count."""

import asyncio
import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable

from pytest_ecs_privatelink.probes.records import DnsAnswer, DnsQuestion, DnsStatus

# No resolver of the C library can be told to wait less than this for one server, so an earlier
# "temporary failure" is an answer (SERVFAIL, REFUSED, port unreachable) and not silence.
_SHORTEST_WAIT_S = 1.0

_Addresses = tuple[str, ...]
_Outcome = _Addresses | OSError | UnicodeError


async def resolve_as_host(question: DnsQuestion) -> DnsAnswer:
    """Ask getaddrinfo for every address of the name; ``rcode`` and ``transport`` stay None.

    The name goes to the C library as given, so a search list may apply as it would for ECS.
    getaddrinfo has few words, and these are read as follows (glibc 2.36 as observed):

    - EAI_NONAME: ``NXDOMAIN`` (glibc says it for FORMERR too);
    - EAI_NODATA: ``EMPTY``;
    - EAI_AGAIN within a second: ``SERVFAIL`` (also REFUSED, NOTIMP, and nobody listening);
    - EAI_AGAIN later, or nothing within the deadline: ``TIMEOUT``;
    - anything else: ``FAILED``.

    The C library waits 10 s and more for a dead resolver and cannot be interrupted: it does so in
    a daemon thread, which holds up neither the deadline nor the end of the process.
    """
    began = time.perf_counter()
    try:
        async with asyncio.timeout(question.timeout):
            outcome = await _look_up_in_thread(question.name)
    except TimeoutError:
        outcome = None
    elapsed = time.perf_counter() - began
    status, detail = _read(outcome, elapsed, question.timeout)
    return DnsAnswer(
        name=question.name,
        resolver=None,
        status=status,
        addresses=tuple(sorted(outcome)) if isinstance(outcome, tuple) else (),
        detail=detail,
        duration_ms=elapsed * 1000,
    )


def resolve_in_order(name: str, timeout: float) -> tuple[DnsStatus, tuple[str, ...], str]:
    """Return status, addresses and detail as `resolve_as_host` would, but blocking.

    Addresses come in the order in which the C library would have them dialled (RFC 6724).
    """
    outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
    began = time.perf_counter()
    threading.Thread(
        target=_look_up, args=(name, outcomes.put), name="resolve", daemon=True
    ).start()
    outcome: _Outcome | None = None
    with contextlib.suppress(queue.Empty):
        outcome = outcomes.get(timeout=timeout)
    status, detail = _read(outcome, time.perf_counter() - began, timeout)
    return status, outcome if isinstance(outcome, tuple) else (), detail


async def _look_up_in_thread(name: str) -> _Outcome:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Outcome] = loop.create_future()

    def settle(outcome: _Outcome) -> None:
        if not answer.done():
            answer.set_result(outcome)

    def deliver(outcome: _Outcome) -> None:
        # The loop may be gone by the time the C library gives up.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=_look_up, args=(name, deliver), name="resolve", daemon=True).start()
    return await answer


def _look_up(name: str, deliver: Callable[[_Outcome], None]) -> None:
    outcome: _Outcome
    try:
        infos = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        outcome = tuple(dict.fromkeys(str(info[4][0]) for info in infos))
    except (OSError, UnicodeError) as error:
        outcome = error
    deliver(outcome)


def _read(outcome: _Outcome | None, elapsed: float, timeout: float) -> tuple[DnsStatus, str]:
    if outcome is None:
        return DnsStatus.TIMEOUT, f"the host's resolution gave no answer within {timeout:g} s"
    if isinstance(outcome, tuple):
        return (DnsStatus.ANSWERED, "") if outcome else (DnsStatus.EMPTY, "no address")
    if isinstance(outcome, UnicodeError):
        return DnsStatus.FAILED, f"not a host name: {outcome}"
    detail = f"getaddrinfo: {outcome.strerror}"
    # EAI_NODATA is missing from some C libraries.
    statuses = {
        socket.EAI_NONAME: DnsStatus.NXDOMAIN,
        getattr(socket, "EAI_NODATA", None): DnsStatus.EMPTY,
        socket.EAI_AGAIN: DnsStatus.SERVFAIL if elapsed < _SHORTEST_WAIT_S else DnsStatus.TIMEOUT,
    }
    if not isinstance(outcome, socket.gaierror):
        return DnsStatus.FAILED, detail
    return statuses.get(outcome.errno, DnsStatus.FAILED), detail

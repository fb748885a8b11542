"""What chain claims have in common: who asks, and what the paths that were used make of it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_ecs_privatelink.catalogue.chains import CHAINS, link_of
from pytest_ecs_privatelink.claims import private_dns, tcp_443
from pytest_ecs_privatelink.claims.callers import hangs_on_caller
from pytest_ecs_privatelink.claims.terms import Ask, Reading, Stand, Terms, make_check, worst
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Code, LaunchType, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Guise:
    """Launch types whose packets leave the vantage with the same groups.

    ``suffix`` tells names that it makes from the first guise's, whose own is empty.
    """

    launch_types: tuple[LaunchType, ...]
    suffix: str = ""


def guises(cell: Cell, terms: Terms, stand: Stand) -> tuple[Guise, ...]:
    """Return the guises in which to ask: one for each distinct set of groups worn here."""
    found: dict[frozenset[str] | None, list[LaunchType]] = {}
    for kind in terms.service(cell.service).launch_types:
        worn = stand.worn(kind)
        found.setdefault(None if worn is None else frozenset(worn), []).append(kind)
    return tuple(
        Guise(
            launch_types=tuple(kinds),
            suffix="" if position == 0 else f"-{'-'.join(kinds)}",
        )
        for position, kinds in enumerate(found.values())
    )


async def in_guises(
    cell: Cell,
    terms: Terms,
    stand: Stand,
    attempt: Callable[[Guise], Coroutine[Any, Any, Reading]],
    subject: str | None,
) -> tuple[Reading, ...]:
    """Return what one errand brought in each guise; what all of them met alike is told once.

    ``subject`` is what it is about, None where that is a thing of the run's own.
    """
    tried = guises(cell, terms, stand)
    met = await asyncio.gather(*(attempt(guise) for guise in tried))
    readings = tuple(replace(each, subject=subject) for each in met)
    if len({(each.verdict, each.code, each.phase) for each in readings}) == 1:
        return (readings[0],)
    return tuple(_of(guise, reading) for guise, reading in zip(tried, readings, strict=True))


def _of(guise: Guise, reading: Reading) -> Reading:
    whose = f"as {'/'.join(guise.launch_types)}: "
    reason = None if reading.reason is None else f"{whose}{reading.reason}"
    return replace(reading, observed=f"{whose}{reading.observed}", reason=reason)


async def conclude(
    cell: Cell,
    terms: Terms,
    stand: Stand,
    ask: Ask,
    tries: Iterable[Coroutine[Any, Any, tuple[Reading, ...]]],
    expected: str,
) -> Check:
    """Return the check of a chain cell: what works is no better than the paths that it took."""
    paths, readings = await asyncio.gather(
        paths_of(cell, terms, stand, ask), _gathered(tuple(tries))
    )
    judged = tuple(_excused(_of_caller(each, terms), cell, paths) for each in readings)
    if worst(judged)[0].verdict.holds:
        judged += tuple(_of_path(each) for each in paths if each.verdict not in _NO_WORSE)
    return make_check(cell, terms, stand, judged, expected)


async def _gathered(
    tries: Sequence[Coroutine[Any, Any, tuple[Reading, ...]]],
) -> tuple[Reading, ...]:
    return tuple(each for found in await asyncio.gather(*tries) for each in found)


async def paths_of(cell: Cell, terms: Terms, stand: Stand, ask: Ask) -> tuple[Check, ...]:
    """Return ``private-dns`` and ``tcp-443`` of those services of the chain that are under test.

    Their questions are those of their own cells, which the broker puts once.
    """
    tested = {each.service for each in terms.services}
    provers = ((Claim.PRIVATE_DNS, private_dns.prove), (Claim.TCP_443, tcp_443.prove))
    checks = await asyncio.gather(
        *(
            prove(Cell(claim, cell.subnet, service), terms, stand, ask)
            for service in CHAINS[cell.claim, cell.service]
            if service in tested
            for claim, prove in provers
        )
    )
    return tuple(checks)


# tcp-443 is skipped where private-dns says why.
_NO_WORSE = (Verdict.PASSED, Verdict.SKIPPED)


def _of_path(path: Check) -> Reading:
    return Reading(
        verdict=path.verdict,
        code=path.code,
        phase=path.phase or "",
        observed=f"it works, but {path.claim} of {path.service} {_SAID[path.verdict]}: "
        f"{path.observed}",
        reason=path.reason,
    )


_SAID = {
    Verdict.FAILED: "failed",
    Verdict.WARNED: "warned",
    Verdict.ERROR: "could not be judged",
}


def _of_caller(reading: Reading, terms: Terms) -> Reading:
    """Return a warning where an endpoint's policy may refuse the runner alone (DESIGN 5)."""
    if reading.refused is None or not hangs_on_caller(reading.refused, terms.snapshot):
        return reading
    observed = f"{reading.observed}; that policy may let tasks' roles through"
    return replace(reading, verdict=Verdict.WARNED, observed=observed)


def _excused(reading: Reading, cell: Cell, paths: Sequence[Check]) -> Reading:
    """Return "could not look" where no connection came about, and only the vantage's groups say so.

    ``tcp-443`` of the same link has judged that.
    """
    if reading.verdict is not Verdict.FAILED or reading.phase != "connect":
        return reading
    link = link_of(cell.claim, cell.service, reading.code)
    for path in paths:
        if path.service == link and path.code is Code.VANTAGE_GROUP_DIFFERS:
            return replace(reading, verdict=path.verdict, code=path.code, reason=path.reason)
    return reading

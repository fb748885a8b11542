"""What the end of a chain of calls says: broken, refused, not there, or nothing at all."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from pytest_ecs_privatelink.claims.terms import Reading
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Hop, Link, Outcome
from pytest_ecs_privatelink.verdict import Code, Verdict

BROKEN = frozenset(
    {
        CallStatus.UNRESOLVED,
        CallStatus.TIMEOUT,
        CallStatus.REFUSED,
        CallStatus.UNREACHABLE,
        CallStatus.RESET,
        CallStatus.TLS,
        CallStatus.UNEXPECTED,
    }
)
"""Ends at which the service itself was not heard, or not to the end of what it had to say."""

_UNTOLD = {
    CallStatus.THROTTLED: "AWS throttled the call, retries included",
    CallStatus.UNAVAILABLE: "the service failed, retries included",
    CallStatus.EXPIRED: "the credentials are not, or no longer, valid",
    CallStatus.FAILED: "it could not be tried",
}
_TOLD = {
    CallStatus.UNRESOLVED: "the name did not resolve",
    CallStatus.REFUSED: "connection refused",
    CallStatus.UNREACHABLE: "unreachable",
    CallStatus.TLS: "no TLS",
    CallStatus.UNEXPECTED: "somebody else answered than AWS",
    CallStatus.MISSING: "it is not there",
    CallStatus.DIGEST: "other bytes arrived than the digest says",
    CallStatus.NOT_DELIVERED: "what was accepted was never shown",
}
_SAID = {CallStatus.TIMEOUT: "no answer", CallStatus.REFUSED: "Connection refused"}
"""What the details of an attempt may say by themselves, and then more of it."""
_UNTESTED = "path proven, permission not tested"
_WHOSE = {
    Denier.ENDPOINT_POLICY: "the VPC endpoint policy",
    Denier.IDENTITY: "the policies of these credentials",
    Denier.RESOURCE: "a resource-based policy",
    Denier.ORGANIZATION: "a policy of the organization",
    Denier.KMS: "KMS",
    Denier.UNSAID: "a policy that AWS does not name",
}
_REFUSAL = re.compile(
    rf"(?:the call|\S+) was refused by (?P<whose>{'|'.join(map(re.escape, _WHOSE.values()))})"
)
_ABSENCE = re.compile(rf": {_TOLD[CallStatus.MISSING]}(?: \([^)]*\))?(?:: (?P<detail>.*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The codes of a chain: by link where it broke, where it was refused, or nothing was there.

    ``needed`` are the actions that tasks need: refusals of others say nothing of tasks.
    """

    broken: Mapping[Link, Code]
    denied: Mapping[Link, Code]
    missing: Mapping[Link, Code]
    needed: frozenset[str]
    digest: Code | None = None
    undelivered: Code | None = None


def judge(subject: str, outcome: Outcome, codes: Codes, hops: Sequence[Hop]) -> Reading:
    """Return what ``outcome``, which is not `CallStatus.OK`, says of ``subject``.

    The last of ``hops`` is the one that ended so. The credentials are the runner's, not the
    tasks': what their own policies refuse is no failure.
    """
    observed = f"{subject}: {told(outcome, hops)}"
    status = outcome.status
    if status in _UNTOLD:
        return _reading(Verdict.ERROR, None, outcome, observed, reason=observed)
    if status is CallStatus.TOO_LARGE:
        return _reading(Verdict.SKIPPED, None, outcome, observed, reason=observed)
    if status is CallStatus.DENIED:
        return _refused(observed, outcome, codes)
    code = {
        CallStatus.MISSING: codes.missing.get(outcome.link),
        CallStatus.DIGEST: codes.digest,
        CallStatus.NOT_DELIVERED: codes.undelivered,
    }.get(status) or codes.broken[outcome.link]
    return _reading(Verdict.FAILED, code, outcome, observed)


def _refused(observed: str, outcome: Outcome, codes: Codes) -> Reading:
    denier = outcome.denied_by or Denier.UNSAID
    beside = outcome.action is not None and outcome.action not in codes.needed
    if beside or denier in (Denier.IDENTITY, Denier.UNSAID):
        return untested(outcome, observed)
    if denier is Denier.ENDPOINT_POLICY:
        reading = _reading(Verdict.FAILED, Code.ENDPOINT_POLICY_DENIES, outcome, observed)
        return replace(reading, refused=outcome.action)
    return _reading(Verdict.FAILED, codes.denied[outcome.link], outcome, observed)


def untested(outcome: Outcome, observed: str) -> Reading:
    """Return the reading of a refusal that proves the path and says nothing of tasks' rights."""
    reason = f"{_UNTESTED}: {observed}"
    return _reading(Verdict.SKIPPED, None, outcome, observed, reason=reason)


def told(outcome: Outcome, hops: Sequence[Hop]) -> str:
    """Return what ended the chain, and at which link, in words; where it broke, with whom, too."""
    ended = _ended(outcome)
    said = _SAID.get(outcome.status)
    whole = said is not None and said in outcome.detail
    detail = f": {outcome.detail}" if outcome.detail else ""
    named = outcome.error and outcome.error not in outcome.detail
    error = f" ({outcome.error})" if named else ""
    words = outcome.detail if whole else f"{ended}{error}{detail}"
    return f"{outcome.link}: {_whereabouts(outcome, hops)}{words}"


class Refusal(NamedTuple):
    """Who refused what, in ``words``."""

    words: str
    by: Denier


def refusal_in(observed: str) -> Refusal | None:
    """Return the refusal that `told` put into ``observed``; None for none, or for several."""
    found = {each[0]: each["whose"] for each in _REFUSAL.finditer(observed)}
    if len(found) != 1:
        return None
    ((words, whose),) = found.items()
    return Refusal(words, next(denier for denier, name in _WHOSE.items() if name == whose))


def absence_in(observed: str) -> str | None:
    """Return what `told` added in ``observed`` to a thing that is not there; None for none."""
    found = _ABSENCE.search(observed)
    return None if found is None else found["detail"] or ""


def _whereabouts(outcome: Outcome, hops: Sequence[Hop]) -> str:
    if outcome.status not in BROKEN or not hops or hops[-1].link is not outcome.link:
        return ""
    last = hops[-1]
    return f"{last.host} at {last.address}: " if last.address else f"{last.host}: "


def _ended(outcome: Outcome) -> str:
    match outcome.status:
        case CallStatus.TIMEOUT:
            return f"no answer in phase {outcome.phase}"
        case CallStatus.RESET:
            return f"reset in phase {outcome.phase}"
        case CallStatus.DENIED:
            whose = _WHOSE[outcome.denied_by or Denier.UNSAID]
            return f"{outcome.action or 'the call'} was refused by {whose}"
        case CallStatus.TOO_LARGE:
            return "too large to be fetched whole"
        case status:
            return _UNTOLD.get(status) or _TOLD.get(status, str(status))


def passed(outcome: Outcome, observed: str) -> Reading:
    """Return the reading of a chain that did what it was to do."""
    return _reading(Verdict.PASSED, None, outcome, observed)


def _reading(
    verdict: Verdict, code: Code | None, outcome: Outcome, observed: str, reason: str | None = None
) -> Reading:
    return Reading(
        verdict=verdict, code=code, phase=outcome.phase, observed=observed, reason=reason
    )


def by_way_of(observed: str, hops: Iterable[Hop]) -> str:
    """Return ``observed`` with the exchanges in words, those of one link with one host together."""
    joined: dict[tuple[Link, str], list[Hop]] = {}
    for hop in hops:
        joined.setdefault((hop.link, hop.host), []).append(hop)
    told = (_told_hops(link, host, found) for (link, host), found in joined.items())
    return "; ".join((observed, *told))


def _told_hops(link: Link, host: str, hops: list[Hop]) -> str:
    addresses = dict.fromkeys(hop.address or "no address" for hop in hops)
    statuses = dict.fromkeys(str(hop.status or "no answer") for hop in hops)
    received = sum(hop.received for hop in hops)
    ms = sum(hop.ms for hop in hops)
    return (
        f"{link} {host} at {', '.join(addresses)}: {', '.join(statuses)}, "
        f"{received} bytes in {ms:.1f} ms"
    )

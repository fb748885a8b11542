"""Where the ECS API sends an agent: to the endpoints' names, or to a public fleet (R1)."""

from collections.abc import Iterator
from dataclasses import replace

from pytest_ecs_privatelink.catalogue.agents import is_numbered
from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.agent_readings import (
    Subject,
    could_not_look,
    good,
    reading_of,
)
from pytest_ecs_privatelink.claims.answers import public_path_will_do
from pytest_ecs_privatelink.claims.no_proxy import proxies_for
from pytest_ecs_privatelink.claims.outcomes import BROKEN, Codes, judge, untested
from pytest_ecs_privatelink.claims.terms import Reading, Terms
from pytest_ecs_privatelink.probes.agent_records import AgentAnswer, Poll
from pytest_ecs_privatelink.probes.call_records import CallStatus, Denier, Link, Outcome
from pytest_ecs_privatelink.verdict import Check, Code, Verdict

_CALL = "DiscoverPollEndpoint"
_NO_CREDENTIALS = "credentials"  # the phase of a call that was not made, see probes.agent
_BROKEN_IN = {
    CallStatus.UNRESOLVED: Code.DNS_NXDOMAIN,
    CallStatus.REFUSED: Code.TCP_REFUSED,
    CallStatus.RESET: Code.TCP_REFUSED,
    CallStatus.UNREACHABLE: Code.TCP_UNREACHABLE,
    CallStatus.TLS: Code.TLS_CERTIFICATE,
    CallStatus.UNEXPECTED: Code.DNS_FOREIGN_ANSWER,
}
_SILENT_IN = {"resolve": Code.DNS_TIMEOUT, "connect": Code.TCP_TIMEOUT}
_SAID = {
    Verdict.FAILED: "failed",
    Verdict.WARNED: "warned",
    Verdict.ERROR: "could not be judged",
}


def judge_poll(
    subject: Subject, answer: AgentAnswer, paths: tuple[Check, ...]
) -> tuple[Reading, ...]:
    """Return what the call says, and what the paths say that it and its answer lead to.

    ``paths`` are the checks of ``private-dns`` and ``tcp-443`` that the agent's calls go by.
    """
    told = _judge_answer(subject, answer, paths)
    broken = answer.outcome.status in BROKEN
    ways = (each for each in paths if not (broken and each.service == "ecs"))
    return (told, *_proxied(subject, answer), *(_of_path(each) for each in ways if _is_bad(each)))


def sent_elsewhere(poll: Poll | None, terms: Terms) -> Terms:
    """Return the terms with the hosts that the API named in the place of the catalogue's.

    Numbered ones are left out: they are public, and are not dialled.
    """
    named = {} if poll is None else {"ecs-agent": poll.acs, "ecs-telemetry": poll.tcs}
    services = tuple(
        replace(each, names=(host,))
        if (host := named.get(each.service)) and not is_numbered(host) and host not in each.names
        else each
        for each in terms.services
    )
    return terms if services == terms.services else replace(terms, services=services)


def _judge_answer(subject: Subject, answer: AgentAnswer, paths: tuple[Check, ...]) -> Reading:
    outcome = answer.outcome
    if outcome.status is CallStatus.OK:
        return _judge_hosts(subject, answer)
    if outcome.phase == _NO_CREDENTIALS:
        why = f"{_CALL} was not called: {outcome.detail}"
        return reading_of(subject, Verdict.SKIPPED, None, outcome.phase, why)
    guilty = _guilty(outcome, paths)
    broken = _broken_code(outcome) if guilty is None or guilty.code is None else guilty.code
    reading = judge(
        f"{subject.name}: {_CALL}",
        outcome,
        Codes(
            broken={Link.POLL: broken},
            denied={Link.POLL: Code.ENDPOINT_POLICY_DENIES},
            missing={},
            needed=frozenset({f"ecs:{_CALL}"}),
        ),
        answer.hops,
    )
    if outcome.status is CallStatus.DENIED and outcome.denied_by is not Denier.ENDPOINT_POLICY:
        return untested(outcome, reading.observed)
    if guilty is not None and guilty.verdict is Verdict.ERROR:
        return replace(reading, verdict=Verdict.ERROR, code=guilty.code, reason=guilty.reason)
    return reading


def _guilty(outcome: Outcome, paths: tuple[Check, ...]) -> Check | None:
    """Return the check of the way to the ECS API that says why the call broke, if one does."""
    if outcome.status not in BROKEN:
        return None
    bad = (Verdict.FAILED, Verdict.ERROR)
    ways = [each for each in paths if each.service == "ecs" and each.verdict in bad]
    return min(ways, key=lambda each: bad.index(each.verdict), default=None)


def _broken_code(outcome: Outcome) -> Code:
    late = outcome.phase not in _SILENT_IN
    if outcome.status is CallStatus.TIMEOUT or (outcome.status is CallStatus.RESET and late):
        return _SILENT_IN.get(outcome.phase, Code.TLS_HANDSHAKE)
    return _BROKEN_IN.get(outcome.status, Code.TCP_UNREACHABLE)


def _judge_hosts(subject: Subject, answer: AgentAnswer) -> Reading:
    poll = answer.poll or Poll()
    hosts = [host for host in (poll.acs, poll.tcs) if host]
    if len(hosts) < 2:
        return could_not_look(subject, f"{_CALL} named {' and '.join(hosts) or 'no host'} only")
    public = [host for host in hosts if is_numbered(host)]
    if not public:
        return good(subject, "request", f"sent to {' and '.join(hosts)}")
    excused = public_path_will_do(subject.cell.subnet, subject.terms)
    host, proxies = _proxies(subject, answer)
    beside = f"; its agent has {proxies} and no NO_PROXY for {host}" if proxies else ""
    return reading_of(
        subject,
        Verdict.WARNED if excused else Verdict.FAILED,
        Code.AGENT_PUBLIC_PATH,
        "request",
        f"{_CALL} sends its agent to {' and '.join(public)}: the call did not go through the ecs "
        f"endpoint{beside}",
    )


def _proxied(subject: Subject, answer: AgentAnswer) -> Iterator[Reading]:
    """Yield a warning where the agent's own calls go by a proxy: ours never do."""
    host, proxies = _proxies(subject, answer)
    if proxies and not _is_public(answer.poll):
        told = f"its agent has {proxies} and no NO_PROXY for {host}: it calls by that proxy"
        yield reading_of(subject, Verdict.WARNED, Code.AGENT_PUBLIC_PATH, "agent", told)


def _is_public(poll: Poll | None) -> bool:
    return poll is not None and any(is_numbered(each or "") for each in (poll.acs, poll.tcs))


def _proxies(subject: Subject, answer: AgentAnswer) -> tuple[str, str]:
    """Return the host of the ECS API, and the variables by which the agent's calls take a proxy."""
    host = host_names("ecs", subject.terms.snapshot.region)[0]
    known = () if answer.agent is None else answer.agent.proxies
    return host, " and ".join(proxies_for(host, known))


def _of_path(path: Check) -> Reading:
    return Reading(
        verdict=path.verdict,
        code=path.code,
        phase=path.phase or "",
        observed=f"{path.claim} of {path.service} {_SAID[path.verdict]}: {path.observed}",
        reason=path.reason,
    )


def _is_bad(path: Check) -> bool:
    return path.verdict in _SAID

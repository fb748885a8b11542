"""What an agent says of itself: who it is, how old, and since when it runs (R13, R17, R18)."""

from collections.abc import Iterator
from datetime import datetime

from pytest_ecs_privatelink.audits.creation import (
    Created,
    created_ecs_endpoints,
    disordered,
    moment,
    order_of,
    remembered,
)
from pytest_ecs_privatelink.catalogue.agents import OLDEST, version_of
from pytest_ecs_privatelink.claims.agent_readings import (
    Subject,
    could_not_look,
    good,
    reading_of,
)
from pytest_ecs_privatelink.claims.terms import Reading
from pytest_ecs_privatelink.probes.agent_records import INTROSPECTION_PORT, Agent, AgentAnswer
from pytest_ecs_privatelink.verdict import Code, Verdict


def judge_state(subject: Subject, answer: AgentAnswer) -> tuple[Reading, ...]:
    """Return what the agent's own words say of it, at least one reading."""
    agent = answer.agent
    if agent is None:
        silent = f"no agent answers on port {INTROSPECTION_PORT}: {answer.silence}"
        return (_failed(subject, Code.AGENT_DISCONNECTED, "agent", silent),)
    if agent.cluster is None and agent.container_instance is None and agent.version is None:
        told = f"what answers on port {INTROSPECTION_PORT} is no agent"
        why = f": {agent.started_unknown}" if agent.started_unknown else ""
        return (could_not_look(subject, told + why),)
    if stranger := _stranger(subject, agent):
        return (could_not_look(subject, f"another machine answered: {stranger}"),)
    if agent.container_instance is None:
        alone = "its agent has not registered with any cluster"
        return (_failed(subject, Code.AGENT_DISCONNECTED, "agent", alone),)
    return (judge_version(subject, agent.version), *judge_start(subject, agent))


def _stranger(subject: Subject, agent: Agent) -> str | None:
    """Return whose agent it is, where it is not the instance's that was asked."""
    cluster = subject.terms.snapshot.cluster
    told = agent.container_instance
    if told is not None and _last(told) != _last(subject.instance.arn):
        return f"its agent is {told}"
    known = set() if cluster is None else {cluster.name, _last(cluster.arn)}
    if agent.cluster is not None and _last(agent.cluster) not in known:
        return f"its agent is in cluster {_last(agent.cluster)}"
    return None


def judge_version(subject: Subject, version: str | None) -> Reading:
    """Return whether the version will do; what the agent does not say, the ECS API may."""
    text = version if version_of(version) else subject.instance.agent_version
    numbers = version_of(text)
    if numbers is None:
        return could_not_look(subject, "the version of its agent is unknown")
    if numbers < OLDEST:
        return _failed(subject, Code.AGENT_TOO_OLD, "agent", f"agent {text} is older than 1.25.1")
    return good(subject, "agent", f"agent {text}")


def judge_start(subject: Subject, agent: Agent) -> tuple[Reading, ...]:
    """Return whether the agent may have missed endpoints that were created after its start.

    An agent asks where to poll once it has registered, so the later of both times counts.
    """
    started, registered = moment(agent.started), moment(subject.instance.registered)
    since = max(filter(None, (started, registered)), default=None)
    missed = _missed(subject, since)
    if started is None:
        why = f"when its agent was started is unknown: {agent.started_unknown or 'nobody says'}"
        if _matters(subject, since):
            return (could_not_look(subject, why),)
        return (good(subject, "start", f"start unknown ({agent.started_unknown})"),)
    told = f"its agent was started {_utc(started)}"
    if missed:
        made = ", ".join(
            f"{each.endpoint.id} ({each.service}, {_utc(each.time)})" for each in missed
        )
        return (
            _failed(subject, Code.AGENT_STALE, "start", f"{told}, before the creation of {made}"),
        )
    if _was_there(subject, since):
        order = order_of(created_ecs_endpoints(subject.terms.snapshot))
        text = f"{told}, while the endpoints were created in the order {order}"
        return (reading_of(subject, Verdict.WARNED, Code.ENDPOINT_ORDER, "start", text),)
    return (good(subject, "start", f"started {_utc(started)}"),)


def missed_by_registration(subject: Subject) -> Iterator[tuple[Code, str]]:
    """Yield what the time of its registration alone says against an instance (as audits do)."""
    registered = moment(subject.instance.registered)
    if registered is None:
        return
    if missed := _missed(subject, registered):
        made = ", ".join(each.endpoint.id for each in missed)
        yield Code.AGENT_STALE, f"registered {_utc(registered)}, before the creation of {made}"
    elif _was_there(subject, registered):
        yield Code.ENDPOINT_ORDER, f"registered {_utc(registered)}, before the last ecs endpoint"


def _missed(subject: Subject, since: datetime | None) -> list[Created]:
    """Return the young endpoints that were created after ``since``."""
    young = remembered(subject.terms.snapshot)
    return [each for each in young if since is not None and since < each.time]


def _was_there(subject: Subject, since: datetime | None) -> bool:
    """Return whether it was there while the endpoints were created out of R17's order."""
    made = created_ecs_endpoints(subject.terms.snapshot)
    return disordered(made) and since is not None and since < max(each.time for each in made)


def _matters(subject: Subject, registered: datetime | None) -> bool:
    """Return whether an agent of unknown start may have missed any endpoint."""
    if registered is None:
        return bool(remembered(subject.terms.snapshot))
    return bool(_missed(subject, registered)) or _was_there(subject, registered)


def _failed(subject: Subject, code: Code, phase: str, observed: str) -> Reading:
    return reading_of(subject, Verdict.FAILED, code, phase, observed)


def _last(arn: str) -> str:
    return arn.rpartition("/")[2]


def _utc(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"

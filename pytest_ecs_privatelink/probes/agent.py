"""Look at a container instance's agent: what it says, and where the ECS API sends it."""

import asyncio
import re
import time
import urllib.parse
from dataclasses import replace
from typing import Any

from pytest_ecs_privatelink.probes.agent_process import started
from pytest_ecs_privatelink.probes.agent_records import Agent, AgentAnswer, AgentQuestion, Poll
from pytest_ecs_privatelink.probes.breaks import WireError
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Credentials,
    Hop,
    Link,
    Outcome,
    without,
)
from pytest_ecs_privatelink.probes.instance_role import NoRoleError, role_credentials
from pytest_ecs_privatelink.probes.local_http import ForeignError, SilentError, get_over_tcp
from pytest_ecs_privatelink.probes.signed_calls import call
from pytest_ecs_privatelink.probes.signing import signer
from pytest_ecs_privatelink.probes.threads import in_thread
from pytest_ecs_privatelink.probes.wire import Wire

NO_CREDENTIALS = "credentials"
"""The phase of a call that was not made: the machine has no role to sign it with."""
_METADATA = "/v1/metadata"
_ACTION = "ecs:DiscoverPollEndpoint"
_LONGEST_NAME = 512
_VERSION = re.compile(r"\bv?(\d+\.\d+\.\d+[\w.+-]{0,40})")
"""Of ``Amazon ECS Agent - v1.30.0 (02ff320c)`` [ECS guide, "ecs-agent-introspection"]."""


async def look(question: AgentQuestion, source: str | None = None) -> AgentAnswer:
    """Ask the agent on this machine, its Docker daemon, and the ECS API in its name.

    The API is called from the local address ``source``. How it went is in the answer, never an
    exception.
    """
    began = time.perf_counter()
    (agent, silence), (outcome, hops, poll) = await asyncio.gather(
        in_thread(lambda: _ask_agent(question), "agent"),
        in_thread(lambda: _ask_api(question, source), "poll"),
    )
    return AgentAnswer(
        instance=question.instance,
        agent=agent,
        silence=silence,
        outcome=outcome,
        hops=hops,
        poll=poll,
        duration_ms=round((time.perf_counter() - began) * 1000, 1),
    )


def _ask_agent(question: AgentQuestion) -> tuple[Agent | None, str]:
    """Return what is known of the agent, None with the reason where it is silent.

    Where something else answers there is an agent that says nothing of itself.
    """
    try:
        told = get_over_tcp(question.introspection, _METADATA, question.timeout)
        agent = _agent(told)
        start = started(question.docker, question.timeout)
        proxies = start.proxies
        agent = replace(agent, started=start.at, started_unknown=start.unknown, proxies=proxies)
    except SilentError as error:
        return None, str(error)
    except ForeignError as error:
        return Agent(started_unknown=str(error)), ""
    except Exception as error:  # noqa: BLE001 - whoever waits must hear
        return Agent(started_unknown=f"the probe itself failed: {type(error).__name__}"), ""
    return agent, ""


def _agent(told: dict[str, Any]) -> Agent:
    version = _VERSION.search(str(told.get("Version") or ""))
    return Agent(
        version=version[1] if version else None,
        cluster=_text(told.get("Cluster")),
        container_instance=_text(told.get("ContainerInstanceArn")),
    )


def _text(value: object) -> str | None:
    """Return the text as one line that is no longer than any of AWS's names."""
    line = " ".join(value.split())[:_LONGEST_NAME] if isinstance(value, str) else ""
    return line or None


def _ask_api(
    question: AgentQuestion, source: str | None
) -> tuple[Outcome, tuple[Hop, ...], Poll | None]:
    try:
        credentials = role_credentials(question.timeout, question.metadata)
    except NoRoleError as error:
        return _unasked(CallStatus.EXPIRED, NO_CREDENTIALS, str(error)), (), None
    except Exception as error:  # noqa: BLE001 - whoever waits must hear, and its text may be secret
        return _unasked(CallStatus.FAILED, "request", _failed(error)), (), None
    wire = Wire(
        ca_file=question.ca_file, timeout=question.timeout, source=source, port=question.port
    )
    with wire:
        outcome, poll = _discover(question, credentials, wire)
    bare = replace(outcome, detail=without(credentials, outcome.detail))
    return bare, tuple(wire.hops), poll


def _discover(
    question: AgentQuestion, credentials: Credentials, wire: Wire
) -> tuple[Outcome, Poll | None]:
    payload = {
        "cluster": question.cluster,
        "containerInstance": question.container_instance,
    }
    sign = signer(credentials, question.region)
    try:
        told = call(wire, sign, Link.POLL, question.ecs, _ACTION, payload)
    except WireError as error:
        return error.outcome, None
    except Exception as error:  # noqa: BLE001 - whoever waits must hear, and its text may be secret
        return _unasked(CallStatus.FAILED, "request", _failed(error)), None
    done = Outcome(status=CallStatus.OK, link=Link.POLL, action=_ACTION)
    return done, Poll(acs=_host(told.get("endpoint")), tcs=_host(told.get("telemetryEndpoint")))


def _unasked(status: CallStatus, phase: str, detail: str) -> Outcome:
    return Outcome(status=status, link=Link.POLL, phase=phase, action=_ACTION, detail=detail)


def _failed(error: Exception) -> str:
    return f"the probe itself failed: {type(error).__name__}"


def _host(url: object) -> str | None:
    """Return the host of a URL such as ``https://ecs-a.us-east-1.amazonaws.com/``."""
    if not isinstance(url, str):
        return None
    try:
        return urllib.parse.urlsplit(url if "//" in url else f"//{url}").hostname
    except ValueError:
        return None

"""What a container instance can be asked about its ECS agent, and what it says."""

from dataclasses import dataclass

from pytest_ecs_privatelink.probes.call_records import Hop, Outcome
from pytest_ecs_privatelink.probes.metadata_endpoints import INSTANCE_ENDPOINT

INTROSPECTION_PORT = 51678
"""Where the agent tells about itself, on the host alone [ECS guide, "ecs-agent-introspection"]."""
DOCKER_SOCKET = "/var/run/docker.sock"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentQuestion:
    """Ask the machine ``instance`` (an EC2 id) about its agent, and whom that is sent to.

    ``container_instance`` and ``cluster`` are ARNs, ``ecs`` the host of the ECS API;
    ``DiscoverPollEndpoint`` is asked with the machine's own role, as its agent does.
    ``docker`` is the socket of its Docker daemon, ``metadata`` where it learns of its role,
    ``timeout`` (seconds) bounds each wait.
    """

    instance: str
    container_instance: str
    cluster: str
    ecs: str
    region: str
    port: int = 443
    docker: str = DOCKER_SOCKET
    introspection: int = INTROSPECTION_PORT
    metadata: str = INSTANCE_ENDPOINT
    ca_file: str | None = None
    timeout: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the agent and its container say. ``version`` is bare: ``1.90.0``.

    ``started`` is RFC 3339 in UTC, None with the reason in ``started_unknown``. ``proxies`` are its
    variables (``HTTP_PROXY=http://proxy:3128``), without what they hold of passwords.
    """

    version: str | None = None
    cluster: str | None = None
    container_instance: str | None = None
    started: str | None = None
    started_unknown: str = ""
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """Where ``DiscoverPollEndpoint`` sends the agent: host names, None where it said none."""

    acs: str | None = None
    tcs: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAnswer:
    """What an `AgentQuestion` brought: ``agent`` None with ``silence``, else ``silence`` is empty.

    ``outcome`` is how the call to the ECS API ended, ``poll`` what it answered.
    """

    instance: str
    agent: Agent | None
    silence: str = ""
    outcome: Outcome
    hops: tuple[Hop, ...] = ()
    poll: Poll | None = None
    duration_ms: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionQuestion:
    """Ask the ECS API whether an agent is connected. The broker answers it, and no host.

    ``container_instance`` and ``cluster`` are ARNs. Whose agent is not connected is looked at again
    every ``interval`` seconds, for ``patience`` seconds after the first look.
    """

    container_instance: str
    cluster: str
    interval: float = 5.0
    patience: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAnswer:
    """What a `ConnectionQuestion` brought: ``connected`` None with the reason in ``unknown``.

    ``looks`` were made in ``waited`` seconds; only the last of them may have seen it connected.
    """

    connected: bool | None
    looks: int = 0
    waited: float = 0.0
    unknown: str = ""

"""The ECS agent of a container instance: what it tells itself, and Docker of its container."""

import json
import re
from datetime import UTC, datetime

from pytest_ecs_privatelink.lab.tokens import Clock, clock
from pytest_ecs_privatelink.lab.twin_plan import PlannedAgent
from pytest_ecs_privatelink.lab.web import Call, Reply

_COMMIT = "02ff320c"  # some commit: versions are told with one
_CONTAINER = re.compile(r"(?:/v[0-9.]+)?/containers/ecs-agent/(json|restart)")
_COMMANDS = ("/v1/metadata", "/v1/tasks", "/license")


class ContainerAgent:
    """One agent and its container, which a restart starts anew.

    Wording: ECS developer guide, "ecs-agent-introspection"; Docker Engine API, ContainerInspect.
    """

    def __init__(self, agent: PlannedAgent, clock: Clock = clock) -> None:
        self._agent = agent
        self._clock = clock
        self._started = None if agent.started is None else datetime.fromisoformat(agent.started)

    async def introspect(self, call: Call) -> Reply:
        """Answer what asks the agent about itself."""
        if call.path != "/v1/metadata":
            return _told({"AvailableCommands": _COMMANDS})
        said = {
            "Cluster": _name(self._agent.cluster),
            "ContainerInstanceArn": self._agent.container_instance,
        }
        if self._agent.version is not None:
            said["Version"] = f"Amazon ECS Agent - v{self._agent.version} ({_COMMIT})"
        return _told(said)

    async def inspect(self, call: Call) -> Reply:
        """Answer what asks Docker about the agent's container, or restarts it."""
        asked = _CONTAINER.fullmatch(call.path)
        if asked is None:
            return _told({"message": "page not found"}, 404)
        if self._started is None:
            return _told({"message": "No such container: ecs-agent"}, 404)
        match call.method, asked[1]:
            case "GET", "json":
                return _told(self._container(self._started))
            case "POST", "restart":
                self._started = self._clock()
                return Reply(status=204)
        return _told({"message": "page not found"}, 404)

    def _container(self, started: datetime) -> dict[str, object]:
        # Docker tells nanoseconds.
        since = f"{started.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
        variables = (f"ECS_CLUSTER={_name(self._agent.cluster)}", *self._agent.proxies)
        return {
            "Name": "/ecs-agent",
            "State": {"Status": "running", "Running": True, "StartedAt": since},
            "Config": {"Env": variables, "Image": "amazon/amazon-ecs-agent:latest"},
        }


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


def _told(said: object, status: int = 200) -> Reply:
    headers = {"content-type": "application/json"}
    return Reply(status=status, headers=headers, body=json.dumps(said).encode())

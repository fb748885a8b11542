"""A host that is a container instance: its agent, Docker, metadata, and ways to run commands."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from pytest_ecs_privatelink.lab.container_agent import ContainerAgent
from pytest_ecs_privatelink.lab.inside import ssh, surroundings
from pytest_ecs_privatelink.lab.inside.machine import serve_commands
from pytest_ecs_privatelink.lab.instance_metadata import ADDRESS, InstanceMetadata
from pytest_ecs_privatelink.lab.openssh import find_server
from pytest_ecs_privatelink.lab.sockets import machine_path, ssh_log_path, ssh_path
from pytest_ecs_privatelink.lab.twin_plan import PlannedAgent, Premises, TwinPlan
from pytest_ecs_privatelink.lab.web import speaking
from pytest_ecs_privatelink.probes.agent_records import DOCKER_SOCKET, INTROSPECTION_PORT

_LOOPBACK = "127.0.0.1"
_HTTP = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A container instance of the twin in ``folder``, the ``place``-th of its hosts."""

    agent: PlannedAgent
    subnet: str
    premises: Premises
    folder: Path
    place: int

    def settle(self) -> None:
        """Give it what no other host sees: a /run of its own, and accounts for its sshd."""
        surroundings.own_run()
        if find_server() is not None:
            ssh.mount_accounts(self.folder)

    async def serve(self) -> list[object]:
        """Start all that answers on it; return what keeps that running."""
        agent = ContainerAgent(self.agent)
        metadata = InstanceMetadata(self.agent, self.subnet, self.premises)
        variables = surroundings.variables(self.folder)
        running: list[object] = [
            await asyncio.start_unix_server(speaking(agent.inspect), DOCKER_SOCKET),
            await asyncio.start_server(speaking(metadata.answer), ADDRESS, _HTTP),
            await serve_commands(machine_path(self.folder, self.place), variables),
        ]
        if not self.agent.silent:
            talk = speaking(agent.introspect)
            running.append(await asyncio.start_server(talk, _LOOPBACK, INTROSPECTION_PORT))
        sshd = find_server()
        if sshd is not None:
            log = ssh_log_path(self.folder, self.place)
            running.append(ssh.serve_ssh(ssh_path(self.folder, self.place), log, sshd))
        return running


def prepare(plan: TwinPlan, folder: Path) -> None:
    """Write what all container instances and tasks of a twin share, where it has any."""
    instances = any(host.agent is not None for host in plan.hosts)
    if instances or any(host.tasks for host in plan.hosts):
        surroundings.prepare(folder)
    if instances and find_server() is not None:
        ssh.prepare(folder)

"""Where ECS has tasks run: a namespace for each way to dress, with metadata, beside a host.

A connection to `sockets.tasks_path` is one task. Its first line is the order
(`lab.platform.orders`), further ones go to the platform as they come, and so do the platform's to
whoever ordered. When either hangs up, the task ends. The platform works where AWS has it work: for
Fargate at the task's own interface, for EC2 at the host's; containers are always at the task's.
"""

import asyncio
import contextlib
import functools
import json
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pytest_ecs_privatelink.lab.cloud import REGION
from pytest_ecs_privatelink.lab.inside import kernel, links, surroundings
from pytest_ecs_privatelink.lab.inside.netlink import NetlinkSocket
from pytest_ecs_privatelink.lab.sockets import ca_path, tasks_path
from pytest_ecs_privatelink.lab.task_metadata import ADDRESS, TaskMetadata
from pytest_ecs_privatelink.lab.twin_plan import Guise, TwinPlan
from pytest_ecs_privatelink.lab.web import speaking

_HTTP = 80
_LONGEST_LINE = 1 << 20
_SECONDS_TO_END = 5.0
_PROGRAM = "pytest_ecs_privatelink.lab.platform"


class TaskPlaces:
    """The places beside the ``place``-th host of ``plan``, each in its one of ``namespaces``."""

    def __init__(self, plan: TwinPlan, place: int, folder: Path, namespaces: Sequence[int]) -> None:
        self._host = plan.hosts[place]
        self._plan = plan
        self._folder = folder
        self._path = tasks_path(folder, place)
        self._namespaces = {
            guise.address: each for guise, each in zip(self._host.tasks, namespaces, strict=True)
        }
        self._metadata = TaskMetadata(plan.premises)

    async def serve(self) -> list[object]:
        """Start all that answers; return what keeps that running."""
        running: list[object] = []
        for guise in self._host.tasks:
            with kernel.within_network_namespace(self._namespaces[guise.address]):
                _settle(guise)
                listener = socket.create_server((ADDRESS, _HTTP))
            talk = speaking(self._metadata.answer)
            running.append(await asyncio.start_server(talk, sock=listener))
        running.append(
            await asyncio.start_unix_server(self._converse, self._path, limit=_LONGEST_LINE)
        )
        return running

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, LookupError):
            order = json.loads(self._translated(await reader.readline()))
            with self._metadata.of(order) as variables:
                await self._carry_out({**order, **self._around(variables)}, reader, writer)
        writer.close()

    def _translated(self, line: bytes) -> bytes:
        """Return an order in the words of the twin's Region: the cloud knows but one."""
        return line.replace(REGION.encode(), self._plan.premises.region.encode())

    def _around(self, variables: dict[str, str]) -> dict[str, object]:
        return {
            "ca": str(ca_path(self._folder)),
            "resolver": self._plan.resolver.addresses[0],
            "region": self._plan.premises.region,
            "variables": {**surroundings.variables(self._folder), **variables},
        }

    async def _carry_out(
        self, order: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        inner = self._namespaces[order["address"]]
        fargate = order["launchType"] == "FARGATE"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", _PROGRAM, str(inner)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LONGEST_LINE,
            pass_fds=(inner,),
            preexec_fn=functools.partial(_take_place, inner if fargate else None),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order).encode() + b"\n")
        feeding = asyncio.create_task(_feed(reader, process.stdin))
        with contextlib.suppress(OSError):  # nobody listens any more: it has been told to end
            while line := await process.stdout.readline():
                writer.write(line)
                await writer.drain()
        feeding.cancel()
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _SECONDS_TO_END)
        except TimeoutError:
            process.kill()
            await process.wait()


def _take_place(namespace: int | None) -> None:
    """Be where the platform works, with the right to put containers elsewhere."""
    if namespace is not None:
        kernel.enter_network_namespace(namespace)
    kernel.let_programs_change_namespaces()


async def _feed(reader: asyncio.StreamReader, stdin: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while line := await reader.readline():
            stdin.write(line)
            await stdin.drain()
    stdin.close()


def _settle(guise: Guise) -> None:
    """Give the present namespace a task's interface, and the address of its metadata."""
    with NetlinkSocket(links.ROUTE_FAMILY) as route:
        route.carry_out(
            (
                links.link_up(links.LOOPBACK),
                links.link_up(links.HOST_LINK_INDEX),
                links.address(links.HOST_LINK_INDEX, guise.address),
                links.route("0.0.0.0/0", links.HOST_LINK_INDEX),
                links.address(links.LOOPBACK, ADDRESS),
            )
        )

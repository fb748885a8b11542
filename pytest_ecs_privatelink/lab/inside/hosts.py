"""A host: a network namespace with its addresses, one way out, and a vantage that answers."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.inside import kernel, links
from pytest_ecs_privatelink.lab.inside.dialler import Dialler
from pytest_ecs_privatelink.lab.inside.instance import Instance
from pytest_ecs_privatelink.lab.inside.netlink import NetlinkSocket
from pytest_ecs_privatelink.lab.inside.tasks import TaskPlaces
from pytest_ecs_privatelink.lab.instance_metadata import ADDRESS
from pytest_ecs_privatelink.lab.sockets import socket_path
from pytest_ecs_privatelink.lab.twin_plan import TwinPlan
from pytest_ecs_privatelink.vantage.host import serve

_FILES = {
    # One attempt: a probe has a deadline of its own, and asks again if it wants to.
    "resolv.conf": "nameserver {resolver}\noptions timeout:30 attempts:1\n",
    # No mdns, no systemd-resolved: the latter would be reached on its Unix socket, out of here.
    "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
    "hosts": "127.0.0.1 localhost\n::1 localhost\n",
}
_INDISPENSABLE = "resolv.conf"
_NAME_CACHE = Path("/var/run/nscd")


def mount_resolution(resolver: str, folder: Path) -> None:
    """Make the VPC's resolver what this mount namespace resolves names with, and nothing else."""
    for name, text in _FILES.items():
        target = Path("/etc", name)
        if target.exists():
            own = folder / name
            own.write_text(text.format(resolver=resolver))
            own.chmod(0o644)
            kernel.bind_over(own, target)
        elif name == _INDISPENSABLE:
            raise LabError(f"{target} does not exist: the lab's hosts need one to put theirs over")
    if _NAME_CACHE.exists():
        empty = folder / "empty"
        empty.mkdir()
        kernel.bind_over(empty, _NAME_CACHE)


def run(
    plan: TwinPlan,
    place: int,
    folder: Path,
    namespace: int,
    task_namespaces: Sequence[int],
    ready: Callable[[], None],
) -> None:
    """Be the ``place``-th host until killed; tasks beside it run in ``task_namespaces``."""
    host = plan.hosts[place]
    kernel.enter_network_namespace(namespace)
    with NetlinkSocket(links.ROUTE_FAMILY) as route:
        route.carry_out(
            (
                links.link_up(links.LOOPBACK),
                links.link_up(links.HOST_LINK_INDEX),
                *(links.address(links.HOST_LINK_INDEX, address) for address in host.addresses),
                links.route("0.0.0.0/0", links.HOST_LINK_INDEX),
                *([] if host.agent is None else [links.address(links.LOOPBACK, ADDRESS)]),
            )
        )
    asyncio.run(_live(plan, place, folder, task_namespaces, ready))


async def _live(
    plan: TwinPlan,
    place: int,
    folder: Path,
    task_namespaces: Sequence[int],
    ready: Callable[[], None],
) -> None:
    host = plan.hosts[place]
    running: list[object] = []
    if host.agent is not None:
        instance = Instance(
            agent=host.agent,
            subnet=host.subnet,
            premises=plan.premises,
            folder=folder,
            place=place,
        )
        instance.settle()
        running += await instance.serve()
    if host.tasks:
        running += await TaskPlaces(plan, place, folder, task_namespaces).serve()
    path = str(socket_path(folder, place))
    await serve(path, ready=ready, prober=Dialler(host.guises).answer)
    del running

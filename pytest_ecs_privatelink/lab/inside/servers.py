"""The far side: one network namespace with every server's address, its listeners, the resolver.

Listeners and resolver are two processes: a sweep's handshakes must not keep DNS waiting.
"""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_ecs_privatelink.lab.certificates import Authority
from pytest_ecs_privatelink.lab.inside import kernel, links
from pytest_ecs_privatelink.lab.inside.netlink import Message, NetlinkSocket
from pytest_ecs_privatelink.lab.listeners import listen
from pytest_ecs_privatelink.lab.nameserver import serve_names
from pytest_ecs_privatelink.lab.services import handlers
from pytest_ecs_privatelink.lab.sockets import ca_path
from pytest_ecs_privatelink.lab.twin_plan import Resolver, TwinPlan, Way


def prepare(plan: TwinPlan) -> None:
    """Give the present network namespace all addresses that something answers on."""
    kernel.set_network_option("ipv4.ip_forward", 0)
    kernel.accept_from_everywhere()
    with NetlinkSocket(links.ROUTE_FAMILY) as route:
        route.carry_out(_addresses(plan))


def run_listeners(plan: TwinPlan, folder: Path, namespace: int, ready: Callable[[], None]) -> None:
    """Be what answers on 443 until killed."""
    kernel.enter_network_namespace(namespace)
    asyncio.run(_listen(plan, folder, ready))


def run_resolver(resolver: Resolver, namespace: int, ready: Callable[[], None]) -> None:
    """Be the VPC's resolver until killed."""
    kernel.enter_network_namespace(namespace)
    asyncio.run(serve_names(resolver, ready))


def _addresses(plan: TwinPlan) -> Iterator[Message]:
    yield links.link_up(links.LOOPBACK)
    for index in links.WAY_INDEXES.values():
        yield links.link_up(index)
    for server in plan.servers:
        yield links.address(links.LOOPBACK, server.address)
    # A resolver that is switched off is silence, not a closed port.
    if plan.resolver.answering:
        for address in plan.resolver.addresses:
            yield links.address(links.LOOPBACK, address)
    # Replies need no way of their own: filters go by address.
    yield links.route("0.0.0.0/0", links.WAY_INDEXES[Way.VPC])


async def _listen(plan: TwinPlan, folder: Path, ready: Callable[[], None]) -> None:
    authority = Authority()
    ca_path(folder).write_bytes(authority.certificate())
    listeners = await listen(plan.servers, authority, handlers(plan))
    ready()
    await asyncio.gather(*(listener.serve_forever() for listener in listeners))

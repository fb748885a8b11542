"""Pid 1 of the twin, in the router's network namespace: builds, then waits for requests.

Links, one to each host and one to the servers for each way out, have fixed indexes. Which way a
packet takes is decided by one routing table per host, chosen by the link it came from.
"""

import gc
import json
import os
import sys
from collections.abc import Iterator
from itertools import chain, count
from pathlib import Path

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.inside import filters, hosts, instance, kernel, links, servers
from pytest_ecs_privatelink.lab.inside.children import Child, await_ready, fork
from pytest_ecs_privatelink.lab.inside.netlink import Message, NetlinkError, NetlinkSocket
from pytest_ecs_privatelink.lab.inside.replies import reply
from pytest_ecs_privatelink.lab.twin_plan import FilterChain, TwinPlan, Way
from pytest_ecs_privatelink.records import from_json

_FIRST_HOST_LINK, _FIRST_TASK_LINK = 1000, 5000
_RESOLVER_TABLE = 100
_FIRST_HOST_TABLE = 1000
_RESOLVER_PRIORITY, _HOST_PRIORITY = 10, 100


def run(folder: Path | None) -> int:
    """Fulfil requests until the controller hangs up; return the exit status."""
    try:
        if folder is None:
            _try_out()
            reply()
            return 0
        for generation, line in enumerate(sys.stdin.buffer):
            _fulfil(json.loads(line), folder, generation)
            reply()
    except (LabError, OSError) as error:
        reply(error)
        return 1
    return 0


def _try_out() -> None:
    """Do one of each thing that a kernel or its policy may refuse."""
    _set_options()
    namespace = kernel.new_network_namespace()
    with NetlinkSocket(links.ROUTE_FAMILY) as route:
        route.carry_out([links.pair("try", 100, "try", 100, namespace)])
    _load((FilterChain("try", (), 0),), generation=0)


def _fulfil(request: object, folder: Path, generation: int) -> None:
    if generation == 0:
        _build(from_json(TwinPlan, request), folder)
    else:
        chains: tuple[FilterChain, ...] = from_json(tuple[FilterChain, ...], request)
        _load(chains, generation)


def _build(plan: TwinPlan, folder: Path) -> None:
    _set_options()
    hosts.mount_resolution(plan.resolver.addresses[0], folder)
    instance.prepare(plan, folder)
    server_side = kernel.new_network_namespace()
    host_sides = [kernel.new_network_namespace() for _ in plan.hosts]
    task_sides = [[kernel.new_network_namespace() for _ in host.tasks] for host in plan.hosts]
    with NetlinkSocket(links.ROUTE_FAMILY) as route:
        route.carry_out(_links(host_sides, server_side))
        route.carry_out(_task_links(task_sides))
        route.carry_out(_routes(plan))
    _load(plan.chains, generation=0)
    with kernel.within_network_namespace(server_side):
        servers.prepare(plan)
    places = list(zip(host_sides, task_sides, strict=True))
    await_ready(list(_start(plan, folder, server_side, places)))
    for namespace in (server_side, *host_sides, *chain.from_iterable(task_sides)):
        os.close(namespace)


def _start(
    plan: TwinPlan, folder: Path, server_side: int, places: list[tuple[int, list[int]]]
) -> Iterator[Child]:
    gc.freeze()  # what is there now stays: children should not copy its pages
    yield fork("servers", servers.run_listeners, plan, folder, server_side)
    if plan.resolver.answering:
        yield fork("resolver", servers.run_resolver, plan.resolver, server_side)
    for i, (host, (own, tasks)) in enumerate(zip(plan.hosts, places, strict=True)):
        yield fork(f"host in {host.subnet}", hosts.run, plan, i, folder, own, tasks)


def _set_options() -> None:
    kernel.set_network_option("ipv4.ip_forward", 1)
    kernel.accept_from_everywhere()
    # "Unreachable" is an answer that each of many probes is to get, not one in a second.
    kernel.set_network_option("ipv4.icmp_ratemask", 0)


def _links(host_sides: list[int], server_side: int) -> Iterator[Message]:
    for way, index in links.WAY_INDEXES.items():
        yield links.pair(f"to-{way}", index, way, index, server_side)
        yield links.link_up(index)
    for i, namespace in enumerate(host_sides):
        yield links.pair(
            f"host{i}", _FIRST_HOST_LINK + i, links.HOST_LINK, links.HOST_LINK_INDEX, namespace
        )
        yield links.link_up(_FIRST_HOST_LINK + i)


def _task_links(task_sides: list[list[int]]) -> Iterator[Message]:
    for i, namespace in enumerate(chain.from_iterable(task_sides)):
        index = _FIRST_TASK_LINK + i
        yield links.pair(f"task{i}", index, links.HOST_LINK, links.HOST_LINK_INDEX, namespace)
        yield links.link_up(index)


def _routes(plan: TwinPlan) -> Iterator[Message]:
    tasks = count()
    for address in plan.resolver.addresses:
        yield links.rule_to_address(address, _RESOLVER_TABLE, _RESOLVER_PRIORITY)
        yield links.route(f"{address}/32", links.WAY_INDEXES[Way.DNS], _RESOLVER_TABLE)
    for i, host in enumerate(plan.hosts):
        table = _FIRST_HOST_TABLE + i
        for address in host.addresses:
            yield links.route(f"{address}/32", _FIRST_HOST_LINK + i)
        yield links.rule_from_link(f"host{i}", table, _HOST_PRIORITY)
        for task, at in zip(host.tasks, tasks, strict=False):
            yield links.route(f"{task.address}/32", _FIRST_TASK_LINK + at)
            yield links.rule_from_link(f"task{at}", table, _HOST_PRIORITY)
        for route in host.routes:
            index = None if route.way is None else links.WAY_INDEXES[route.way]
            yield links.route(route.destination, index, table)


def _load(chains: tuple[FilterChain, ...], generation: int) -> None:
    try:
        with NetlinkSocket(filters.NETFILTER_FAMILY) as netfilter:
            filters.load(netfilter, chains, links.WAY_INDEXES, generation)
    except (NetlinkError, OSError) as error:
        raise LabError(
            f"the lab's packet filters need nf_tables ({error}): load it (modprobe nf_tables),"
            f" or {kernel.WAYS_AROUND}"
        ) from error

"""Audits: container agents that are too old, not connected, or older than their endpoints."""

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
from pytest_ecs_privatelink.audits.evidence import unread
from pytest_ecs_privatelink.audits.remedies_agents import (
    connection,
    restart_agents,
    update_agents,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.agents import OLDEST, STANDS_AT, version_of
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.instances import name_of, own_instances
from pytest_ecs_privatelink.verdict import (
    Cell,
    Claim,
    Code,
    Finding,
    LaunchType,
    Remedy,
    Severity,
)

CODES = (
    Code.AGENT_TOO_OLD,
    Code.AGENT_STALE,
    Code.AGENT_DISCONNECTED,
    Code.ENDPOINT_ORDER,
)

_KIND = "container instances"

Instances = tuple[ContainerInstance, ...]


def agents(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find container instances whose agents cannot, or may not, use the endpoints.

    R13: version 1.25.1 or later. R17, R18: agents that were there before the endpoints. Agents of
    ECS Managed Instances are AWS's to care for, and are left out.
    """
    if LaunchType.EC2 not in scene.launch_types:
        return
    for code in CODES:
        yield from unread(scene, code, "cluster.instances")
    cluster = scene.snapshot.cluster
    if cluster is None or cluster.instances is None:
        return
    own = sorted(own_instances(scene.snapshot), key=name_of)
    yield from _too_old(scene, cluster, own)
    yield from _disconnected(scene, cluster, own)
    endpoints = created_ecs_endpoints(scene.snapshot)
    yield from _stale(scene, cluster, own)
    yield from _disordered(scene, cluster, own, endpoints)


def _too_old(
    scene: Scene, cluster: Cluster, instances: list[ContainerInstance]
) -> Iterator[Finding | Unseen]:
    versions = {each: version_of(each.agent_version) for each in instances}
    silent = tuple(each for each, version in versions.items() if version is None)
    old = tuple(each for each, version in versions.items() if version and version < OLDEST)
    if silent and not old:
        yield Unseen(
            code=Code.AGENT_TOO_OLD,
            subject=cluster.name,
            reason=f"the agent's version is not known of {_names(silent)}",
        )
    if not old:
        return
    told = counted(tuple(f"{name_of(each)} ({each.agent_version})" for each in old), _KIND)
    yield _finding(
        Code.AGENT_TOO_OLD,
        Severity.ERROR,
        cluster.name,
        (scene, old),
        summary=(
            f"agents in cluster {cluster.name} are older than 1.25.1, the first that can pull over "
            f"PrivateLink: {told}"
        ),
        expected="container agent 1.25.1 or later",
        observed=told,
        remedy=update_agents(scene.snapshot.region, cluster.name, old),
    )


def _disconnected(
    scene: Scene, cluster: Cluster, instances: list[ContainerInstance]
) -> Iterator[Finding]:
    lost = tuple(each for each in instances if not each.agent_connected)
    if not lost:
        return
    yield _finding(
        Code.AGENT_DISCONNECTED,
        Severity.WARNING,
        cluster.name,
        (scene, lost),
        summary=(
            f"when they were read, these agents in cluster {cluster.name} were not connected: "
            f"{_names(lost)}; agents reconnect several times an hour, so look again"
        ),
        expected="agentConnected is true",
        observed=f"agentConnected is false: {_names(lost)}",
        remedy=connection(scene.snapshot.region, cluster.name, lost),
    )


def _stale(
    scene: Scene,
    cluster: Cluster,
    instances: list[ContainerInstance],
) -> Iterator[Finding]:
    young = remembered(scene.snapshot)
    stale = tuple(each for each in instances if any(_is_before(each, e.time) for e in young))
    later = [each for each in young if any(_is_before(one, each.time) for one in stale)]
    if not stale:
        return
    made = ", ".join(f"{each.endpoint.id} ({each.service})" for each in later)
    yield _finding(
        Code.AGENT_STALE,
        Severity.WARNING,
        cluster.name,
        (scene, stale),
        summary=(
            f"{_names(stale)} registered with cluster {cluster.name} before the creation of "
            f"{made}; an agent that has not been restarted since may stay on the public endpoints "
            "for 12 hours"
        ),
        expected=f"agents started after the creation of {made}",
        observed=f"registered before: {_names(stale)}",
        remedy=restart_agents(scene.snapshot.region, stale),
    )


def _disordered(
    scene: Scene,
    cluster: Cluster,
    instances: list[ContainerInstance],
    endpoints: tuple[Created, ...],
) -> Iterator[Finding]:
    """Judge the order: ``endpoints`` are in the one that R17 wants, all three or none of it."""
    if not disordered(endpoints):
        return
    last = max(each.time for each in endpoints)
    earlier = tuple(each for each in instances if _is_before(each, last))
    if not earlier:
        return
    order = order_of(endpoints)
    yield _finding(
        Code.ENDPOINT_ORDER,
        Severity.WARNING,
        endpoints[-1].endpoint.id,
        (scene, earlier),
        summary=(
            f"while {_names(earlier)} existed in cluster {cluster.name}, the endpoints were "
            f"created in the order {order}: AWS wants ecs-agent, ecs-telemetry, ecs"
        ),
        expected="created in the order ecs-agent, ecs-telemetry, ecs",
        observed="; ".join(
            f"{each.service} ({each.endpoint.id}) {each.time:%Y-%m-%dT%H:%M:%SZ}"
            for each in sorted(endpoints, key=lambda each: each.time)
        ),
        remedy=restart_agents(scene.snapshot.region, earlier),
    )


def _finding(
    code: Code,
    severity: Severity,
    subject: str,
    about: tuple[Scene, Instances],
    *,
    summary: str,
    expected: str,
    observed: str,
    remedy: Remedy,
) -> Finding:
    return Finding(
        code=code,
        severity=severity,
        subject=subject,
        summary=summary,
        expected=expected,
        observed=observed,
        remedy=remedy,
        reference=PAGES[code],
        launch_types=(LaunchType.EC2,),
        blocks=_cells(*about),
    )


def _cells(scene: Scene, instances: Instances) -> tuple[Cell, ...]:
    """Return the cells in which these instances' agents are asked themselves."""
    subnets = {each.subnet for each in instances} & scene.agents
    return tuple(Cell(Claim.AGENT, each, STANDS_AT) for each in sorted(filter(None, subnets)))


def _is_before(instance: ContainerInstance, time: datetime) -> bool:
    registered = moment(instance.registered)
    return registered is not None and registered < time


def _names(instances: Instances) -> str:
    return counted(tuple(map(name_of, instances)), _KIND)

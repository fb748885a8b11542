"""Where an ECS service puts its tasks: launch type, subnets and groups of each placement."""

from collections.abc import Iterator

from pytest_ecs_privatelink.topology.cluster import EcsService, Placement
from pytest_ecs_privatelink.topology.reader.scope import optional
from pytest_ecs_privatelink.topology.reader.wire import Raw
from pytest_ecs_privatelink.verdict import LaunchType

Strategy = tuple[str, ...]
"""Names of capacity providers."""

_FARGATE_PROVIDERS = frozenset({"FARGATE", "FARGATE_SPOT"})
# EXTERNAL (ECS Anywhere) runs outside every VPC, and so is not there.
_LAUNCH_TYPES = {
    "FARGATE": LaunchType.FARGATE,
    "EC2": LaunchType.EC2,
    "MANAGED_INSTANCES": LaunchType.EC2,
}
_IN_USE = frozenset({"PRIMARY", "ACTIVE"})


def strategy_of(raw: Raw, key: str = "capacityProviderStrategy") -> Strategy:
    """Return the names of the capacity providers of a strategy, none where there is no strategy."""
    return tuple(str(item["capacityProvider"]) for item in raw.get(key) or ())


def ecs_service(raw: Raw, default: Strategy) -> EcsService:
    """Return an ECS service; ``default`` is its cluster's default strategy."""
    deployments = raw.get("deployments") or ()
    return EcsService(
        name=str(raw["serviceName"]),
        placements=tuple(_placements(raw, default)),
        execute_command=bool(raw.get("enableExecuteCommand")),
        service_connect=any(_connects(each) for each in (raw, *deployments)),
    )


def _connects(raw: Raw) -> bool:
    return bool((raw.get("serviceConnectConfiguration") or {}).get("enabled"))


def _placements(raw: Raw, default: Strategy) -> Iterator[Placement]:
    """Yield one placement for each launch type of the ECS service, or of its task sets in use.

    With the deployment controllers CODE_DEPLOY and EXTERNAL the task sets say what runs where, and
    the ECS service itself nothing [ECS API, TaskSet].
    """
    controller = (raw.get("deploymentController") or {}).get("type", "ECS")
    if controller == "ECS":
        yield from _placed(raw, default)
        return
    for task_set in raw.get("taskSets") or ():
        if task_set.get("status") in _IN_USE:
            yield from _placed(task_set, default)


def _placed(raw: Raw, default: Strategy) -> Iterator[Placement]:
    definition = optional(raw, "taskDefinition")
    if definition is None:
        return
    network = (raw.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    for launch_type in _launch_types(raw, default):
        yield Placement(
            launch_type=launch_type,
            task_definition=definition,
            subnets=tuple(sorted(network.get("subnets") or ())),
            groups=tuple(sorted(network.get("securityGroups") or ())),
            public_address=network.get("assignPublicIp") == "ENABLED",
        )


def _launch_types(raw: Raw, default: Strategy) -> tuple[LaunchType, ...]:
    """Return its launch types: ``launchType`` is not there with capacity providers.

    A provider that is not Fargate's stands on instances, Managed Instances among them.
    """
    strategy = strategy_of(raw)
    named = optional(raw, "launchType")
    if named is not None and not strategy:
        known = _LAUNCH_TYPES.get(named)
        return () if known is None else (known,)
    providers = set(strategy or default)
    fargate, others = providers & _FARGATE_PROVIDERS, providers - _FARGATE_PROVIDERS
    return tuple(
        launch_type
        for launch_type, there in (
            (LaunchType.FARGATE, fargate),
            # Without any strategy, EC2 is the ECS API's default.
            (LaunchType.EC2, others or not providers),
        )
        if there
    )

"""Where one-off tasks are started: for which launch types, in which subnets, and else why not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pytest_ecs_privatelink.claims.answers import missing_permission
from pytest_ecs_privatelink.claims.terms import Terms
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.evidence import defined
from pytest_ecs_privatelink.topology.instances import own_instances
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Claim, LaunchType

_NO_CLUSTER = "no cluster is known: --ecs-cluster names the one to start tasks in"
_NO_IMAGE = "give --ecs-image (with Python 3) or --ecs-task-definition"
_NO_ROLE = (
    "the cluster's task definitions name no execution role for a generated one: give "
    "--ecs-task-definition"
)
_NO_GROUPS = "what Fargate tasks wear is unknown: --ecs-security-group names it"


@dataclass(frozen=True, slots=True)
class Tasks:
    """The one-off tasks of a run: subnets (ids) by launch type, and why others have none."""

    subnets: Mapping[LaunchType, frozenset[str]] = field(default_factory=dict)
    left_out: Mapping[LaunchType, str] = field(default_factory=dict)

    @property
    def cells(self) -> frozenset[tuple[str, LaunchType]]:
        """Each subnet and launch type that gets a task."""
        return frozenset((each, kind) for kind, found in self.subnets.items() for each in found)

    @property
    def why_none(self) -> str | None:
        """Why there is none at all; None where there is one."""
        if self.subnets:
            return None
        return "; ".join(dict.fromkeys(self.left_out.values()))


def tasks_of(settings: Settings, terms: Terms, launch_types: Iterable[LaunchType]) -> Tasks:
    """Return what is started where. From a cluster's own definitions nothing is guessed."""
    subnets: dict[LaunchType, frozenset[str]] = {}
    left_out: dict[LaunchType, str] = {}
    for kind in launch_types:
        found = _subnets(settings, terms, kind)
        if isinstance(found, str):
            left_out[kind] = found
        else:
            subnets[kind] = found
    return Tasks(subnets, left_out)


def tasks_unproven(settings: Settings, tasks: Tasks) -> Mapping[Claim, str]:
    """Return why the claim has no cell at all where it is asked for; nothing where it has one."""
    if Claim.TASK_START not in settings.claims or tasks.why_none is None:
        return {}
    return {Claim.TASK_START: tasks.why_none}


def _subnets(settings: Settings, terms: Terms, kind: LaunchType) -> frozenset[str] | str:
    """Return the ids of the subnets in which tasks of ``kind`` are started, or why in none."""
    snapshot = terms.snapshot
    if snapshot.cluster is None:
        return _NO_CLUSTER
    if not (settings.images or settings.task_definition or settings.own_world):
        return _NO_IMAGE
    if settings.task_definition is None and not _has_role(snapshot):
        return _NO_ROLE
    if kind is LaunchType.FARGATE:
        known = terms.wearers.get(kind) is not None
        return frozenset(each.id for each in terms.subnets) if known else _NO_GROUPS
    standing = {each.subnet for each in own_instances(snapshot)}
    found = frozenset(each.id for each in terms.subnets if each.id in standing)
    return found or _no_instance(snapshot)


def _has_role(snapshot: Snapshot) -> bool:
    assert snapshot.cluster is not None
    return any(each.execution_role for _, each in defined(snapshot.cluster))


def _no_instance(snapshot: Snapshot) -> str:
    assert snapshot.cluster is not None
    if snapshot.cluster.instances is None:
        permission = missing_permission(snapshot, "cluster.instances")
        return f"the container instances could not be read{permission}"
    return f"no container instance of {snapshot.cluster.name} stands in a subnet under test"

"""What audits are shown, and what they may say besides a finding."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.topology.egress import Egress, egress_of
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.topology.wearers import GroupSets, Wearers
from pytest_ecs_privatelink.verdict import Claim, Code, Finding, LaunchType


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that audits judge: one snapshot, and what is asked of it.

    ``requirements`` are all derived ones, tested or not. ``egress`` has every subnet under test by
    its id. ``registries`` are account ids of the ECR registries in use, never empty. ``wearers``
    says which security groups Fargate tasks and container instances wear, ``others`` which further
    sets they do, where ECS services differ. ``chains`` are the claims of the start-up chain with
    the endpoint services at which they have cells, ``writes`` whether those create anything;
    ``replaced`` are endpoint services through which they ask for other things than tasks name.
    ``agents`` are the ids of the subnets whose container instances are asked about their agents,
    ``tasks`` subnets with the launch types of which a one-off task is started there;
    ``own_definition``: by a task definition of the user's own.
    """

    snapshot: Snapshot
    subnets: tuple[Subnet, ...]
    requirements: tuple[Requirement, ...]
    launch_types: tuple[LaunchType, ...]
    egress: Mapping[str, Egress]
    registries: tuple[str, ...]
    require_private: bool = False
    wearers: Wearers = field(default_factory=dict)
    others: Mapping[LaunchType, GroupSets] = field(default_factory=dict)
    chains: frozenset[tuple[Claim, str]] = frozenset()
    writes: bool = True
    replaced: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    tasks: frozenset[tuple[str, LaunchType]] = frozenset()
    own_definition: bool = False

    def worn(self, launch_type: LaunchType) -> GroupSets:
        """Return every set of groups that packets of ``launch_type`` leave with; none: unknown."""
        first = self.wearers.get(launch_type)
        return (first, *self.others.get(launch_type, ())) if first else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """What an audit could not judge: the code that it can neither raise nor deny, and why.

    ``permissions`` are the IAM actions that would let it; none where it is not for this account to
    see.
    """

    code: Code
    subject: str
    reason: str
    permissions: tuple[str, ...] = ()


Audit = Callable[[Scene], Iterator[Finding | Unseen]]
"""A pure function: everything that it holds against a scene, and everything it could not see."""


def scene_of(
    snapshot: Snapshot,
    *,
    subnets: Iterable[Subnet],
    requirements: Iterable[Requirement],
    launch_types: Iterable[LaunchType],
    registries: tuple[str, ...] = (),
    require_private: bool = False,
    wearers: Wearers | None = None,
    others: Mapping[LaunchType, GroupSets] | None = None,
    chains: frozenset[tuple[Claim, str]] = frozenset(),
    writes: bool = True,
    replaced: frozenset[str] = frozenset(),
    agents: frozenset[str] = frozenset(),
) -> Scene:
    """Set the scene; without ``registries`` the VPC owner's own registry is meant."""
    under_test = tuple(subnets)
    return Scene(
        snapshot=snapshot,
        subnets=under_test,
        requirements=tuple(requirements),
        launch_types=tuple(launch_types),
        egress={subnet.id: egress_of(snapshot, subnet.id) for subnet in under_test},
        registries=registries or (snapshot.vpc.owner,),
        require_private=require_private,
        wearers=wearers or {},
        others=others or {},
        chains=chains,
        writes=writes,
        replaced=replaced,
        agents=agents,
    )

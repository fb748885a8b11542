"""Audit: EFS file systems that tasks cannot mount."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.evidence import Use, unread, uses
from pytest_ecs_privatelink.audits.remedies_mounts import mount_remedy
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.unread import unread_at
from pytest_ecs_privatelink.audits.wording import counted, named
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.cluster import MountTarget, Placement
from pytest_ecs_privatelink.topology.lookup import default_group
from pytest_ecs_privatelink.topology.model import SecurityGroup, Snapshot, Subnet
from pytest_ecs_privatelink.topology.packets import admitted_ranges, names_a_group
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

NFS = 2049
_CODE = Code.EFS_MOUNT_UNREACHABLE

Worn = tuple[str, ...] | None
"""Group ids of whoever mounts; None where nobody knows."""


@dataclass(frozen=True, slots=True)
class Gate:
    """What a mount target's groups admit on 2049: addresses, and members of groups."""

    ranges: Ranges
    members_of: frozenset[str]


@dataclass(slots=True)
class Trouble:
    """Where a file system cannot be mounted from; ``partly`` is by some addresses only."""

    zones: dict[str, Subnet]
    shut: dict[Subnet, MountTarget]
    partly: dict[Subnet, MountTarget]


def efs_mount_unreachable(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find file systems without mount target in a zone in use, or that do not admit TCP 2049.

    Fargate tasks mount by their own interface, those on EC2 by the container instance's; a mount
    target serves its zone [EFS User Guide, "Managing mount targets"].
    """
    yield from unread(scene, _CODE, "cluster.task_definitions")
    mounted: dict[str, list[Use]] = defaultdict(list)
    for use in uses(scene):
        for file_system in use.definition.file_systems:
            mounted[file_system].append(use)
    if not mounted:
        return
    yield from unread(scene, _CODE, "mount_targets")
    if scene.snapshot.mount_targets is None:
        return
    if scene.snapshot.security_groups is None:
        yield _unread_groups(scene)
        return
    for file_system, users in sorted(mounted.items()):
        yield from _judged(scene, file_system, tuple(users))


def _judged(scene: Scene, file_system: str, users: tuple[Use, ...]) -> Iterator[Finding | Unseen]:
    targets = {
        each.az: each
        for each in scene.snapshot.mount_targets or ()
        if each.file_system == file_system
    }
    gates = {each.groups: _gate(scene.snapshot, each.groups) for each in targets.values()}
    trouble, unknown = Trouble({}, {}, {}), set()
    for subnet, worn in _mounting(scene, users):
        target = targets.get(subnet.az)
        if target is None:
            trouble.zones.setdefault(subnet.az, subnet)
        elif (gate := gates[target.groups]) is None:
            unknown.add(f"the groups of mount target {target.id} are not in the snapshot")
        elif not (gate.ranges.covers(_range(subnet)) or gate.members_of & set(worn or ())):
            if worn is None and gate.members_of:
                members = ", ".join(sorted(gate.members_of))
                unknown.add(f"{target.id} admits members of {members}: nobody knows who mounts")
            elif gate.ranges & _range(subnet):
                trouble.partly[subnet] = target
            else:
                trouble.shut[subnet] = target
    if trouble.zones or trouble.shut or trouble.partly:
        yield _finding(scene, file_system, users, trouble, tuple(targets.values()))
    elif unknown:
        yield Unseen(code=_CODE, subject=file_system, reason="; ".join(sorted(unknown)))


def _mounting(scene: Scene, users: tuple[Use, ...]) -> tuple[tuple[Subnet, Worn], ...]:
    """Return each subnet that the file system is mounted from, with the groups worn there."""
    places: dict[Worn, set[str]] = defaultdict(set)
    for use in users:
        everywhere = tuple(subnet.id for subnet in use.subnets)
        for placement in use.placements or (None,):
            inside = (placement.subnets if placement else ()) or everywhere
            places[_worn(scene, placement)].update(inside)
    order = {each.id: place for place, each in enumerate(scene.subnets)}
    return tuple(
        (scene.subnets[place], worn)
        for worn, inside in places.items()
        for place in sorted(order[id_] for id_ in inside if id_ in order)
    )


def _worn(scene: Scene, placement: Placement | None) -> Worn:
    if placement is None:
        return None
    if placement.launch_type is LaunchType.EC2:
        return scene.wearers.get(LaunchType.EC2)
    if placement.groups:
        return placement.groups
    default = default_group(scene.snapshot)
    return (default.id,) if default else None


def _gate(snapshot: Snapshot, ids: tuple[str, ...]) -> Gate | None:
    """Return what the groups admit, or None where one of them is not in the snapshot."""
    groups = tuple(snapshot.index.groups[id_] for id_ in ids if id_ in snapshot.index.groups)
    if len(groups) < len(ids):
        return None
    return Gate(admitted_ranges(snapshot, groups, NFS), _members(groups))


def _members(groups: tuple[SecurityGroup, ...]) -> frozenset[str]:
    rules = (rule for group in groups for rule in group.ingress)
    return frozenset(rule.group for rule in rules if rule.group and names_a_group(rule, NFS))


def _range(subnet: Subnet) -> Ranges:
    return Ranges.of((subnet.cidr,))


def _finding(
    scene: Scene,
    file_system: str,
    users: tuple[Use, ...],
    trouble: Trouble,
    targets: tuple[MountTarget, ...],
) -> Finding:
    names = counted(tuple(each.name for each in users), "task definitions")
    kinds = {place.launch_type for each in users for place in each.placements}
    broken = {**trouble.shut, **trouble.partly}
    told = "; ".join(_told(trouble))
    grave = trouble.zones or trouble.shut
    return Finding(
        code=_CODE,
        severity=Severity.ERROR if grave else Severity.WARNING,
        subject=file_system,
        summary=f"{names} cannot mount {file_system} from everywhere: {told}",
        expected="a mount target in each zone in use, which admits TCP 2049 from its tasks",
        observed=told,
        remedy=mount_remedy(scene.snapshot, file_system, trouble.zones, broken, targets),
        reference=PAGES[_CODE],
        launch_types=tuple(each for each in LaunchType if each in kinds) or scene.launch_types,
    )


def _told(trouble: Trouble) -> Iterator[str]:
    if trouble.zones:
        yield f"there is no mount target in {counted(tuple(sorted(trouble.zones)), 'zones')}"
    if trouble.shut:
        where = named(tuple(trouble.shut))
        yield f"{_gates_of(trouble.shut)} does not admit TCP 2049 from {where}"
    if trouble.partly:
        where = named(tuple(trouble.partly))
        yield f"{_gates_of(trouble.partly)} admits TCP 2049 only from a part of {where}"


def _gates_of(broken: dict[Subnet, MountTarget]) -> str:
    targets = sorted({each.id for each in broken.values()})
    groups = sorted({group for each in broken.values() for group in each.groups})
    what = counted(tuple(groups), "groups") or "no group"
    return f"{what} of {counted(tuple(targets), 'mount targets')}"


def _unread_groups(scene: Scene) -> Unseen:
    cluster = scene.snapshot.cluster
    subject = cluster.name if cluster else scene.snapshot.vpc.id
    part, permission = "security_groups", "ec2:DescribeSecurityGroups"
    return unread_at(scene.snapshot, subject, part, permission, "security groups", _CODE)

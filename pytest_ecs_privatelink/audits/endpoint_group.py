"""Audit: security groups of endpoints that do not admit TCP 443 from those who need it (R11).

What endpoints let out never matters: replies are admitted by state.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from pytest_ecs_privatelink.audits.dialled import Target, targets, tcp, unread, usable
from pytest_ecs_privatelink.audits.remedies_filters import admit
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted, named, told
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.topology.admission import Admission, admitted_in
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Remedy, Severity

_CODE = Code.ENDPOINT_SG_INGRESS


class _Fate(Enum):
    """How a subnet fares: shut out, shut out in part, or depending on what nobody knows."""

    SHUT = auto()
    PART = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class _Gap:
    """A subnet that CIDR rules do not cover: what of it, and whether that is all of it."""

    subnet: Subnet
    uncovered: Ranges
    whole: bool


@dataclass(frozen=True, slots=True)
class _Block:
    """A cell that is blocked: how, whence, for whom, on the way to what."""

    fate: _Fate
    gap: _Gap
    target: Target
    launch_types: tuple[LaunchType, ...]


@dataclass(frozen=True, slots=True)
class _Case:
    """A set of groups, and what they admit."""

    scene: Scene
    groups: tuple[str, ...]
    admission: Admission

    @property
    def subject(self) -> str:
        """The groups' ids."""
        return " ".join(self.groups)


def endpoint_sg_ingress(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find sets of groups, worn by endpoints, that do not admit 443 from all subnets under test.

    A rule that names a group admits whoever wears it; where nobody knows who does, that is a
    warning. One finding tells of all endpoints that wear the same groups, and of all subnets.
    """
    spaces = [(each, Ranges.of((each.cidr,)), usable(each)) for each in scene.subnets]
    worn: dict[tuple[str, ...], list[Target]] = {}
    for target in targets(scene):
        worn.setdefault(target.groups, []).append(target)
    for groups, wearing in sorted(worn.items()):
        known = scene.snapshot.index.groups
        rules = (known[id_] for id_ in groups if id_ in known)
        case = _Case(scene, groups, admitted_in(scene.snapshot, rules))
        yield from _judge(case, wearing, _gaps(case.admission, spaces))


def _gaps(
    admission: Admission, spaces: Iterable[tuple[Subnet, Ranges, Ranges]]
) -> tuple[_Gap, ...]:
    return tuple(
        _Gap(subnet, whole - admission.ranges, not given & admission.ranges)
        for subnet, whole, given in spaces
        if not admission.ranges.covers(given)
    )


def _judge(
    case: _Case, wearing: list[Target], gaps: tuple[_Gap, ...]
) -> Iterator[Finding | Unseen]:
    blocks = tuple(
        block for target in wearing for block in _blocks(case, target, gaps) if block is not None
    )
    if not blocks:
        return
    if not case.groups or any(id_ not in case.scene.snapshot.index.groups for id_ in case.groups):
        subject = case.subject or wearing[0].endpoint.id
        yield unread(case.scene, _CODE, subject, "security_groups", "ec2:DescribeSecurityGroups")
    elif case.admission.unread:
        yield unread(
            case.scene, _CODE, case.subject, "prefix_lists", "ec2:GetManagedPrefixListEntries"
        )
    else:
        for fate in _Fate:
            if found := tuple(each for each in blocks if each.fate is fate):
                yield _finding(case, fate, found)


def _blocks(case: _Case, target: Target, gaps: tuple[_Gap, ...]) -> Iterator[_Block]:
    refused, unsure = [], []
    for kind in target.requirement.launch_types:
        worn = case.scene.worn(kind)
        if not case.admission.groups or not all(map(case.admission.names_any, worn)):
            refused.append(kind)
        elif not worn:
            unsure.append(kind)
    for gap in gaps:
        if refused:
            fate = _Fate.SHUT if gap.whole else _Fate.PART
            yield _Block(fate, gap, target, tuple(refused))
        elif unsure:
            yield _Block(_Fate.UNKNOWN, gap, target, tuple(unsure))


def _finding(case: _Case, fate: _Fate, blocks: tuple[_Block, ...]) -> Finding:
    subnets = tuple(dict.fromkeys(each.gap.subnet for each in blocks))
    cidrs = tuple(each.cidr for each in subnets)
    kinds = {kind for each in blocks for kind in each.launch_types}
    return Finding(
        code=_CODE,
        severity=Severity.ERROR if fate is _Fate.SHUT else Severity.WARNING,
        subject=case.subject,
        summary=_summary(case, fate, blocks, subnets),
        expected=f"inbound TCP 443 from {counted(cidrs, 'ranges')}",
        observed=f"inbound TCP 443 from {told(case.admission)}",
        remedy=_remedy(case, fate, cidrs),
        reference=PAGES[_CODE],
        launch_types=tuple(kind for kind in case.scene.launch_types if kind in kinds),
        blocks=tuple(sorted({tcp(each.gap.subnet.id, each.target.service) for each in blocks})),
    )


def _summary(
    case: _Case, fate: _Fate, blocks: tuple[_Block, ...], subnets: tuple[Subnet, ...]
) -> str:
    group, where = case.subject, named(subnets)
    services = counted((each.target.service for each in blocks), "endpoint services")
    only = f"only from {told(case.admission)}" if _admits(case.admission) else "from nowhere"
    if fate is _Fate.SHUT:
        return f"{group} admits 443 {only}: {where} cannot reach {services}"
    if fate is _Fate.PART:
        gaps = {each.gap.subnet: each.gap.uncovered for each in blocks}
        holes = (cidr for uncovered in gaps.values() for cidr in uncovered.cidrs())
        return (
            f"{group} admits 443 from a part of {where} only: "
            f"{counted(holes, 'ranges in it')} cannot reach {services}"
        )
    return (
        f"{group} admits 443 {only}: to reach {services} from {where}, tasks must wear "
        f"{_named_groups(case.admission)}, and what they wear is unknown"
    )


def _admits(admission: Admission) -> bool:
    return bool(admission.ranges or admission.groups)


def _named_groups(admission: Admission) -> str:
    return " or ".join(sorted(admission.groups))


def _remedy(case: _Case, fate: _Fate, cidrs: tuple[str, ...]) -> Remedy:
    remedy = admit(case.scene.snapshot, case.groups[0], cidrs)
    if fate is not _Fate.UNKNOWN:
        return remedy
    wear = f"# have tasks wear {_named_groups(case.admission)}, or admit their subnets:"
    return Remedy((wear, *remedy.cli), remedy.terraform)

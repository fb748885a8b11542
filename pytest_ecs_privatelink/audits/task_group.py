"""Audits: security groups of tasks and container instances that do not let TCP 443 out (R5, R11).

On EC2 the agent, pulls, logs and secrets leave by the host's interface, so its groups count.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.dialled import (
    Spot,
    Target,
    targets,
    tcp,
    through_gateway,
    unread,
)
from pytest_ecs_privatelink.audits.hub_leads import Lead, leads_of
from pytest_ecs_privatelink.audits.lacks import cells
from pytest_ecs_privatelink.audits.remedies_filters import (
    let_out_to,
    let_out_to_groups,
    let_out_to_list,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted, named, told
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.topology.admission import Admission, admitted_out
from pytest_ecs_privatelink.topology.lookup import s3_prefix_list
from pytest_ecs_privatelink.topology.model import Subnet
from pytest_ecs_privatelink.topology.ranges import Ranges
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Severity

_WHO = {LaunchType.FARGATE: "tasks", LaunchType.EC2: "container instances"}
_OPTIONS = {
    LaunchType.FARGATE: "--ecs-security-group",
    LaunchType.EC2: "--ecs-instance-security-group",
}


@dataclass(frozen=True, slots=True)
class _Case:
    """A set of groups, who is known to wear it, and what it lets out."""

    scene: Scene
    groups: tuple[str, ...]
    launch_types: tuple[LaunchType, ...]
    admission: Admission

    @property
    def subject(self) -> str:
        """The groups' ids."""
        return " ".join(self.groups)

    @property
    def who(self) -> str:
        """The wearers, in words."""
        return " and ".join(_WHO[kind] for kind in self.launch_types)

    def concerns(self, requirement: Requirement) -> bool:
        """Return whether a wearer needs it."""
        return any(kind in requirement.launch_types for kind in self.launch_types)

    def unseen(self, code: Code) -> Unseen | None:
        """Return why a refusal is not certain: rules that could not be read."""
        known = self.scene.snapshot.index.groups
        if any(id_ not in known for id_ in self.groups):
            part, permission = "security_groups", "ec2:DescribeSecurityGroups"
        elif self.admission.unread:
            part, permission = "prefix_lists", "ec2:GetManagedPrefixListEntries"
        else:
            return None
        return unread(self.scene, code, self.subject, part, permission)


def task_sg_egress(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find groups of tasks and container instances that let no 443 out to all of an endpoint.

    Where nobody knows what they wear that is said, for it cannot be judged. Where some endpoint is
    shut off for certain, others of which that is not known add nothing: the group is wrong.
    """
    code = Code.TASK_SG_EGRESS
    yield from _unknown(scene, code, (each.requirement for each in targets(scene)))
    yield from _beyond(scene)
    for case in _cases(scene):
        shut = tuple(each for each in targets(scene) if _is_shut(case, each))
        if not shut:
            continue
        certain = tuple(each for each in shut if _is_certain(case, each))
        if reason := case.unseen(code):
            yield reason
            continue
        if certain:
            yield _to_endpoints(case, certain)
        else:
            yield unread(scene, code, case.subject, "interfaces", "ec2:DescribeNetworkInterfaces")


def task_sg_egress_s3(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find such groups that let no 443 out to every range of the S3 prefix list.

    Only where S3 goes through a gateway endpoint: the addresses it leads to are public ones.
    """
    code = Code.TASK_SG_EGRESS_S3
    if (need := through_gateway(scene)) is None or not need[1]:
        return
    requirement, subnets = need
    prefix_list = s3_prefix_list(scene.snapshot)
    ranges = Ranges.of(prefix_list.cidrs) if prefix_list else Ranges()
    yield from _unknown(scene, code, (requirement,))
    for case in _cases(scene):
        if not case.concerns(requirement):
            continue
        if prefix_list is not None and prefix_list.id in case.admission.lists:
            continue
        if case.admission.ranges.covers(ranges or Ranges.everything()):
            continue
        if reason := case.unseen(code):
            yield reason
        elif prefix_list is None or not ranges:
            yield unread(
                scene, code, case.subject, "prefix_lists", "ec2:GetManagedPrefixListEntries"
            )
        else:
            missing = ranges - case.admission.ranges
            yield _to_s3(case, requirement, subnets, prefix_list.id, missing)


def _unknown(scene: Scene, code: Code, needs: Iterable[Requirement]) -> Iterator[Unseen]:
    """Yield for which launch types among ``needs`` nobody knows the groups."""
    needing = {kind for each in needs for kind in each.launch_types}
    for kind in scene.launch_types:
        if kind in needing and not scene.worn(kind):
            reason = f"what {_WHO[kind]} wear is unknown: name it with {_OPTIONS[kind]}"
            yield Unseen(code=code, subject=_WHO[kind], reason=reason)


def _cases(scene: Scene) -> Iterator[_Case]:
    worn: dict[tuple[str, ...], list[LaunchType]] = {}
    for kind in scene.launch_types:
        for groups in scene.worn(kind):
            worn.setdefault(tuple(sorted(groups)), []).append(kind)
    known = scene.snapshot.index.groups
    for groups, kinds in sorted(worn.items()):
        rules = (known[id_] for id_ in groups if id_ in known)
        yield _Case(scene, groups, tuple(kinds), admitted_out(scene.snapshot, rules))


def _is_shut(case: _Case, target: Target) -> bool:
    return (
        case.concerns(target.requirement)
        and not case.admission.names_any(target.groups)
        and any(not case.admission.ranges.covers(spot.addresses) for spot in target.spots)
    )


def _is_certain(case: _Case, target: Target) -> bool:
    """Return whether an address is refused: of one that is unknown, all that it may be."""
    return any(_is_refused(case, spot) for spot in target.spots)


def _is_refused(case: _Case, spot: Spot) -> bool:
    if spot.exact or case.scene.snapshot.interfaces is not None:
        return not case.admission.ranges.covers(spot.addresses)
    return not case.admission.ranges & spot.addresses


def _beyond(scene: Scene) -> Iterator[Finding | Unseen]:
    """Yield which groups let no 443 out to a hub's addresses, where no rule by group leads."""
    zoned = leads_of(scene) if scene.snapshot.hosted_zones else ()
    leads = [each for each in zoned if each.address is not None]
    for case in _cases(scene):
        shut = tuple(
            each
            for each in leads
            if case.concerns(each.requirement) and each.place not in case.admission.ranges
        )
        if shut:
            yield case.unseen(Code.TASK_SG_EGRESS) or _to_hub(case, shut)


def _to_hub(case: _Case, shut: tuple[Lead, ...]) -> Finding:
    scene, places = case.scene, dict.fromkeys(each.place for each in shut)
    hub = counted(places, "addresses")
    needs = {each.requirement.service: each.requirement for each in shut}
    return Finding(
        code=Code.TASK_SG_EGRESS,
        severity=Severity.ERROR,
        subject=case.subject,
        summary=(
            f"{case.subject}, which {case.who} wear, lets no 443 out to {hub}, where hosted zones "
            f"lead: they cannot reach {counted(tuple(needs))} from {named(scene.subnets)}"
        ),
        expected=f"outbound TCP 443 to {hub}",
        observed=f"outbound TCP 443 to {told(case.admission)}",
        remedy=let_out_to(scene.snapshot, case.groups[0], (f"{each}/32" for each in places)),
        reference=PAGES[Code.TASK_SG_EGRESS],
        launch_types=case.launch_types,
        # What does not show its certificate is a stranger to private-dns, too.
        blocks=tuple(sorted(cell for one in needs.values() for cell in cells(one, scene.subnets))),
    )


def _to_endpoints(case: _Case, shut: tuple[Target, ...]) -> Finding:
    scene = case.scene
    services = counted((each.service for each in shut), "endpoint services")
    peers = tuple(dict.fromkeys(each.groups[0] for each in shut if each.groups))
    worn = " ".join(peers) or "their addresses"
    return Finding(
        code=Code.TASK_SG_EGRESS,
        severity=Severity.ERROR,
        subject=case.subject,
        summary=(
            f"{case.subject}, which {case.who} wear, lets no 443 out to {worn}: "
            f"they cannot reach {services} from {named(scene.subnets)}"
        ),
        expected=f"outbound TCP 443 to {worn}",
        observed=f"outbound TCP 443 to {told(case.admission)}",
        remedy=let_out_to_groups(scene.snapshot, case.groups[0], peers),
        reference=PAGES[Code.TASK_SG_EGRESS],
        launch_types=case.launch_types,
        blocks=tuple(
            sorted({tcp(subnet.id, each.service) for each in shut for subnet in scene.subnets})
        ),
    )


def _to_s3(
    case: _Case,
    requirement: Requirement,
    subnets: tuple[Subnet, ...],
    prefix_list: str,
    missing: Ranges,
) -> Finding:
    return Finding(
        code=Code.TASK_SG_EGRESS_S3,
        severity=Severity.ERROR,
        subject=case.subject,
        summary=(
            f"{case.subject}, which {case.who} wear, lets no 443 out to "
            f"{counted(missing.cidrs(), 'ranges')} of S3 ({prefix_list}): "
            f"image layers cannot be pulled from {named(subnets)}"
        ),
        expected=f"outbound TCP 443 to {prefix_list}",
        observed=f"outbound TCP 443 to {told(case.admission)}",
        remedy=let_out_to_list(case.scene.snapshot, case.groups[0], prefix_list),
        reference=PAGES[Code.TASK_SG_EGRESS_S3],
        launch_types=case.launch_types,
        blocks=tuple(sorted(tcp(subnet.id, requirement.service) for subnet in subnets)),
    )

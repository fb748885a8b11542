"""One break, one cause: red checks of one live code, grouped by what they have in common."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.diagnosis.cover import Option, Pick, cover
from pytest_ecs_privatelink.diagnosis.ground import Ground
from pytest_ecs_privatelink.verdict import Check, Code, Verdict


class Axis(StrEnum):
    """What cells can have in common, and so what one break can break."""

    ERRAND = "the image, log group or secret"
    SERVICE = "the endpoint"
    SUBNET = "the subnet"
    GROUPS = "the endpoints' security groups"
    ACL = "the network ACL"
    TABLE = "the route table"
    RESOLVER = "the resolver"
    INTERFACES = "every interface endpoint of the VPC"
    VPC = "the VPC"


_ALWAYS = (Axis.SERVICE, Axis.SUBNET)


@dataclass(frozen=True, slots=True)
class Group:
    """Checks with one code that one subject explains."""

    code: Code
    subject: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    axis: Axis
    subject: str
    share: float


def group_by_break(
    code: Code,
    red: Sequence[Check],
    checks: Sequence[Check],
    axes: tuple[Axis, ...],
    ground: Ground,
) -> tuple[Group, ...]:
    """Group ``red``, the checks that ``code`` must explain, into as few groups as possible.

    ``checks`` is the whole run. An endpoint or a subnet may be blamed for part of its cells;
    anything wider only where no check of the run contradicts it. ``axes`` says what may be blamed,
    likeliest first; of equally good covers the greedy one wins, then by endpoint, then by subnet.
    """
    by_id = {check.id: check for check in red}
    lines = _lines(code, frozenset(by_id), checks, axes, ground)
    candidates = (
        lines,
        *([each for each in lines if each.item.axis is axis] for axis in _ALWAYS),
    )
    covers = [
        cover(frozenset(by_id), candidate, lambda line, newly: _rank(line, newly, axes))
        for candidate in candidates
    ]
    # Tasks may end at no endpoint service that is known: then services cover nothing.
    most = max(map(_covered, covers))
    whole = (each for each in covers if _covered(each) == most)
    return tuple(_group(code, pick, by_id) for pick in min(whole, key=len))


def _covered(picks: Sequence[Pick[_Line]]) -> int:
    return sum(len(pick.newly) for pick in picks)


def _rank(line: _Line, newly: int, axes: tuple[Axis, ...]) -> tuple[object, ...]:
    return (-newly, -line.share, axes.index(line.axis), line.subject)


def _group(code: Code, pick: Pick[_Line], by_id: dict[str, Check]) -> Group:
    checks = tuple(check for key, check in by_id.items() if key in pick.newly)
    return Group(code, pick.item.subject, checks)


def _lines(
    code: Code,
    red: frozenset[str],
    checks: Sequence[Check],
    axes: tuple[Axis, ...],
    ground: Ground,
) -> list[Option[_Line]]:
    witnesses = _witnesses(code, red, checks)
    services = {check.service for check in witnesses if check.id in red}
    lines = []
    for axis in axes:
        # Routes are per destination: other endpoint services say nothing about a table.
        heard = (
            [check for check in witnesses if check.service in services]
            if axis is Axis.TABLE
            else witnesses
        )
        members = _by_subject(axis, heard, ground)
        lines += [_option(axis, subject, line, red) for subject, line in members.items()]
    return [
        each for each in lines if each.reach and (each.item.axis in _ALWAYS or each.item.share == 1)
    ]


def _by_subject(axis: Axis, checks: Sequence[Check], ground: Ground) -> dict[str, list[Check]]:
    kinds: dict[object, list[Check]] = defaultdict(list)
    for check in checks:
        kinds[_alike(axis, check)].append(check)
    members: dict[str, list[Check]] = defaultdict(list)
    for kind in kinds.values():
        if (subject := _subject(axis, kind[0], ground)) is not None:
            members[subject] += kind
    return members


def _alike(axis: Axis, check: Check) -> object:
    """Return what checks share that have the same subject for certain."""
    if axis in (Axis.SERVICE, Axis.GROUPS, Axis.INTERFACES):
        return check.service
    if axis in (Axis.ACL, Axis.TABLE):
        return check.subnet
    if axis is Axis.ERRAND:
        return check.subject or check.id
    return (check.subnet or check.id) if axis is Axis.SUBNET else None


def _option(axis: Axis, subject: str, line: list[Check], red: frozenset[str]) -> Option[_Line]:
    reach = frozenset(check.id for check in line) & red
    return Option(_Line(axis, subject, len(reach) / len(line)), reach)


def _witnesses(code: Code, red: frozenset[str], checks: Sequence[Check]) -> list[Check]:
    """Return the checks that can speak for or against a break: ``red`` and what looked otherwise.

    What failed alike but is explained already speaks neither way.
    """
    claims = {check.claim for check in checks if check.id in red}
    looked = (Verdict.PASSED, Verdict.WARNED, Verdict.FAILED)
    return [
        check
        for check in checks
        if check.id in red
        or (check.claim in claims and check.verdict in looked and check.code is not code)
    ]


def _subject(axis: Axis, check: Check, ground: Ground) -> str | None:
    service, subnet = ground.service(check.service or ""), ground.subnet(check.subnet or "")
    match axis:
        case Axis.ERRAND:
            return check.subject
        case Axis.SERVICE:
            return service.endpoint or check.service
        case Axis.SUBNET:
            return check.subnet or check.subject or check.id
        case Axis.GROUPS:
            return " ".join(service.groups) or None
        case Axis.ACL:
            return subnet.acl
        case Axis.TABLE:
            return subnet.table
        case Axis.RESOLVER:
            return " ".join(ground.resolvers) or "the VPC resolver"
        case Axis.INTERFACES:
            return None if service.gateway else ground.vpc
        case Axis.VPC:
            return ground.vpc

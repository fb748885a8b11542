"""Audits: task definitions that reach into another Region."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.elsewhere import may_answer
from pytest_ecs_privatelink.audits.evidence import Use, unread, uses
from pytest_ecs_privatelink.audits.lacks import (
    Hidden,
    Lack,
    consequence,
    hidden,
    weigh,
    weighed_blindly,
)
from pytest_ecs_privatelink.audits.remedies_workload import (
    UNNAMED_GROUP,
    copied_image,
    copied_secret,
    own_log_group,
)
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.partitions import looks_like_region
from pytest_ecs_privatelink.catalogue.services import SERVICES, host_names
from pytest_ecs_privatelink.topology.cluster import Container
from pytest_ecs_privatelink.topology.lookup import aws_endpoints
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Remedy

CODES = (Code.CROSS_REGION_IMAGE, Code.CROSS_REGION_LOGS, Code.CROSS_REGION_SECRET)


@dataclass(frozen=True, slots=True)
class Reach:
    """What a container takes from, or sends to, a Region.

    ``services`` are the endpoint services that this takes; ``what`` names it, ``thing`` is the
    image, log group or secret itself. ``account`` is that of an ECR registry.
    """

    code: Code
    region: str
    services: tuple[str, ...]
    what: str
    thing: str
    account: str | None = None


Reaches = tuple[Reach, ...]


def cross_region(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find images, log groups and secrets of another Region than the VPC's (R9, R16).

    Not where cross-Region endpoints serve them. A warning where a public path works.
    """
    for code in CODES:
        yield from unread(scene, code, "cluster.task_definitions")
    for use in uses(scene):
        for code, regions in sorted(_far(scene.snapshot, use).items()):
            yield from _judged(scene, use, code, regions)


def _far(snapshot: Snapshot, use: Use) -> dict[Code, dict[str, Reaches]]:
    """Return, by code and Region, what lies elsewhere and no endpoint serves."""
    found: dict[Code, dict[str, Reaches]] = defaultdict(dict)
    for container in use.definition.containers:
        for reach in _reaches(container, snapshot.region):
            if reach.region != snapshot.region and not _served(snapshot, reach):
                before = found[reach.code].get(reach.region, ())
                found[reach.code][reach.region] = (*before, reach)
    return found


def _reaches(container: Container, region: str) -> Iterator[Reach]:
    image = parse_image(container.image)
    if image is not None and image.region is not None:
        pull = ("ecr.api", "ecr.dkr")
        what = f"the image of {container.name}"
        yield Reach(
            Code.CROSS_REGION_IMAGE, image.region, pull, what, container.image, image.account
        )
    if container.log_driver == "awslogs" and container.log_region:
        what = f"the logs of {container.name}"
        group = container.log_group or UNNAMED_GROUP
        yield Reach(Code.CROSS_REGION_LOGS, container.log_region, ("logs",), what, group)
    for secret in container.secrets:
        service, home = _home(secret.reference, region)
        what = f"a {secret.purpose} secret of {container.name}"
        if secret.purpose == "value":
            what = f"a secret of {container.name}"
        yield Reach(Code.CROSS_REGION_SECRET, home, (service,), what, secret.reference)


def _home(reference: str, region: str) -> tuple[str, str]:
    """Return service and Region of a secret or parameter; a plain name is the own Region's."""
    parts = reference.split(":")
    if len(parts) > 5 and parts[0] == "arn" and looks_like_region(parts[3]):
        return ("ssm" if parts[2] == "ssm" else "secretsmanager"), parts[3]
    return "ssm", region


def _served(snapshot: Snapshot, reach: Reach) -> bool:
    """Return whether cross-Region endpoints serve it: those name their ServiceRegion."""
    there = {
        name.service
        for endpoint, name in aws_endpoints(snapshot)
        if endpoint.service_region == name.region == reach.region
        and name.service in SERVICES
        and SERVICES[name.service].cross_region
    }
    return there.issuperset(reach.services)


def _judged(
    scene: Scene, use: Use, code: Code, regions: Mapping[str, Reaches]
) -> Iterator[Finding | Unseen]:
    """Yield a finding for each Region; where none can be judged, that."""
    lack = weigh(scene, use.subnets)
    unseen = {region: _unjudged(scene, there, lack) for region, there in regions.items()}
    for region, there in sorted(regions.items()):
        if unseen[region] is None:
            yield _finding(scene, use, there, lack)
    why = [each for _, each in sorted(unseen.items()) if each is not None]
    if len(why) == len(regions):
        yield Unseen(
            code=code,
            subject=use.name,
            reason="; ".join(dict.fromkeys(each.reason for each in why)),
            permissions=tuple(dict.fromkeys(p for each in why for p in each.permissions)),
        )


def _unjudged(scene: Scene, reaches: Reaches, lack: Lack) -> Hidden | None:
    """Return why nobody can say that it does not reach there privately, or how grave that is."""
    region, snapshot = reaches[0].region, scene.snapshot
    answers = [
        may_answer(snapshot, host)
        for reach in reaches
        for service in reach.services
        for host in host_names(service, region, (reach.account or snapshot.vpc.owner,))
    ]
    if all(answers):
        return Hidden(f"{answers[0]} may answer for {region}: only probing can tell")
    if (blind := weighed_blindly(scene, (lack,))) is not None:
        missing = ", ".join(blind.permissions)
        reason = f"it reaches into {region}, and the ways out could not be read: "
        return Hidden(f"{reason}missing permission {missing}", blind.permissions)
    return hidden(snapshot)


def _finding(scene: Scene, use: Use, reaches: Reaches, lack: Lack) -> Finding:
    own, (first, *_) = scene.snapshot.region, reaches
    what = counted(tuple(each.what for each in reaches), "things")
    things = counted(tuple(dict.fromkeys(each.thing for each in reaches)), "of them")
    kinds = {each.launch_type for each in use.placements}
    return Finding(
        code=first.code,
        severity=lack.severity,
        subject=use.name,
        summary=(
            f"task definition {use.name} is used in {own} and reaches into {first.region} for "
            f"{what}: endpoints do not serve other Regions, and {consequence(scene, lack)}"
        ),
        expected=f"in {own}",
        observed=f"in {first.region}: {things}",
        remedy=_remedy(scene.snapshot, use, reaches),
        reference=PAGES[first.code],
        launch_types=tuple(each for each in LaunchType if each in kinds) or scene.launch_types,
    )


def _remedy(snapshot: Snapshot, use: Use, reaches: Reaches) -> Remedy:
    mend = {
        Code.CROSS_REGION_IMAGE: copied_image,
        Code.CROSS_REGION_LOGS: own_log_group,
        Code.CROSS_REGION_SECRET: copied_secret,
    }[reaches[0].code]
    made = tuple(
        mend(snapshot, use.name, thing) for thing in dict.fromkeys(each.thing for each in reaches)
    )
    return Remedy(
        tuple(dict.fromkeys(line for each in made for line in each.cli)),
        "\n".join(dict.fromkeys(each.terraform for each in made)),
    )

"""Audit: the three ECS endpoints of a Region that came after December 2023."""

from collections.abc import Iterator

from pytest_ecs_privatelink.audits.lacks import (
    Lack,
    cells,
    consequence,
    foreign,
    lacks,
    unjudged,
)
from pytest_ecs_privatelink.audits.remedies import ORDER, deletion, new_endpoint
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import named, ways_out
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.catalogue.partitions import introduced_since_2023
from pytest_ecs_privatelink.catalogue.requirements import Need, Requirement
from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, Subnet
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Remedy, Severity

IN_ORDER = ("ecs-agent", "ecs-telemetry", "ecs")
"""The order in which R17 wants them made where container instances exist."""


def ecs_endpoints_incomplete(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find Regions introduced since 2023-12-23 without all three ECS endpoints (R1, R2, R4).

    One finding names all that are missing, so that a copied template is one cause. A warning where
    a public path works, and for Fargate alone, which by another sentence of the page needs none.
    """
    if not introduced_since_2023(scene.snapshot.region):
        return
    needed = {each.service: each for each in scene.requirements}
    judged = []
    for service in IN_ORDER:
        there = endpoints_for(scene.snapshot, service, beyond_repair=True)
        if there or (requirement := needed.get(service)) is None:
            continue
        if unseen := unjudged(scene, requirement, lacks(scene, requirement)):
            yield Unseen(
                code=Code.ECS_ENDPOINTS_INCOMPLETE,
                subject=service,
                reason=unseen.reason,
                permissions=unseen.permissions,
            )
        else:
            judged.append(requirement)
    for lack in _weighed(scene, judged):
        yield _incomplete(scene, tuple(judged), lack)


def _weighed(scene: Scene, missing: list[Requirement]) -> tuple[Lack, ...]:
    """Return the subnets by the gravest of what each of them misses."""
    found: dict[Subnet, Lack] = {}
    for requirement in missing:
        for lack in lacks(scene, requirement):
            for subnet in lack.subnets:
                known = found.get(subnet, lack)
                found[subnet] = min(known, lack, key=lambda each: each.severity)
    groups: dict[tuple[Severity, Code], list[Subnet]] = {}
    for subnet, lack in found.items():
        groups.setdefault((lack.severity, lack.code), []).append(subnet)
    return tuple(Lack(code, severity, tuple(each)) for (severity, code), each in groups.items())


def _incomplete(scene: Scene, missing: tuple[Requirement, ...], lack: Lack) -> Finding:
    snapshot = scene.snapshot
    services = tuple(each.service for each in missing)
    copies = tuple(each for service in services for each, _ in foreign(scene, service))
    here = [service for service in IN_ORDER if endpoints_for(snapshot, service)]
    kinds = {kind for each in missing for kind in each.launch_types}
    return Finding(
        code=Code.ECS_ENDPOINTS_INCOMPLETE,
        severity=lack.severity,
        subject=snapshot.vpc.id,
        summary=(
            f"{snapshot.vpc.id} has no endpoint for {', '.join(services)}{_copied(copies)}, and "
            f"{_after(scene, lack)}: {snapshot.region} counts as introduced since 2023-12-23, "
            f"where {_why(scene)}"
        ),
        expected="endpoints for "
        + ", ".join(service_name(service, snapshot.region) for service in services),
        observed=f"of the three: {', '.join(here) or 'none'}",
        remedy=_remedy(scene, services, copies, lack.subnets),
        reference=PAGES[Code.ECS_ENDPOINTS_INCOMPLETE],
        launch_types=tuple(kind for kind in scene.launch_types if kind in kinds),
        blocks=tuple(
            cell
            for each in missing
            if each.need is not Need.POSSIBLE
            for cell in cells(each, lack.subnets)
        ),
    )


def _copied(copies: tuple[Endpoint, ...]) -> str:
    if not copies:
        return ""
    return f" (what a template brought is another Region's: {', '.join(e.id for e in copies)})"


def _after(scene: Scene, lack: Lack) -> str:
    if lack.code is Code.ENDPOINT_MISSING_PUBLIC_PATH:
        return f"{named(lack.subnets)} go there through {ways_out(scene, lack.subnets)}"
    return consequence(scene, lack)


def _why(scene: Scene) -> str:
    if LaunchType.EC2 in scene.launch_types:
        return "traffic goes over the public endpoints unless there are all three"
    return "all three are needed, though AWS says elsewhere that Fargate tasks need none of them"


def _remedy(
    scene: Scene,
    services: tuple[str, ...],
    copies: tuple[Endpoint, ...],
    subnets: tuple[Subnet, ...],
) -> Remedy:
    made = [new_endpoint(scene.snapshot, service, subnets) for service in services]
    told = (ORDER,) if LaunchType.EC2 in scene.launch_types else ()
    return Remedy(
        (
            *told,
            *(line for each in made for line in each.cli),
            *(deletion(scene.snapshot, each) for each in copies),
        ),
        "\n".join(each.terraform for each in made),
    )

"""Audit: images from registries that no endpoint serves."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from pytest_ecs_privatelink.audits.elsewhere import may_answer, unread_permissions
from pytest_ecs_privatelink.audits.evidence import Use, unread, uses
from pytest_ecs_privatelink.audits.lacks import consequence, weigh, weighed_blindly
from pytest_ecs_privatelink.audits.remedies_workload import cached_registry
from pytest_ecs_privatelink.audits.scene import Scene, Unseen
from pytest_ecs_privatelink.audits.wording import counted
from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.catalogue.pages import PAGES
from pytest_ecs_privatelink.verdict import Code, Finding, LaunchType, Remedy, Severity

# Registries on the internet; so are their subdomains. No PrivateLink service exists for any, public
# ECR included (AmazonECR/latest/userguide/vpc-endpoints.html).
_PUBLIC = (
    *("docker.io", "public.ecr.aws", "ghcr.io", "quay.io", "registry.k8s.io", "k8s.gcr.io"),
    *("gcr.io", "pkg.dev", "mcr.microsoft.com", "registry.gitlab.com", "nvcr.io"),
    *("docker.elastic.co", "registry.access.redhat.com", "registry.redhat.io"),
)


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image that a container of a task definition in use comes from."""

    use: Use
    container: str
    image: str


def image_registry_public(scene: Scene) -> Iterator[Finding | Unseen]:
    """Find images, sidecars' too, that are in no private registry of ECR (R5).

    An error where they come from the internet and nothing leads there. Another registry may stand
    in the VPC or beyond a transit gateway: that is a warning.
    """
    yield from unread(scene, Code.IMAGE_REGISTRY_PUBLIC, "cluster.task_definitions")
    by_host: dict[str, list[Pulled]] = defaultdict(list)
    for use in uses(scene):
        yield from _misnamed(use)
        for container in use.definition.containers:
            image = parse_image(container.image)
            if image is not None and image.region is None:
                by_host[image.host].append(Pulled(use, container.name, container.image))
    for host, pulled in sorted(by_host.items()):
        yield from _judged(scene, host, tuple(pulled))


def _misnamed(use: Use) -> Iterator[Unseen]:
    wrong = [each for each in use.definition.containers if parse_image(each.image) is None]
    if wrong:
        told = ", ".join(f"{each.image!r} of {each.name}" for each in wrong)
        yield Unseen(
            code=Code.IMAGE_REGISTRY_PUBLIC,
            subject=use.name,
            reason=f"no registry can be told from an image that is no reference: {told}",
        )


def _judged(scene: Scene, host: str, pulled: tuple[Pulled, ...]) -> Iterator[Finding | Unseen]:
    inside = {subnet.id for each in pulled for subnet in each.use.subnets}
    subnets = tuple(each for each in scene.subnets if each.id in inside)
    # No endpoint service exists that --ecs-require-private could ask for.
    lack = weigh(replace(scene, require_private=False), subnets)
    if not _is_public(host) or (other := may_answer(scene.snapshot, host)) is not None:
        whose = "it" if not _is_public(host) else f"{other}, which may answer for it,"
        after = f"whether {whose} can be reached from there is not visible"
        yield _finding(scene, host, pulled, Severity.WARNING, after)
    elif blind := weighed_blindly(scene, (lack,)):
        yield _unseen(host, "the ways out could", blind.permissions)
    elif lack.severity is Severity.ERROR and (missing := unread_permissions(scene.snapshot)):
        yield _unseen(host, "who may answer for it in the VPC could", missing)
    else:
        yield _finding(scene, host, pulled, lack.severity, consequence(scene, lack))


def _unseen(host: str, what: str, missing: tuple[str, ...]) -> Unseen:
    return Unseen(
        code=Code.IMAGE_REGISTRY_PUBLIC,
        subject=host,
        reason=f"images come from there, and {what} not be read: "
        f"missing permission {', '.join(missing)}",
        permissions=missing,
    )


def _is_public(host: str) -> bool:
    return any(host == each or host.endswith(f".{each}") for each in _PUBLIC)


def _finding(
    scene: Scene, host: str, pulled: tuple[Pulled, ...], severity: Severity, after: str
) -> Finding:
    users = tuple(f"{each.use.name}/{each.container}" for each in pulled)
    images = tuple(dict.fromkeys(each.image for each in pulled))
    kinds = {place.launch_type for each in pulled for place in each.use.placements}
    return Finding(
        code=Code.IMAGE_REGISTRY_PUBLIC,
        severity=severity,
        subject=host,
        summary=(
            f"{counted(users, 'containers')} {'pulls' if len(users) == 1 else 'pull'} from {host}, "
            f"which no endpoint serves, and {after}"
        ),
        expected="images in a private registry of Amazon ECR",
        observed=counted(images, "images"),
        remedy=_remedy(scene, host, pulled),
        reference=PAGES[Code.IMAGE_REGISTRY_PUBLIC],
        launch_types=tuple(each for each in LaunchType if each in kinds) or scene.launch_types,
    )


def _remedy(scene: Scene, host: str, pulled: tuple[Pulled, ...]) -> Remedy:
    made = tuple(
        cached_registry(scene.snapshot, host, each.use.name, each.image)
        for each in sorted(pulled, key=lambda each: (each.use.name, each.container))
    )
    return Remedy(
        tuple(dict.fromkeys(line for each in made for line in each.cli)),
        "\n".join(dict.fromkeys(each.terraform for each in made)),
    )

"""Image references of task definitions: which registry they name, and whether it is ECR's."""

import re
from dataclasses import dataclass

from pytest_ecs_privatelink.catalogue.partitions import looks_like_region, partition_of

_DOCKER_HUB = "docker.io"
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:]+\])(?::\d+)?")
_PATH = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH}(?:/{_PATH})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}")
CACHE_PREFIXES = frozenset(
    {"chainguard", "docker-hub", "ecr-public", "github", "gitlab", "kubernetes", "quay"}
)
"""Prefixes that ECR suggests for pull-through cache rules; a rule may have any other [D:AmazonECR,
pull-through-cache-creating-rule]."""
_ECR = re.compile(r"(?P<account>\d{12})\.dkr(?P<kind>[.-])ecr(?:-fips)?\.(?P<region>[^.]+)\.(.+)")


@dataclass(frozen=True, slots=True)
class Image:
    """What an image reference names: ``host`` in lower case (with its port, if it has one).

    ``account`` and ``region`` are set for a private registry of Amazon ECR, and for nothing else.
    """

    host: str
    repository: str
    account: str | None = None
    region: str | None = None


def parse_image(text: str) -> Image | None:
    """Return what the image reference names, tag and digest left out; None where it is none.

    What stands before the first slash is a host where it has a dot, a colon, or is ``localhost``;
    else the image is Docker Hub's, official ones under ``library``
    [github.com/distribution/reference, "normalize"].
    """
    host, repository = _taken_apart(_without_version(text))
    if not (_HOST.fullmatch(host) and _REPOSITORY.fullmatch(repository)):
        return None
    return Image(host, repository, *_ecr(host))


def image_version(text: str) -> str:
    """Return what an image reference says after its name: a digest, else a tag, else ``latest``.

    Where it has both, the digest counts, as it does for ECS.
    """
    name, _, digest = text.partition("@")
    tag = name.rpartition(":")[2]
    return digest or (tag if tag != name and "/" not in tag else "latest")


def _without_version(text: str) -> str:
    """Return the reference without tag and digest, or nothing where these are malformed."""
    name, marked, digest = text.partition("@")
    if marked and not _DIGEST.fullmatch(digest):
        return ""
    before, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name
    return before if _TAG.fullmatch(tag) else ""


def _taken_apart(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, repository = first.lower(), rest
    else:
        host, repository = _DOCKER_HUB, name
    if host == f"index.{_DOCKER_HUB}":
        host = _DOCKER_HUB
    official = host == _DOCKER_HUB and repository and "/" not in repository
    return host, f"library/{repository}" if official else repository


def _ecr(host: str) -> tuple[str | None, str | None]:
    """Return account and Region of an ECR registry's host [ECR endpoints, AWS General Reference].

    Those are ``ACCOUNT.dkr.ecr.REGION.amazonaws.com`` and, dual-stack,
    ``ACCOUNT.dkr-ecr.REGION.on.aws``; with ``-fips`` after ``ecr`` the FIPS ones.
    """
    found = _ECR.fullmatch(host)
    if found is None or not looks_like_region(found["region"]):
        return None, None
    partition = partition_of(found["region"])
    suffix = partition.dns_suffix
    if found["kind"] == "-":
        suffix = f"on.{partition.dual_stack_suffix.removeprefix('api.')}"
    return (found["account"], found["region"]) if found[4] == suffix else (None, None)


def looks_cached(image: Image) -> bool:
    """Return whether an image of ECR lies where pull-through cache rules put copies by default."""
    return image.account is not None and image.repository.partition("/")[0] in CACHE_PREFIXES

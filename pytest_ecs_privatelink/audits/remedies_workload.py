"""Remedies for what task definitions name: images, log groups, secrets.

A task definition is changed by a new revision, which only its owner can write: a comment says what
to change in it.
"""

import re
import shlex

from pytest_ecs_privatelink.audits.commands import block, command, label, text
from pytest_ecs_privatelink.catalogue.images import parse_image
from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import Remedy

UNNAMED_GROUP = "a log group"
"""Stands for a log group that the task definition does not name; no group's name has a space."""

# Upstreams of pull-through cache rules (AmazonECR/latest/userguide/pull-through-cache.html): the
# URL and a prefix, and whether the rule needs credentials in Secrets Manager.
_UPSTREAMS = {
    "docker.io": ("registry-1.docker.io", "docker-hub", True),
    "public.ecr.aws": ("public.ecr.aws", "ecr-public", False),
    "quay.io": ("quay.io", "quay", False),
    "registry.k8s.io": ("registry.k8s.io", "kubernetes", False),
    "ghcr.io": ("ghcr.io", "github", True),
    "registry.gitlab.com": ("registry.gitlab.com", "gitlab", True),
}


def copied_image(snapshot: Snapshot, definition: str, image: str) -> Remedy:
    """Return what copies ``image`` into a repository of this Region and account."""
    parsed = parse_image(image)
    repository = parsed.repository if parsed else image
    host = _registry(snapshot)
    target = f"{host}/{repository}{_version(image)}"
    source, copy = shlex.quote(image), shlex.quote(target)
    return Remedy(
        (
            command(snapshot.region, "ecr", "create-repository", "--repository-name", repository),
            f"# logged in to both registries: docker pull {source}; docker tag {source} {copy};"
            f" docker push {copy}",
            f"# then in a new revision of {definition}: image {copy}",
        ),
        block("aws_ecr_repository", label(repository), name=text(repository)),
    )


def cached_registry(snapshot: Snapshot, host: str, definition: str, image: str) -> Remedy:
    """Return the pull-through cache rule for ``host``, or a copy where ECR has none for it."""
    if host not in _UPSTREAMS:
        return copied_image(snapshot, definition, image)
    url, prefix, secret = _UPSTREAMS[host]
    parsed = parse_image(image)
    repository = parsed.repository if parsed else image
    cached = f"{_registry(snapshot)}/{prefix}/{repository}{_version(image)}"
    credential = ("--credential-arn", "SECRET_ARN") if secret else ()
    arguments = {"credential_arn": text("SECRET_ARN")} if secret else {}
    return Remedy(
        (
            command(
                *(snapshot.region, "ecr", "create-pull-through-cache-rule"),
                *("--ecr-repository-prefix", prefix, "--upstream-registry-url", url, *credential),
            ),
            f"# then in a new revision of {definition}: image {shlex.quote(cached)}"
            " (its first pull may need a way to the internet)",
        ),
        block(
            "aws_ecr_pull_through_cache_rule",
            label(prefix),
            ecr_repository_prefix=text(prefix),
            upstream_registry_url=text(url),
            **arguments,
        ),
    )


def own_log_group(snapshot: Snapshot, definition: str, group: str) -> Remedy:
    """Return what makes the log group in this Region."""
    name = "LOG_GROUP" if group == UNNAMED_GROUP else group
    return Remedy(
        (
            command(snapshot.region, "logs", "create-log-group", "--log-group-name", name),
            f"# then in a new revision of {definition}: awslogs-region {snapshot.region}",
        ),
        block("aws_cloudwatch_log_group", label(name.strip("/")), name=text(name)),
    )


def copied_secret(snapshot: Snapshot, definition: str, reference: str) -> Remedy:
    """Return what brings a secret, or a parameter, of another Region into this one.

    ``reference`` is an ARN. The value of a parameter is handed over unseen; a secret is replicated
    by AWS, under the same name.
    """
    parts = reference.split(":")
    here = ":".join((*parts[:3], snapshot.region, *parts[4:]))
    then = f"# then in a new revision of {definition}: valueFrom {shlex.quote(here)}"
    copy = _copied_parameter if parts[2] == "ssm" else _replica
    made = copy(snapshot.region, parts)
    return Remedy((*made.cli, then), made.terraform)


def _replica(region: str, parts: list[str]) -> Remedy:
    replicate = command(
        *(parts[3], "secretsmanager", "replicate-secret-to-regions"),
        *("--secret-id", ":".join(parts[:7]), "--add-replica-regions", f"Region={region}"),
    )
    # AWS ends the ARN in a hyphen and six characters of its own, which are not part of the name.
    name = re.sub(r"-\w{6}$", "", parts[6] if len(parts) > 6 else parts[5])
    lines = (
        f'resource "aws_secretsmanager_secret" {text(label(name))} {{',
        f"  name = {text(name)}",
        "  replica {",
        f"    region = {text(region)}",
        "  }",
        "}",
    )
    return Remedy((replicate,), "\n".join(lines))


def _copied_parameter(region: str, parts: list[str]) -> Remedy:
    path = parts[5].removeprefix("parameter")
    name = path if path.count("/") > 1 else path.strip("/")
    read = command(
        *(parts[3], "ssm", "get-parameter", "--name", name, "--with-decryption"),
        *("--query", "Parameter.Value", "--output", "text"),
    )
    put = command(region, "ssm", "put-parameter", "--name", name, "--type", "SecureString")
    called = label(name.strip("/"))
    return Remedy(
        (f'{put} --value "$({read})"',),
        block(
            "aws_ssm_parameter",
            called,
            name=text(name),
            type=text("SecureString"),
            value=f"var.{called}",
        ),
    )


def _registry(snapshot: Snapshot) -> str:
    suffix = partition_of(snapshot.region).dns_suffix
    account = snapshot.account or snapshot.vpc.owner
    return f"{account}.dkr.ecr.{snapshot.region}.{suffix}"


def _version(image: str) -> str:
    """Return the tag that a copy can have: a digest cannot be pushed to."""
    name = image.partition("@")[0].rpartition("/")[2]
    _, colon, tag = name.partition(":")
    return f"{colon}{tag}" if tag else ":latest"

"""What the platform is told to run: records of an order, as `lab.task_life` writes it.

``definition`` and ``overrides`` are as the ECS API has them.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_ECR = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
_DOCKER_HUB = "registry-1.docker.io"


@dataclass(frozen=True, slots=True)
class Image:
    """A reference to an image; ``account`` and ``region`` None where its registry is not ECR's."""

    name: str
    host: str
    repository: str
    reference: str
    account: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class SecretReference:
    """A secret that a container has as the variable ``name``."""

    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogTarget:
    """Where a container's output goes by awslogs."""

    group: str
    region: str
    stream: str
    create_group: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of the task; ``command`` empty: what the image says."""

    name: str
    image: Image
    essential: bool
    command: tuple[str, ...]
    environment: Mapping[str, str]
    secrets: tuple[SecretReference, ...]
    files: tuple[str, ...]
    logs: LogTarget | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One task. ``patience``: seconds until packets count as lost, as AWS waits for minutes.

    ``logs``: seconds by which its output is late; negative: it never comes.
    """

    fargate: bool
    region: str
    resolver: str
    ca: str
    patience: float
    logs: float
    architecture: str
    variables: Mapping[str, str] = field(repr=False)
    containers: tuple[Container, ...]


def read(said: Mapping[str, Any]) -> Order:
    """Return an order from its JSON."""
    definition, overrides = said["definition"], said["overrides"]
    over = {each["name"]: each for each in overrides.get("containerOverrides", ())}
    platform = definition.get("runtimePlatform") or {}
    arm = platform.get("cpuArchitecture") == "ARM64"
    return Order(
        fargate=said["launchType"] == "FARGATE",
        region=said["region"],
        resolver=said["resolver"],
        ca=said["ca"],
        patience=said["patience"],
        logs=said["logs"],
        architecture="arm64" if arm else "amd64",
        variables=said["variables"],
        containers=tuple(
            _container(each, over.get(each["name"], {}), said["id"])
            for each in definition["containerDefinitions"]
        ),
    )


def _container(told: Mapping[str, Any], over: Mapping[str, Any], task: str) -> Container:
    pairs = (*told.get("environment", ()), *over.get("environment", ()))
    files = (*told.get("environmentFiles", ()), *over.get("environmentFiles", ()))
    return Container(
        name=told["name"],
        image=image(told["image"]),
        essential=told.get("essential", True),
        command=(*told.get("entryPoint", ()), *(over.get("command") or told.get("command", ()))),
        environment={each["name"]: each["value"] for each in pairs},
        secrets=tuple(
            SecretReference(each["name"], each["valueFrom"]) for each in told.get("secrets", ())
        ),
        files=tuple(each["value"] for each in files),
        logs=_log_target(told, task),
    )


def _log_target(told: Mapping[str, Any], task: str) -> LogTarget | None:
    """Return where output goes; the stream is named as the user guide's "awslogs" page says."""
    configured = told.get("logConfiguration") or {}
    options = configured.get("options") or {}
    if configured.get("logDriver") != "awslogs":
        return None
    prefix = options.get("awslogs-stream-prefix")
    return LogTarget(
        group=options["awslogs-group"],
        region=options["awslogs-region"],
        stream=f"{prefix}/{told['name']}/{task}" if prefix else task,
        create_group=options.get("awslogs-create-group") == "true",
    )


def image(name: str) -> Image:
    """Return what a reference to an image says; without a registry it is Docker Hub's."""
    first, _, rest = name.partition("/")
    known = rest and ("." in first or ":" in first)
    host, path = (first, rest) if known else (_DOCKER_HUB, name)
    if not known and "/" not in path:
        path = f"library/{path}"
    repository, at, reference = path.partition("@")
    if not at:
        repository, _, reference = path.partition(":")
    ecr = _ECR.fullmatch(host)
    return Image(
        name=name,
        host=host.replace("docker.io", _DOCKER_HUB) if host == "docker.io" else host,
        repository=repository,
        reference=reference or "latest",
        account=ecr["account"] if ecr else None,
        region=ecr["region"] if ecr else None,
    )

"""Requirements: which endpoint services a VPC must offer to ECS, to what launch types, and why."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.catalogue.partitions import introduced_since_2023
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.verdict import LaunchType

_BOTH = (LaunchType.FARGATE, LaunchType.EC2)
_FARGATE = (LaunchType.FARGATE,)
_EC2 = (LaunchType.EC2,)


class Need(StrEnum):
    """How sure it is that an endpoint service is needed, the surest first.

    ``REQUIRED``: a task definition or an option says so. ``ASSUMED``: nearly every task needs it,
    and nothing says otherwise. ``POSSIBLE``: some tasks do.
    """

    REQUIRED = "required"
    ASSUMED = "assumed"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """An endpoint service that is needed: for which launch types, and because of what.

    ``because`` is one sentence; ``rule`` the rules of REQUIREMENTS.md behind it (``R8, R15``), or
    ``-``. ``absence_warns``: without an endpoint, even a merely possible need deserves a warning.
    """

    service: str
    need: Need
    launch_types: tuple[LaunchType, ...]
    because: str
    rule: str
    absence_warns: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Evidence from task definitions and ECS services: for which launch types each was seen.

    ``secrets`` are Secrets Manager's (injected values and private registry credentials alike),
    ``ssm_parameters`` Parameter Store's. ``registries`` are account ids of the ECR registries in
    use. Empty is "not seen", never "seen not to be".
    """

    private_image: tuple[LaunchType, ...] = ()
    awslogs: tuple[LaunchType, ...] = ()
    secrets: tuple[LaunchType, ...] = ()
    ssm_parameters: tuple[LaunchType, ...] = ()
    env_files: tuple[LaunchType, ...] = ()
    ecs_exec: tuple[LaunchType, ...] = ()
    ecs_exec_kms: tuple[LaunchType, ...] = ()
    service_connect: tuple[LaunchType, ...] = ()
    registries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A row of the table: ``need`` holds for ``launch_types`` where ``evidence`` was seen there.

    ``evidence`` is a field of `Features`; None holds always. ``new_regions``: only where R1 does.
    """

    service: str
    need: Need
    launch_types: tuple[LaunchType, ...] = _BOTH
    rule: str = "-"
    because: str
    evidence: str | None = None
    new_regions: bool = False
    absence_warns: bool = True


def _seen(
    service: str,
    evidence: str,
    because: str,
    rule: str = "-",
    launch_types: tuple[LaunchType, ...] = _BOTH,
) -> _Rule:
    return _Rule(
        service=service,
        need=Need.REQUIRED,
        launch_types=launch_types,
        evidence=evidence,
        because=because,
        rule=rule,
    )


def _assumed(
    service: str, because: str, rule: str, launch_types: tuple[LaunchType, ...] = _BOTH
) -> _Rule:
    return _Rule(
        service=service,
        need=Need.ASSUMED,
        launch_types=launch_types,
        because=because,
        rule=rule,
    )


def _possible(service: str, because: str) -> _Rule:
    return _Rule(service=service, need=Need.POSSIBLE, because=because, absence_warns=False)


def _in_new_regions(service: str) -> _Rule:
    """Say for Fargate what AWS's page leaves open; EC2 needs the three in every Region anyway."""
    return _Rule(
        service=service,
        need=Need.POSSIBLE,
        launch_types=_FARGATE,
        because=(
            "Regions introduced since 2023-12-23 need it (R1), yet Fargate tasks do not (R4):"
            " AWS does not say which holds for Fargate in such a Region"
        ),
        rule="R1, R4",
        new_regions=True,
    )


_LOGIN = "a pull from Amazon ECR begins with a token from the ECR API"
_REGISTRY = "a pull from Amazon ECR fetches the image manifest from the registry"
_LAYERS = "image layers in Amazon ECR are downloaded from Amazon S3"
_AWSLOGS = "the awslogs log driver writes to CloudWatch Logs"
_SECRETS = "secrets of Secrets Manager are fetched before a task starts"

_RULES = (
    _assumed("ecr.api", _LOGIN, "R5"),
    _assumed("ecr.dkr", _REGISTRY, "R5"),
    _assumed("s3", _LAYERS, "R5"),
    _assumed("logs", _AWSLOGS, "R8", _FARGATE),
    _assumed("logs", _AWSLOGS, "R15", _EC2),
    _assumed("ecs", "the container agent registers and reports through the ECS API", "R17", _EC2),
    _assumed("ecs-agent", "the container agent is told there which tasks to run", "R17", _EC2),
    _assumed("ecs-telemetry", "the container agent sends its metrics there", "R17", _EC2),
    _seen("ecr.api", "private_image", _LOGIN, "R5"),
    _seen("ecr.dkr", "private_image", _REGISTRY, "R5"),
    _seen("s3", "private_image", _LAYERS, "R5"),
    _seen("s3", "env_files", "environment files are downloaded from Amazon S3"),
    _seen("logs", "awslogs", _AWSLOGS, "R8", _FARGATE),
    _seen("logs", "awslogs", _AWSLOGS, "R15", _EC2),
    _seen("secretsmanager", "secrets", _SECRETS, "R7", _FARGATE),
    _seen("secretsmanager", "secrets", _SECRETS, "R14", _EC2),
    _seen("ssm", "ssm_parameters", "parameters are fetched before a task starts"),
    _seen("ssmmessages", "ecs_exec", "ECS Exec opens its channels there"),
    _seen("kms", "ecs_exec_kms", "ECS Exec decrypts its session with the cluster's KMS key"),
    _seen("ecs-agent", "service_connect", "Service Connect manages its Envoy there", "R12"),
    *(
        _Rule(
            service="secretsmanager",
            need=Need.POSSIBLE,
            launch_types=launch_types,
            because="tasks with secrets of Secrets Manager fetch them before they start",
            rule=rule,
        )
        for rule, launch_types in (("R7", _FARGATE), ("R14", _EC2))
    ),
    _possible("ssm", "tasks with parameters of Parameter Store fetch them before they start"),
    _possible("ssmmessages", "tasks with ECS Exec open its channels there"),
    _possible("kms", "ECS Exec with a KMS key decrypts its sessions there"),
    *(_in_new_regions(service) for service in ("ecs", "ecs-agent", "ecs-telemetry")),
)

_EXISTS = "an endpoint exists: private DNS makes it the only path"
_SURENESS = tuple(Need)


def derive_requirements(
    *,
    region: str,
    launch_types: Iterable[LaunchType],
    features: Features = Features(),
    existing: frozenset[str] = frozenset(),
    only: tuple[str, ...] | None = None,
) -> tuple[Requirement, ...]:
    """Return what a VPC in ``region`` must offer, sorted by service, one entry per service.

    ``existing`` are the services that have an endpoint: private DNS makes an endpoint the only
    path, so one that nothing else asks for is still possible. ``only`` replaces all of that with
    the services it names; `ValueError` for one that is not in the catalogue.
    """
    wanted = tuple(kind for kind in _BOTH if kind in set(launch_types))
    if only is not None:
        return tuple(_named(service, wanted) for service in sorted(set(map(_legal, only))))
    rows: dict[str, list[_Rule]] = {}
    for row in _applying(region, wanted, features):
        rows.setdefault(row.service, []).append(row)
    derived = [_merged(service, found) for service, found in rows.items()]
    derived += (
        Requirement(
            service=service, need=Need.POSSIBLE, launch_types=wanted, because=_EXISTS, rule="-"
        )
        for service in existing
        if service in SERVICES and service not in rows
    )
    return tuple(sorted(derived, key=lambda requirement: requirement.service))


def tested(
    requirements: Iterable[Requirement], existing: frozenset[str]
) -> tuple[Requirement, ...]:
    """Return the requirements that get cells: all but the possible ones without an endpoint."""
    return tuple(
        requirement
        for requirement in requirements
        if requirement.need is not Need.POSSIBLE or requirement.service in existing
    )


def _applying(region: str, wanted: tuple[LaunchType, ...], features: Features) -> Iterator[_Rule]:
    """Yield the rows that hold here, each narrowed to the launch types that it holds for."""
    new = introduced_since_2023(region)
    for row in _RULES:
        seen = wanted if row.evidence is None else getattr(features, row.evidence)
        kinds = tuple(kind for kind in wanted if kind in row.launch_types and kind in seen)
        if kinds and (new or not row.new_regions):
            yield dataclasses.replace(row, launch_types=kinds)


def _merged(service: str, rows: list[_Rule]) -> Requirement:
    """Merge all rows of a service: the surest need, and every launch type with a sure one."""
    need = min((row.need for row in rows), key=_SURENESS.index)
    telling = [row for row in rows if row.need is need]
    sure = [row for row in rows if row.need is not Need.POSSIBLE] or telling
    kinds = {kind for row in sure for kind in row.launch_types}
    rules = dict.fromkeys(row.rule for row in telling if row.rule != "-")
    return Requirement(
        service=service,
        need=need,
        launch_types=tuple(kind for kind in _BOTH if kind in kinds),
        because="; ".join(dict.fromkeys(row.because for row in telling)),
        rule=", ".join(rules) or "-",
        absence_warns=any(row.absence_warns for row in rows),
    )


def _named(service: str, wanted: tuple[LaunchType, ...]) -> Requirement:
    return Requirement(
        service=service,
        need=Need.REQUIRED,
        launch_types=wanted,
        because="--ecs-need names it",
        rule="-",
    )


def _legal(service: str) -> str:
    if service in SERVICES:
        return service
    close = difflib.get_close_matches(service, SERVICES, n=3)
    legal = ", ".join(dict.fromkeys((*close, *SERVICES)))
    raise ValueError(f"unknown endpoint service {service!r}; legal are: {legal}")

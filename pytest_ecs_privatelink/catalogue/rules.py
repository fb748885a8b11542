"""The table of what ECS needs: which evidence asks for which endpoint service, by which rule."""

from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.verdict import LaunchType

BOTH = (LaunchType.FARGATE, LaunchType.EC2)
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
class Rule:
    """A row of the table: ``need`` holds for ``launch_types`` where ``evidence`` was seen there.

    ``evidence`` is a field of `Features`; None holds always. ``new_regions``: only where R1 does.
    """

    service: str
    need: Need
    launch_types: tuple[LaunchType, ...] = BOTH
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
    launch_types: tuple[LaunchType, ...] = BOTH,
) -> Rule:
    return Rule(
        service=service,
        need=Need.REQUIRED,
        launch_types=launch_types,
        evidence=evidence,
        because=because,
        rule=rule,
    )


def _assumed(
    service: str, because: str, rule: str, launch_types: tuple[LaunchType, ...] = BOTH
) -> Rule:
    return Rule(
        service=service,
        need=Need.ASSUMED,
        launch_types=launch_types,
        because=because,
        rule=rule,
    )


def _possible(service: str, because: str) -> Rule:
    return Rule(service=service, need=Need.POSSIBLE, because=because, absence_warns=False)


def _in_new_regions(service: str) -> Rule:
    """Say for Fargate what AWS's page leaves open; EC2 needs the three in every Region anyway."""
    return Rule(
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

RULES = (
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
        Rule(
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

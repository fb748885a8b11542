"""What the ECS API says about a cluster: the evidence of what tasks need and wear.

Never kept: environment values, commands, and values of secrets; of a secret its reference only.
"""

from dataclasses import dataclass

from pytest_ecs_privatelink.verdict import LaunchType


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """Where an ECS service, or one of its task sets, puts tasks of one launch type.

    ``groups`` empty: the VPC's default group [ECS API, AwsVpcConfiguration]. ``public_address`` is
    ``assignPublicIp``. Without awsvpc (``subnets`` empty) tasks stand where the instances do.
    """

    launch_type: LaunchType
    task_definition: str
    subnets: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    public_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EcsService:
    """An ECS service: its placements (one, or one per task set), and features it switches on."""

    name: str
    placements: tuple[Placement, ...]
    execute_command: bool = False
    service_connect: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A reference to a secret or parameter (``valueFrom``), and what it is for.

    ``purpose`` is ``value``, ``log option``, ``registry`` (repositoryCredentials).
    """

    reference: str
    purpose: str = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container of a task definition, as far as it says what its task must reach.

    ``log_region`` and ``log_group`` are the awslogs driver's; ``env_files`` S3 ARNs of objects.
    """

    name: str
    image: str
    log_driver: str | None = None
    log_group: str | None = None
    log_region: str | None = None
    log_create_group: bool = False
    secrets: tuple[Secret, ...] = ()
    env_files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDefinition:
    """A task definition in use; ``execution_role`` is an ARN, ``file_systems`` EFS ids.

    ``architecture`` is the runtime platform's, as ECS spells it (``X86_64``, ``ARM64``).
    """

    arn: str
    containers: tuple[Container, ...]
    network_mode: str | None = None
    execution_role: str | None = None
    task_role: str | None = None
    file_systems: tuple[str, ...] = ()
    windows: bool = False
    architecture: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInstance:
    """A container instance. Times are RFC 3339 in UTC; ``managed``: ECS Managed Instances.

    ``os`` is ``linux``, ``windows`` or ``bottlerocket``, as its attributes say. ``subnet`` and
    ``groups`` are its primary interface's, None where that was not found.
    """

    arn: str
    instance: str | None
    agent_version: str | None
    agent_connected: bool
    registered: str | None
    subnet: str | None = None
    groups: tuple[str, ...] | None = None
    managed: bool = False
    os: str = "linux"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A cluster with the ECS services and container instances that stand in the VPC.

    A part that could not be read is None, and named in the snapshot's ``unreadable``.
    ``exec_kms_key``: sessions of ECS Exec are encrypted with a KMS key of the cluster's.
    """

    arn: str
    name: str
    services: tuple[EcsService, ...] | None = ()
    task_definitions: tuple[TaskDefinition, ...] | None = ()
    instances: tuple[ContainerInstance, ...] | None = ()
    exec_kms_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """An execution role: its policies as JSON texts, inline ones and attached ones alike."""

    arn: str
    policies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MountTarget:
    """A mount target of an EFS file system, with the groups that it wears."""

    id: str
    file_system: str
    subnet: str
    az: str
    address: str
    groups: tuple[str, ...] = ()

"""Task definitions: what a task must reach, and nothing that is nobody's business."""

from collections.abc import Iterator

from pytest_ecs_privatelink.topology.cluster import Container, Secret, TaskDefinition
from pytest_ecs_privatelink.topology.reader.scope import Scope, optional
from pytest_ecs_privatelink.topology.reader.wire import Raw, Wire


def read_definition(scope: Scope, arn: str) -> TaskDefinition:
    """Return a task definition without its environment, its commands and its tags."""
    return definition_of(scope.wire, arn)


def definition_of(wire: Wire, arn: str) -> TaskDefinition:
    """Return the same where no VPC is read; raises `Refused`."""
    return wire.answer(
        "ecs",
        "DescribeTaskDefinition",
        lambda answer: _definition(answer["taskDefinition"]),
        taskDefinition=arn,
    )


def _definition(raw: Raw) -> TaskDefinition:
    platform = raw.get("runtimePlatform") or {}
    family = optional(platform, "operatingSystemFamily") or ""
    return TaskDefinition(
        arn=str(raw["taskDefinitionArn"]),
        containers=tuple(_container(each) for each in raw.get("containerDefinitions") or ()),
        network_mode=optional(raw, "networkMode"),
        execution_role=optional(raw, "executionRoleArn"),
        task_role=optional(raw, "taskRoleArn"),
        file_systems=tuple(sorted(set(_file_systems(raw)))),
        windows=family.startswith("WINDOWS"),
        architecture=optional(platform, "cpuArchitecture"),
    )


def _file_systems(raw: Raw) -> Iterator[str]:
    for volume in raw.get("volumes") or ():
        if id_ := optional(volume.get("efsVolumeConfiguration") or {}, "fileSystemId"):
            yield id_


def _container(raw: Raw) -> Container:
    log = raw.get("logConfiguration") or {}
    driver = optional(log, "logDriver")
    # Other drivers' options may hold tokens and addresses.
    options: Raw = (log.get("options") or {}) if driver == "awslogs" else {}
    return Container(
        name=str(raw["name"]),
        image=optional(raw, "image") or "",
        log_driver=driver,
        log_group=optional(options, "awslogs-group"),
        log_region=optional(options, "awslogs-region"),
        log_create_group=options.get("awslogs-create-group") == "true",
        secrets=tuple(_secrets(raw, log)),
        env_files=tuple(str(each["value"]) for each in raw.get("environmentFiles") or ()),
    )


def _secrets(raw: Raw, log: Raw) -> Iterator[Secret]:
    for each in raw.get("secrets") or ():
        yield Secret(reference=str(each["valueFrom"]))
    for each in log.get("secretOptions") or ():
        yield Secret(reference=str(each["valueFrom"]), purpose="log option")
    registry = raw.get("repositoryCredentials") or {}
    if reference := optional(registry, "credentialsParameter"):
        yield Secret(reference=reference, purpose="registry")

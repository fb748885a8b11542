"""What one-off tasks are started with, as the ECS API takes it: definition, place and overrides."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_ecs_privatelink.catalogue.marks import RUN_TAG, family_of, marked
from pytest_ecs_privatelink.probes.task_records import TaskQuestion
from pytest_ecs_privatelink.verdict import LaunchType

Raw = dict[str, Any]

CONTAINER = "probe"
MOST_OVERRIDDEN = 8_192
"""Characters that the overrides of RunTask may have as JSON [ECS API, TaskOverride]."""
MOST_DEFINED = 65_536
"""Bytes that a task definition may have [ECS guide, service quotas]."""

_STOP_S = 2  # the least that Fargate takes; our program needs no farewell


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """A task definition of our own: ``image`` (with sh and Python 3) runs ``command`` by ``sh -c``.

    The program's errand comes in the variable ``errand``. With ``secret`` (a ``valueFrom``) ECS
    fetches that into the variable ``secret_name``, which nothing reads. Logs go to ``log_group``,
    which is made where ``make_group`` says so. The task's role is its execution role: so calls from
    inside are signed by whom ECS itself calls as.
    """

    image: str
    command: str
    errand: str
    execution_role: str
    log_group: str
    make_group: bool = False
    secret: str | None = None
    secret_name: str = ""
    architecture: str = "X86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """How the tasks of ``run`` are started in ``cluster``.

    ``starts`` is a family or ARN of the user's own, or what is `Generated`. ``groups`` are what
    tasks wear by launch type (none said: the VPC's default group); ``public`` are subnets whose
    tasks get a public address. ``provider`` is a capacity provider instead of a launch type.
    """

    cluster: str
    run: str
    region: str
    starts: str | Generated
    groups: Mapping[LaunchType, tuple[str, ...] | None] = field(default_factory=dict)
    public: frozenset[str] = frozenset()
    platform_version: str | None = None
    provider: str | None = None
    deadline: float = 300.0

    @property
    def stream_prefix(self) -> str:
        """How the names of the tasks' log streams begin."""
        return marked(self.run)

    def stream_of(self, task: str) -> str:
        """Return the log stream of the task with this ARN [ECS guide, "using_awslogs"]."""
        return f"{self.stream_prefix}/{CONTAINER}/{task.rpartition('/')[2]}"


def overrides_of(generated: Generated, errand: str) -> Raw:
    """Return what gives one task its errand."""
    variable = {"name": generated.errand, "value": errand}
    return {"containerOverrides": [{"name": CONTAINER, "environment": [variable]}]}


def fits_overrides(generated: Generated, errand: str) -> bool:
    """Return whether RunTask takes the errand; else it has to lie in the definition."""
    return len(json.dumps(overrides_of(generated, errand))) <= MOST_OVERRIDDEN


def definition_request(
    plan: TaskPlan, generated: Generated, launch_type: LaunchType, errand: str | None
) -> Raw:
    """Return the parameters of RegisterTaskDefinition; with ``errand`` it holds that, too."""
    request: Raw = {
        "family": family_of(plan.run, launch_type),
        "requiresCompatibilities": [launch_type.upper()],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": generated.execution_role,
        "taskRoleArn": generated.execution_role,
        "containerDefinitions": [_container(plan, generated, errand)],
        "tags": [{"key": RUN_TAG, "value": plan.run}],
    }
    if launch_type is LaunchType.FARGATE:
        request["runtimePlatform"] = {
            "cpuArchitecture": generated.architecture,
            "operatingSystemFamily": "LINUX",
        }
    return request


def _container(plan: TaskPlan, generated: Generated, errand: str | None) -> Raw:
    container: Raw = {
        "name": CONTAINER,
        "image": generated.image,
        "essential": True,
        "entryPoint": ["/bin/sh", "-c"],
        "command": [generated.command],
        "stopTimeout": _STOP_S,
        # So that somebody reaps, and passes SIGTERM on.
        "linuxParameters": {"initProcessEnabled": True},
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": generated.log_group,
                "awslogs-region": plan.region,
                "awslogs-stream-prefix": plan.stream_prefix,
            },
        },
    }
    if errand is not None:
        container["environment"] = [{"name": generated.errand, "value": errand}]
    if generated.secret is not None:
        container["secrets"] = [{"name": generated.secret_name, "valueFrom": generated.secret}]
    return container


def run_request(
    plan: TaskPlan, question: TaskQuestion, definition: str, errand: str | None, token: str
) -> Raw:
    """Return the parameters of RunTask for one task; ``token`` makes repeating it harmless."""
    fargate = question.launch_type is LaunchType.FARGATE
    network: Raw = {"subnets": [question.subnet]}
    if groups := plan.groups.get(question.launch_type):
        network["securityGroups"] = list(groups)
    if fargate:
        network["assignPublicIp"] = "ENABLED" if question.subnet in plan.public else "DISABLED"
    request: Raw = {
        "cluster": plan.cluster,
        "taskDefinition": definition,
        "count": 1,
        "startedBy": marked(plan.run),
        "clientToken": token,
        "enableExecuteCommand": False,
        "networkConfiguration": {"awsvpcConfiguration": network},
        "tags": [{"key": RUN_TAG, "value": plan.run}],
    }
    if errand is not None and isinstance(plan.starts, Generated):
        request["overrides"] = overrides_of(plan.starts, errand)
    return request | _capacity(plan, question, fargate=fargate)


def _capacity(plan: TaskPlan, question: TaskQuestion, *, fargate: bool) -> Raw:
    chosen: Raw = {}
    provider = plan.provider
    if provider is not None and provider.startswith("FARGATE") is fargate:
        chosen["capacityProviderStrategy"] = [{"capacityProvider": provider, "weight": 1}]
    else:
        chosen["launchType"] = question.launch_type.upper()
    if fargate and plan.platform_version is not None:
        chosen["platformVersion"] = plan.platform_version
    if not fargate:
        where = f"attribute:ecs.subnet-id == {question.subnet}"
        chosen["placementConstraints"] = [{"type": "memberOf", "expression": where}]
    return chosen

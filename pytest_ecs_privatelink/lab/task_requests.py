"""What RunTask is asked for, checked as ECS does, and what it makes of it."""

import json
import uuid
from collections.abc import Mapping
from typing import Any, TypeAlias

from pytest_ecs_privatelink.lab.refused_call import CallRefusedError
from pytest_ecs_privatelink.lab.task_places import Place
from pytest_ecs_privatelink.lab.task_truth import TaskFacts

Request: TypeAlias = Mapping[str, Any]

_MOST_AT_ONCE = 10
_LONGEST_OVERRIDES = 8192
_FARGATE = ("FARGATE", "FARGATE_SPOT")
_PLATFORM_VERSION = "1.4.0"


def task_arn(cluster: str, name: str) -> str:
    """Return the ARN of a task of the cluster with an ARN; its name may be one already."""
    if name.startswith("arn:"):
        return name
    return f"{cluster.replace(':cluster/', ':task/')}/{name}"


def launch_type_of(request: Request, definition: Mapping[str, Any]) -> str:
    """Return the launch type that a request comes down to; `CallRefusedError` where none fits."""
    strategy = request.get("capacityProviderStrategy") or ()
    if strategy and request.get("launchType"):
        raise CallRefusedError(
            "InvalidParameterException",
            "Specify either a launch type or a capacity provider strategy, not both.",
        )
    launch_type = str(request.get("launchType") or "EC2")
    if strategy:
        launch_type = "FARGATE" if strategy[0]["capacityProvider"] in _FARGATE else "EC2"
    if launch_type not in definition.get("compatibilities", (launch_type,)):
        raise CallRefusedError(
            "InvalidParameterException",
            f"Task definition does not support launch_type {launch_type}.",
        )
    return launch_type


def check(request: Request, definition: Mapping[str, Any]) -> None:
    """Refuse what RunTask refuses before it places anything."""
    wrong = None
    network = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
    if definition.get("networkMode") == "awsvpc" and not network.get("subnets"):
        wrong = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
    elif not 1 <= request.get("count", 1) <= _MOST_AT_ONCE:
        wrong = f"count should be from 1 to {_MOST_AT_ONCE}"
    elif len(json.dumps(request.get("overrides") or {})) > _LONGEST_OVERRIDES:
        wrong = f"Overrides should be at most {_LONGEST_OVERRIDES} characters long"
    if wrong is not None:
        raise CallRefusedError("InvalidParameterException", wrong)


def fields_of(
    request: Request,
    cluster: str,
    definition: Mapping[str, Any],
    launch_type: str,
    instance: str | None,
) -> dict[str, Any]:
    """Return what is known of a task as it is started."""
    arn = task_arn(cluster, uuid.uuid4().hex)
    strategy = request.get("capacityProviderStrategy") or ()
    fields = {
        "taskArn": arn,
        "clusterArn": cluster,
        "taskDefinitionArn": definition["taskDefinitionArn"],
        "containers": [_container(each, arn) for each in definition["containerDefinitions"]],
        "overrides": {"containerOverrides": [], **(request.get("overrides") or {})},
        "group": request.get("group") or f"family:{definition['family']}",
        "launchType": launch_type,
        "startedBy": request.get("startedBy"),
        "tags": request.get("tags") or [],
        "cpu": definition.get("cpu"),
        "memory": definition.get("memory"),
        "capacityProviderName": strategy[0]["capacityProvider"] if strategy else None,
        "containerInstanceArn": instance,
        "enableExecuteCommand": False,
    }
    if launch_type == "FARGATE":
        version = request.get("platformVersion", "LATEST")
        fields["platformVersion"] = _PLATFORM_VERSION if version == "LATEST" else version
        fields["platformFamily"] = "Linux"
    return {name: value for name, value in fields.items() if value is not None}


def _container(told: Mapping[str, Any], task: str) -> dict[str, Any]:
    return {
        "containerArn": f"{task.replace(':task/', ':container/')}/{uuid.uuid4()}",
        "taskArn": task,
        "name": told["name"],
        "image": told["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(told.get("cpu", 0)),
    }


def order_for(
    fields: Mapping[str, Any], place: Place, definition: Mapping[str, Any], facts: TaskFacts
) -> Mapping[str, Any]:
    """Return what the platform is told (`lab.platform.orders`)."""
    return {
        "task": fields["taskArn"],
        "id": fields["taskArn"].rpartition("/")[2],
        "cluster": fields["clusterArn"],
        "launchType": fields["launchType"],
        "address": place.address,
        "definition": definition,
        "overrides": fields["overrides"],
        "patience": facts.patience,
        "logs": facts.logs,
    }

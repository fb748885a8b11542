"""ECS's one-off tasks in the lab's cloud: they really run, on the twin's network.

Definitions, clusters and container instances are the emulator's, which is asked for them; whatever
becomes of a task is the platform's to say (`lab.platform`). Calls by the API reference.
"""

import json
import threading
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pytest_ecs_privatelink.lab.refused_call import CallRefusedError
from pytest_ecs_privatelink.lab.task_life import TaskLife
from pytest_ecs_privatelink.lab.task_places import (
    Place,
    PlacementError,
    Places,
    choose,
    subnet_of,
)
from pytest_ecs_privatelink.lab.task_record import TaskRecord
from pytest_ecs_privatelink.lab.task_truth import TaskFacts, heard

Request: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[[str, Request], Mapping[str, Any]]

_MOST_AT_ONCE = 10
_LONGEST_OVERRIDES = 8192
_FARGATE = ("FARGATE", "FARGATE_SPOT")
_PLATFORM_VERSION = "1.4.0"


class Tasks:
    """Every task that was started. ``ask`` puts an operation of ECS to the emulator.

    ``places`` is the file that names where tasks can run.
    """

    def __init__(self, places: Path | None, ask: Ask) -> None:
        self._places = Places(places)
        self._ask = ask
        self._known: dict[str, TaskLife] = {}
        self._turned_away: dict[str, int] = {}
        self._lock = threading.Lock()

    def run(self, request: Request) -> Mapping[str, object]:
        """RunTask: place tasks and start them, and return without waiting."""
        cluster, facts = self._cluster(request)
        self._turn_away(cluster, facts)
        definition = self._definition(request)
        launch_type = _launch_type(request, definition)
        _check(request, definition)
        tasks: list[Mapping[str, object]] = []
        failures: list[Mapping[str, object]] = []
        for number in range(request.get("count", 1)):
            try:
                place, instance = self._place(request, cluster, facts, launch_type, number)
            except PlacementError as error:
                arn = {} if error.arn is None else {"arn": error.arn}
                failures.append({**arn, "reason": error.reason})
                continue
            fields = _fields(request, cluster, definition, launch_type, instance)
            record = TaskRecord(fields, place.address, place.subnet)
            order = _order(fields, place, definition, facts)
            life = TaskLife(record, place.path, order, facts)
            with self._lock:
                self._known[record.arn] = life
            tasks.append(record.told(tags=True))
            threading.Thread(target=life.carry_out, daemon=True).start()
        return {"tasks": tasks, "failures": failures}

    def describe(self, request: Request) -> Mapping[str, object]:
        """DescribeTasks: tell of each, or that it is MISSING."""
        cluster, _ = self._cluster(request)
        with_tags = "TAGS" in request.get("include", ())
        told, missing = [], []
        for name in request["tasks"]:
            life = self._find(cluster, name)
            if life is None or life.vanished:
                missing.append({"arn": _arn(cluster, name), "reason": "MISSING"})
            else:
                told.append(life.record.told(tags=with_tags))
        return {"tasks": told, "failures": missing}

    def list(self, request: Request) -> Mapping[str, object]:
        """ListTasks: those of a cluster that are to run, or as the filters say."""
        cluster, _ = self._cluster(request)
        names = {
            "family": "family",
            "startedBy": "startedBy",
            "launchType": "launchType",
            "containerInstance": "containerInstanceArn",
        }
        wanted = {names[name]: request[name] for name in names if request.get(name)}
        wanted |= {"clusterArn": cluster, "desiredStatus": request.get("desiredStatus", "RUNNING")}
        with self._lock:
            lives = tuple(self._known.values())
        found = [each for each in lives if not each.vanished and each.record.matches(wanted)]
        of_service = request.get("serviceName") is not None  # no task here is a service's
        return {"taskArns": [] if of_service else [each.record.arn for each in found]}

    def stop(self, request: Request) -> Mapping[str, object]:
        """StopTask: have a task end, and return without waiting."""
        cluster, _ = self._cluster(request)
        life = self._find(cluster, request["task"])
        if life is None:
            raise CallRefusedError(
                "InvalidParameterException", "The referenced task was not found."
            )
        life.stop(request.get("reason") or "Task stopped by user")
        return {"task": life.record.told()}

    def _find(self, cluster: str, name: str) -> TaskLife | None:
        with self._lock:
            return self._known.get(_arn(cluster, name))

    def _cluster(self, request: Request) -> tuple[str, TaskFacts]:
        """Return the ARN of the cluster that a request names, and what faults say of its tasks."""
        name = request.get("cluster") or "default"
        said = self._ask("DescribeClusters", {"clusters": [name], "include": ["TAGS"]})
        if not said["clusters"]:
            raise CallRefusedError("ClusterNotFoundException", "Cluster not found.")
        found = said["clusters"][0]
        tags = {each["key"]: each["value"] for each in found.get("tags") or ()}
        return str(found["clusterArn"]), heard(tags)

    def _turn_away(self, cluster: str, facts: TaskFacts) -> None:
        with self._lock:
            before = self._turned_away.get(cluster, 0)
            if facts.throttled < 0 or before < facts.throttled:
                self._turned_away[cluster] = before + 1
                raise CallRefusedError("ThrottlingException", "Rate exceeded")

    def _definition(self, request: Request) -> Mapping[str, Any]:
        asked = {"taskDefinition": request["taskDefinition"]}
        try:
            definition = self._ask("DescribeTaskDefinition", asked)["taskDefinition"]
        except CallRefusedError as error:
            raise CallRefusedError("ClientException", "TaskDefinition not found.") from error
        if definition["status"] != "ACTIVE":
            raise CallRefusedError("ClientException", "TaskDefinition is inactive")
        return dict(definition)

    def _place(
        self, request: Request, cluster: str, facts: TaskFacts, launch_type: str, number: int
    ) -> tuple[Place, str | None]:
        """Return where a task goes, and the container instance that has it."""
        network = (request.get("networkConfiguration") or {}).get("awsvpcConfiguration") or {}
        subnets = network.get("subnets") or ()
        groups = network.get("securityGroups") or ()
        arn = None
        if launch_type == "EC2":
            instances = [
                each
                for each in self._instances(cluster)
                if not subnets or subnet_of(each) in subnets
            ]
            chosen = choose(instances, request.get("placementConstraints") or ())
            arn, subnet = str(chosen["containerInstanceArn"]), subnet_of(chosen)
        else:
            subnet = subnets[number % len(subnets)]
        if facts.failure is not None:
            raise PlacementError(arn, facts.failure)
        return self._places.find(subnet, groups, launch_type), arn

    def _instances(self, cluster: str) -> Iterable[Mapping[str, Any]]:
        arns = self._ask("ListContainerInstances", {"cluster": cluster})["containerInstanceArns"]
        if not arns:
            raise CallRefusedError(
                "InvalidParameterException", "No Container Instances were found in your cluster."
            )
        asked = {"cluster": cluster, "containerInstances": arns}
        found: Iterable[Mapping[str, Any]] = self._ask("DescribeContainerInstances", asked)[
            "containerInstances"
        ]
        return found


def _arn(cluster: str, name: str) -> str:
    if name.startswith("arn:"):
        return name
    return f"{cluster.replace(':cluster/', ':task/')}/{name}"


def _launch_type(request: Request, definition: Mapping[str, Any]) -> str:
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


def _check(request: Request, definition: Mapping[str, Any]) -> None:
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


def _fields(
    request: Request,
    cluster: str,
    definition: Mapping[str, Any],
    launch_type: str,
    instance: str | None,
) -> dict[str, Any]:
    """Return what is known of a task as it is started."""
    arn = _arn(cluster, uuid.uuid4().hex)
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


def _order(
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

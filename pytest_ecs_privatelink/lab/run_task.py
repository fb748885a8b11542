"""ECS's one-off tasks in the lab's cloud: they really run, on the twin's network.

Definitions, clusters and container instances are the emulator's, which is asked for them; whatever
becomes of a task is the platform's to say (`lab.platform`). Calls by the API reference.
"""

import threading
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
from pytest_ecs_privatelink.lab.task_requests import (
    Request,
    check,
    fields_of,
    launch_type_of,
    order_for,
    task_arn,
)
from pytest_ecs_privatelink.lab.task_truth import TaskFacts, heard

Ask: TypeAlias = Callable[[str, Request], Mapping[str, Any]]


class Tasks:
    """Every task that was started. ``ask`` puts an operation of ECS to the emulator.

    ``places`` is the file that names where tasks can run.
    """

    def __init__(self, places: Path | None, ask: Ask) -> None:
        self._places = Places(places)
        self._ask = ask
        self._known: dict[str, TaskLife] = {}
        self._by_token: dict[tuple[str, str | None], tuple[TaskLife, ...]] = {}
        self._turned_away: dict[str, int] = {}
        self._lock = threading.Lock()

    def run(self, request: Request) -> Mapping[str, object]:
        """RunTask: place tasks and start them, and return without waiting."""
        cluster, facts = self._cluster(request)
        self._turn_away(cluster, facts)
        token = (cluster, request.get("clientToken"))
        with self._lock:
            before = self._by_token.get(token) if token[1] else None
        if before is not None:
            return {"tasks": [each.record.told(tags=True) for each in before], "failures": []}
        lives, failures = self._start(request, cluster, facts)
        with self._lock:
            self._by_token[token] = lives
            self._known.update({each.record.arn: each for each in lives})
        tasks = [each.record.told(tags=True) for each in lives]
        for each in lives:
            threading.Thread(target=each.carry_out, daemon=True).start()
        return {"tasks": tasks, "failures": failures}

    def describe(self, request: Request) -> Mapping[str, object]:
        """DescribeTasks: tell of each, or that it is MISSING."""
        cluster, _ = self._cluster(request)
        with_tags = "TAGS" in request.get("include", ())
        told, missing = [], []
        for name in request["tasks"]:
            life = self._find(cluster, name)
            if life is None or life.vanished:
                missing.append({"arn": task_arn(cluster, name), "reason": "MISSING"})
            else:
                told.append(life.record.told(tags=with_tags))
        return {"tasks": told, "failures": missing}

    def arns(self, request: Request) -> Mapping[str, object]:
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

    def _start(
        self, request: Request, cluster: str, facts: TaskFacts
    ) -> tuple[tuple[TaskLife, ...], list[Mapping[str, object]]]:
        """Return the tasks that are placed, and why others are not."""
        definition = self._definition(request)
        launch_type = launch_type_of(request, definition)
        check(request, definition)
        lives: list[TaskLife] = []
        failures: list[Mapping[str, object]] = []
        for number in range(request.get("count", 1)):
            try:
                place, instance = self._place(request, cluster, facts, launch_type, number)
            except PlacementError as error:
                arn = {} if error.arn is None else {"arn": error.arn}
                failures.append({**arn, "reason": error.reason})
                continue
            fields = fields_of(request, cluster, definition, launch_type, instance)
            record = TaskRecord(fields, place.address, place.subnet)
            order = order_for(fields, place, definition, facts)
            lives.append(TaskLife(record, place.path, order, facts))
        return tuple(lives), failures

    def _find(self, cluster: str, name: str) -> TaskLife | None:
        with self._lock:
            return self._known.get(task_arn(cluster, name))

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

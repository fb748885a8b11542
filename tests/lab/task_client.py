"""One-off tasks of the lab's cloud, as a client of AWS starts and follows them."""

import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.world import World
from pytest_ecs_privatelink.verdict import LaunchType

SECONDS = 60.0
FAMILIES = {"FARGATE": "app-fargate", "EC2": "app-ec2"}
Task = Mapping[str, Any]


class TaskClient:
    """Starts tasks of the lab's own world."""

    def __init__(self, lab: Laboratory, world: World) -> None:
        self.session = lab.session()
        self.ecs: Any = self.session.client("ecs")
        self.logs: Any = self.session.client("logs")
        self.world = world

    def request(self, kind: str, subnet: str, command: Sequence[str] = (), **more: object) -> Any:  # noqa: ANN401 - arguments of boto3
        """Return the arguments of RunTask for a task in a subnet, which runs ``command``."""
        groups = self.world.task_groups if kind == "FARGATE" else self.world.instance_groups
        member = {"type": "memberOf", "expression": f"attribute:ecs.subnet-id == {subnet}"}
        over = [{"name": "app", "command": list(command)}] if command else []
        return {
            "cluster": "lab",
            "taskDefinition": FAMILIES[kind],
            "launchType": kind,
            "networkConfiguration": {
                "awsvpcConfiguration": {"subnets": [subnet], "securityGroups": list(groups)}
            },
            "overrides": {"containerOverrides": over},
            **({} if kind == "FARGATE" else {"placementConstraints": [member]}),
            **more,
        }

    def start(self, kind: str, subnet: str, command: Sequence[str] = (), **more: object) -> str:
        """Start a task; return its ARN."""
        answer = self.ecs.run_task(**self.request(kind, subnet, command, **more))
        assert answer["failures"] == []
        (task,) = answer["tasks"]
        return str(task["taskArn"])

    def follow(self, *arns: str, until: str = "STOPPED") -> list[Task]:
        """Return the tasks when each has come to a status, which all pass."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            tasks = self.ecs.describe_tasks(cluster="lab", tasks=list(arns))["tasks"]
            if all(each["lastStatus"] in (until, "STOPPED") for each in tasks):
                by_arn = {each["taskArn"]: each for each in tasks}
                return [by_arn[arn] for arn in arns]
            time.sleep(0.1)
        raise AssertionError(f"still {[each['lastStatus'] for each in tasks]}")

    def log(self, arn: str, prefix: str = "app-fargate") -> list[str]:
        """Return what a task's container printed, as far as it is shown."""
        answer = self.logs.get_log_events(
            logGroupName="/ecs/lab",
            logStreamName=f"{prefix}/app/{arn.rpartition('/')[2]}",
            startFromHead=True,
        )
        return [each["message"] for each in answer["events"]]


def groups_of(world: World) -> dict[LaunchType, tuple[str, ...] | None]:
    """Return what is worn in the world, by launch type."""
    return {LaunchType.FARGATE: world.task_groups, LaunchType.EC2: world.instance_groups}


def processes(command: str) -> list[int]:
    """Return the processes that were started by this command line."""
    found = []
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                words = line.read().replace(b"\0", b" ").decode().strip()
        except OSError:
            continue
        if words == command:
            found.append(int(pid))
    return found

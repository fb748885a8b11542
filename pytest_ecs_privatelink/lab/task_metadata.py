"""What a container of the lab is told about its task, and the keys of its role, at 169.254.170.2.

Sources: ECS developer guide, "Task metadata endpoint version 4", "Task IAM role".
"""

import contextlib
import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pytest_ecs_privatelink.lab.dummy_keys import ACCESS_KEY, SECRET_KEY, SESSION_TOKEN
from pytest_ecs_privatelink.lab.tokens import Clock, clock
from pytest_ecs_privatelink.lab.twin_plan import Premises
from pytest_ecs_privatelink.lab.web import Call, Reply

ADDRESS = "169.254.170.2"

_KEYS = "/v2/credentials/"
_ABOUT = "/v4/"
_KEYS_LAST = timedelta(hours=6)


class TaskMetadata:
    """Answers the containers of the tasks that run at one host."""

    def __init__(self, premises: Premises, clock: Clock = clock) -> None:
        self._premises = premises
        self._clock = clock
        self._roles: dict[str, str] = {}
        self._tasks: dict[str, Mapping[str, Any]] = {}

    @contextlib.contextmanager
    def of(self, order: Mapping[str, Any]) -> Iterator[dict[str, str]]:
        """Know the task of ``order`` for a while; yield the variables that lead its containers."""
        keys, about = str(uuid.uuid4()), f"{uuid.uuid4().hex}-0"
        role = order["overrides"].get("taskRoleArn") or order["definition"].get("taskRoleArn")
        variables = {
            "ECS_CONTAINER_METADATA_URI_V4": f"http://{ADDRESS}{_ABOUT}{about}",
            "AWS_EXECUTION_ENV": f"AWS_ECS_{order['launchType']}",
            "AWS_REGION": self._premises.region,
            "AWS_DEFAULT_REGION": self._premises.region,
        }
        self._tasks[about] = order
        if role:
            variables["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"{_KEYS}{keys}"
            self._roles[keys] = role
        try:
            yield variables
        finally:
            del self._tasks[about]
            self._roles.pop(keys, None)

    async def answer(self, call: Call) -> Reply:
        """Tell what is asked for of a task that runs."""
        told: object = None
        if call.path.startswith(_KEYS):
            role = self._roles.get(call.path.removeprefix(_KEYS))
            told = None if role is None else self._keys(role)
        elif call.path.startswith(_ABOUT):
            about, _, rest = call.path.removeprefix(_ABOUT).partition("/")
            order = self._tasks.get(about)
            told = None if order is None else _told(order, rest)
        if told is None or call.method != "GET":
            return Reply(status=404)
        headers = {"content-type": "application/json"}
        return Reply(status=200, headers=headers, body=json.dumps(told).encode())

    def _keys(self, role: str) -> object:
        return {
            "RoleArn": role,
            "AccessKeyId": ACCESS_KEY,
            "SecretAccessKey": SECRET_KEY,
            "Token": SESSION_TOKEN,
            "Expiration": f"{self._clock() + _KEYS_LAST:%Y-%m-%dT%H:%M:%SZ}",
        }


def _told(order: Mapping[str, Any], rest: str) -> object:
    containers = [_container(order, each) for each in order["definition"]["containerDefinitions"]]
    if not rest:
        return containers[0]
    if rest != "task":
        return None
    definition = order["definition"]
    return {
        "Cluster": order["cluster"],
        "TaskARN": order["task"],
        "Family": definition["family"],
        "Revision": str(definition["revision"]),
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "LaunchType": order["launchType"],
        "Containers": containers,
    }


def _container(order: Mapping[str, Any], container: Mapping[str, Any]) -> object:
    network = {"NetworkMode": "awsvpc", "IPv4Addresses": [order["address"]]}
    return {
        "Name": container["name"],
        "Image": container["image"],
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Type": "NORMAL",
        "Networks": [network],
    }

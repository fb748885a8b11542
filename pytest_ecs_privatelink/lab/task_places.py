"""Where a task goes: a subnet's place for it, and for EC2 the container instance that has it.

Words by the API reference (RunTask, Failure) and the developer guide's "API failure reasons".
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ecs_privatelink.lab.refused_call import CallRefusedError
from pytest_ecs_privatelink.lab.task_truth import NO_INTERFACE

Raw = Mapping[str, Any]

_MEMBER = re.compile(r"\s*attribute:([\w./-]+)\s*==\s*([\w./-]+)\s*")
UNMET = "MemberOf placement constraint unsatisfied."
NOT_CONNECTED = "AGENT"


class PlacementError(Exception):
    """Why a task was not placed: ``arn`` of whom, and ECS's reason."""

    def __init__(self, arn: str | None, reason: str) -> None:
        super().__init__(reason)
        self.arn = arn
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a task can run: the Unix socket of its subnet's host, and the address of its own."""

    path: str
    address: str
    subnet: str


class Places:
    """The twin's places, by the file that names them; it is read for each task."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def find(self, subnet: str, groups: Iterable[str], launch_type: str) -> Place:
        """Return the place in ``subnet`` that wears ``groups``, else the launch type's own.

        Raises `PlacementError` where the subnet has no address left.
        """
        known = self._known()
        if subnet not in known:
            raise CallRefusedError(
                "InvalidParameterException",
                f"Error retrieving subnet information for [{subnet}]: the lab's network does not"
                " have it",
            )
        places = known[subnet]["places"]
        worn = sorted(groups)
        for place in places:
            if place["groups"] == worn:
                break
        else:
            kind = launch_type.lower()
            place = next((each for each in places if kind in each["launch_types"]), None)
        if place is None:
            raise PlacementError(None, NO_INTERFACE)
        return Place(path=known[subnet]["path"], address=place["address"], subnet=subnet)

    def _known(self) -> Mapping[str, Any]:
        try:
            text = "{}" if self._file is None else self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = "{}"
        known: Mapping[str, Any] = json.loads(text)
        return known


def choose(instances: Iterable[Raw], constraints: Iterable[Raw]) -> Raw:
    """Return the first container instance that meets all constraints and has its agent connected.

    Raises `PlacementError`, and `CallRefusedError` for a constraint that is none.
    """
    fitting = list(instances)
    for constraint in constraints:
        if constraint["type"] != "memberOf":
            continue
        read = _MEMBER.fullmatch(constraint.get("expression", ""))
        if read is None:
            raise CallRefusedError("InvalidParameterException", "Invalid expression.")
        name, value = read.groups()
        fitting = [each for each in fitting if _attributes(each).get(name) == value]
    if not fitting:
        raise PlacementError(None, UNMET)
    connected = [each for each in fitting if each["agentConnected"]]
    if not connected:
        raise PlacementError(fitting[0]["containerInstanceArn"], NOT_CONNECTED)
    return connected[0]


def subnet_of(instance: Raw) -> str:
    """Return the subnet that a container instance stands in."""
    return str(_attributes(instance).get("ecs.subnet-id", ""))


def _attributes(instance: Raw) -> Mapping[str, Any]:
    return {each["name"]: each.get("value") for each in instance["attributes"]}

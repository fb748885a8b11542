"""What the ECS API says of one task, as it changes."""

import copy
import secrets
import threading
import time
import uuid
from collections.abc import Mapping
from typing import Any

Raw = dict[str, Any]


class TaskRecord:
    """A task's fields (API type Task); every change is a version."""

    def __init__(self, fields: Raw, address: str, subnet: str) -> None:
        self._fields = fields
        self._address = address
        self._lock = threading.Lock()
        self._interface = {
            "id": str(uuid.uuid4()),
            "type": "ElasticNetworkInterface",
            "status": "PRECREATED",
            "details": [{"name": "subnetId", "value": subnet}],
        }
        fields.update(
            {
                "attachments": [self._interface],
                "lastStatus": "PROVISIONING",
                "desiredStatus": "RUNNING",
                "createdAt": time.time(),
                "version": 1,
            }
        )

    @property
    def arn(self) -> str:
        """The task's ARN."""
        return str(self._fields["taskArn"])

    @property
    def status(self) -> str:
        """Its last status."""
        return str(self._fields["lastStatus"])

    def matches(self, wanted: Mapping[str, str]) -> bool:
        """Whether all of ``wanted`` is so: ``family`` among them, else fields."""
        with self._lock:
            return all(
                self._fields.get(name) == value
                if name != "family"
                else self._fields["taskDefinitionArn"].rpartition("/")[2].partition(":")[0] == value
                for name, value in wanted.items()
            )

    def told(self, *, tags: bool = False) -> Raw:
        """Return all of it; tags only to those who ask for them."""
        with self._lock:
            fields = copy.deepcopy(self._fields)
        if not tags:
            fields["tags"] = []
        return fields

    def attached(self) -> None:
        """Give it its network interface."""
        hexed = secrets.token_hex(6)
        mac = ":".join(("02", *(hexed[at : at + 2] for at in range(2, 12, 2))))
        with self._lock:
            self._interface["status"] = "ATTACHED"
            self._interface["details"] += [  # type: ignore[operator]
                {"name": "networkInterfaceId", "value": f"eni-{secrets.token_hex(9)[:17]}"},
                {"name": "macAddress", "value": mac},
                {"name": "privateIPv4Address", "value": self._address},
            ]
            for each in self._fields["containers"]:
                each["networkInterfaces"] = [
                    {
                        "attachmentId": self._interface["id"],
                        "privateIpv4Address": self._address,
                    }
                ]
            now = time.time()
            self._change(connectivity="CONNECTED", connectivityAt=now)

    def became(self, status: str) -> None:
        """Say where it has come to; containers follow."""
        with self._lock:
            self._change(lastStatus=status)
            if status == "RUNNING":
                self._change(startedAt=time.time())
                for each in self._fields["containers"]:
                    if each["lastStatus"] == "PENDING":
                        each["lastStatus"] = "RUNNING"
            elif status == "DEPROVISIONING":
                self._interface["status"] = "DELETED"

    def pulled(self, *, began: bool) -> None:
        """Say when the pull began or ended."""
        with self._lock:
            self._change(**{"pullStartedAt" if began else "pullStoppedAt": time.time()})

    def blamed(self, container: str | None, reason: str | None) -> None:
        """Say why a container did not start."""
        with self._lock:
            for each in self._fields["containers"]:
                if each["name"] == container and reason is not None:
                    each["reason"] = reason
            self._change()

    def exited(self, container: str, code: int) -> None:
        """Say how a container ended."""
        with self._lock:
            for each in self._fields["containers"]:
                if each["name"] == container:
                    each.update({"lastStatus": "STOPPED", "exitCode": code})
            self._change()

    def stopping(self, code: str, reason: str) -> None:
        """Say why it stops; the first word stays the last."""
        with self._lock:
            if self._fields["desiredStatus"] == "STOPPED":
                return
            self._change(
                desiredStatus="STOPPED", stopCode=code, stoppedReason=reason, stoppingAt=time.time()
            )

    def ended(self) -> None:
        """Say that it has stopped."""
        with self._lock:
            for each in self._fields["containers"]:
                each["lastStatus"] = "STOPPED"
            now = time.time()
            self._change(lastStatus="STOPPED", stoppedAt=now, executionStoppedAt=now)

    def _change(self, **fields: object) -> None:
        self._fields.update(fields)
        self._fields["version"] += 1

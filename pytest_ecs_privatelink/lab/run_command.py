"""SSM Run Command in the lab's cloud: scripts that really run, on the lab's hosts.

Words and limits by the API reference (SendCommand, GetCommandInvocation), "Understanding command
statuses" of the user guide, and amazon-ssm-agent (exit codes; what is cut off says so). That guide
knows no limit for the size of a request, so there is none here.
"""

import json
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_ecs_privatelink.lab.invocation import DOCUMENT, Invocation
from pytest_ecs_privatelink.lab.refused_call import CallRefusedError

Request = Mapping[str, Any]

_DEFAULT_SECONDS = 3600  # of AWS-RunShellScript's executionTimeout


class Commands:
    """Every command that was sent in ``account``; ``machines`` is the file that names the hosts."""

    def __init__(self, machines: Path | None, account: str) -> None:
        self._machines = machines
        self._account = account
        self._sent: dict[str, dict[str, Invocation]] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Mapping[str, object]:
        """SendCommand: start the script on each instance, and return without waiting."""
        if request.get("DocumentName") != DOCUMENT:
            raise CallRefusedError("InvalidDocument", "The specified document does not exist.")
        parameters = request.get("Parameters") or {}
        if not parameters.get("commands"):
            raise CallRefusedError("InvalidParameters", "commands is a required parameter")
        command = str(uuid.uuid4())
        script = "\n".join(parameters["commands"])
        seconds = float((parameters.get("executionTimeout") or [_DEFAULT_SECONDS])[0])
        invocations = {
            instance: Invocation(command, instance, path)
            for instance, path in self._machines_of(request).items()
        }
        with self._lock:
            self._sent[command] = invocations
        for each in invocations.values():
            threading.Thread(target=each.carry_out, args=(script, seconds), daemon=True).start()
        return {"Command": _command(command, request, tuple(invocations))}

    def invocation(self, request: Request) -> Mapping[str, object]:
        """GetCommandInvocation: how it stands with a command on an instance."""
        found = self._of(request).get(request.get("InstanceId", ""))
        if found is None:
            raise CallRefusedError("InvocationDoesNotExist")
        return found.told()

    def cancel(self, request: Request) -> Mapping[str, object]:
        """CancelCommand: hear no more of it where it still runs; its host ends it in time."""
        invocations = self._of(request)
        if not invocations:
            raise CallRefusedError("InvalidCommandId")
        for instance in request.get("InstanceIds") or invocations:
            if instance in invocations:
                invocations[instance].cancel()
        return {}

    def _of(self, request: Request) -> Mapping[str, Invocation]:
        with self._lock:
            return self._sent.get(request.get("CommandId", ""), {})

    def _machines_of(self, request: Request) -> Mapping[str, str]:
        """Return the sockets of the instances that are asked for; all of them must be managed."""
        wanted = request.get("InstanceIds") or ()
        known = self._known()
        strangers = [each for each in wanted if each not in known]
        if strangers or not wanted:
            raise CallRefusedError(
                "InvalidInstanceId",
                f"Instances [[{', '.join(strangers)}]] not in a valid state for account"
                f" {self._account}",
            )
        return {each: known[each] for each in wanted}

    def _known(self) -> Mapping[str, str]:
        # Read for each command: a twin may have been built, or built anew, since.
        try:
            text = "{}" if self._machines is None else self._machines.read_text(encoding="utf-8")
        except FileNotFoundError:
            text = "{}"
        known: Mapping[str, str] = json.loads(text)
        return known


def _command(command: str, request: Request, instances: tuple[str, ...]) -> Mapping[str, object]:
    seconds = request.get("TimeoutSeconds", _DEFAULT_SECONDS)
    now = time.time()
    return {
        "CommandId": command,
        "DocumentName": DOCUMENT,
        "DocumentVersion": request.get("DocumentVersion", ""),
        "Comment": request.get("Comment", ""),
        "ExpiresAfter": now + seconds,
        "Parameters": request["Parameters"],
        "InstanceIds": list(instances),
        "Targets": [],
        "RequestedDateTime": now,
        "Status": "Pending",
        "StatusDetails": "Pending",
        "TargetCount": len(instances),
        "CompletedCount": 0,
        "ErrorCount": 0,
        "TimeoutSeconds": seconds,
    }

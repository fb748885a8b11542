"""RunCommand of AWS Systems Manager as a testinfra backend: no port, no key, no way in."""

import math
import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from testinfra.backend.base import BaseBackend, CommandResult

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.vantage.instance.troubles import NotAskedError, last_words

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_SHOWN = 24_000
"""Characters of a command's output that GetCommandInvocation shows [SSM API]."""

_DELIVERY_S = 30  # the least that SendCommand takes for TimeoutSeconds
_UNKNOWN, _LATELY_S = "InvocationDoesNotExist", 15.0
"""What SSM says of a command that was just sent, and how long it may."""
_FIRST_WAIT_S, _LONGEST_WAIT_S = 0.1, 2.0
_UNDER_WAY = ("Pending", "InProgress", "Delayed", "Cancelling")
_NOT_REGISTERED = (
    "SSM does not know it as a managed instance: see that the SSM Agent runs there, that its role "
    "has AmazonSSMManagedInstanceCore, and that it reaches ssm and ssmmessages"
)
_REFUSED = {
    "InvalidInstanceId": _NOT_REGISTERED,
    "UnsupportedPlatformType": "AWS-RunShellScript does not run on its platform",
}
_ENDED_BADLY = {
    "Undeliverable": "the command could not be delivered",
    "DeliveryTimedOut": f"the command was not taken within {_DELIVERY_S} s",
    "InvalidPlatform": "AWS-RunShellScript does not run on its platform",
    "AccessDenied": "SSM may not run commands there",
    "ExecutionTimedOut": "the command did not end in time",
    "Cancelled": "somebody cancelled the command",
    "Terminated": "the command was ended, since others failed",
}
_NEVER_RAN = ("Undeliverable", "DeliveryTimedOut", "InvalidPlatform", "AccessDenied")


class Ssm(BaseBackend):  # type: ignore[misc]  # testinfra ships no type information
    """Runs commands by SendCommand on the instance ``name``; ``client`` returns a client of SSM's.

    Commands and their output are kept by AWS: nothing secret may be in either. ``comment`` goes
    with each, so that they can be told apart there.
    """

    NAME = "ssm"

    def __init__(self, name: str, client: "Callable[[], Any]", comment: str) -> None:
        super().__init__(name)
        self._client = client
        self._comment = comment
        self._given_up = threading.Event()

    def execute(self, command: str, stdin: bytes, seconds: float) -> CommandResult:
        """Run ``command`` and wait for its end; it is cancelled where that does not come."""
        if stdin:
            raise VantageError("SSM gives a command no standard input")
        id_ = self._send(command, seconds)
        over = False
        try:
            found = self._wait(id_, seconds + _DELIVERY_S)
            over = True
        finally:
            if not over:
                self._cancel(id_)
        return CommandResult(
            self,
            int(found["ResponseCode"]),
            command.encode(),
            str(found["StandardOutputContent"]).encode(),
            str(found["StandardErrorContent"]).encode(),
        )

    def run(self, command: str, *arguments: str, **_: Any) -> CommandResult:  # noqa: ANN401
        """Run a command as testinfra's own modules do."""
        return self.execute(self.get_command(command, *arguments), b"", 60.0)

    def end(self) -> None:
        """Cancel what is under way."""
        self._given_up.set()

    def _send(self, command: str, seconds: float) -> str:
        sent = self._call(
            "send_command",
            InstanceIds=[self.hostname],
            DocumentName="AWS-RunShellScript",
            Comment=self._comment,
            TimeoutSeconds=_DELIVERY_S,
            Parameters={
                "commands": [command],
                "executionTimeout": [str(math.ceil(seconds))],
            },
        )
        return str(sent["Command"]["CommandId"])

    def _wait(self, id_: str, seconds: float) -> dict[str, Any]:
        began, wait = time.monotonic(), _FIRST_WAIT_S
        while not self._given_up.wait(wait):
            spent = time.monotonic() - began
            found = self._look(id_, spent)
            if found is not None and found["Status"] not in _UNDER_WAY:
                return _judged(found)
            if spent > seconds:
                raise VantageError(
                    f"no end within {seconds:g} s, and the command was cancelled: see whether the "
                    "host hangs"
                )
            wait = min(wait * 1.5, _LONGEST_WAIT_S)
        raise VantageError("the run ended, and the command was cancelled")

    def _look(self, id_: str, spent: float) -> dict[str, Any] | None:
        """Return the invocation; None where SSM does not know yet, or has no time to say."""
        try:
            found: dict[str, Any] = self._client().get_command_invocation(
                CommandId=id_, InstanceId=self.hostname
            )
        except ClientError as error:
            code = _code(error)
            if code == "ThrottlingException" or (code == _UNKNOWN and spent < _LATELY_S):
                return None
            # The command was sent: nobody may be asked in its place.
            raise VantageError(str(_refused(error))) from None
        except BotoCoreError as error:
            raise VantageError(str(_unreached(error))) from None
        return found

    def _cancel(self, id_: str) -> None:
        """Cancel as well as can be: why it has to be is already being told."""
        try:
            self._client().cancel_command(CommandId=id_, InstanceIds=[self.hostname])
        except (BotoCoreError, ClientError):
            return

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:  # noqa: ANN401
        try:
            answer: dict[str, Any] = getattr(self._client(), operation)(**request)
        except ClientError as error:
            raise _refused(error) from None
        except BotoCoreError as error:
            raise _unreached(error) from None
        return answer


def _judged(found: dict[str, Any]) -> dict[str, Any]:
    """Return ``found`` where the command ran to its own end, good or bad."""
    detail = str(found.get("StatusDetails") or found["Status"])
    if happened := _ENDED_BADLY.get(detail):
        said = str(found.get("StandardErrorContent", ""))
        quoted = f" ({last_words(said)})" if said.strip() else ""
        kind = NotAskedError if detail in _NEVER_RAN else VantageError
        raise kind(f"{happened}{quoted}: see it in the command history of Systems Manager")
    if found["Status"] not in ("Success", "Failed"):
        raise VantageError(f"SSM says {detail}: see it in the command history of Systems Manager")
    return found


def _refused(error: ClientError) -> NotAskedError:
    code = _code(error)
    if helps := _REFUSED.get(code):
        return NotAskedError(helps)
    if code.startswith(("AccessDenied", "Unauthorized")):
        return NotAskedError(f"SSM refused ({code}): allow ssm:{error.operation_name} there")
    said = last_words(str(error.response.get("Error", {}).get("Message", "")))
    return NotAskedError(
        f"SSM refused {error.operation_name} ({code}: {said}): try it by the AWS CLI"
    )


def _unreached(error: BotoCoreError) -> NotAskedError:
    return NotAskedError(
        f"SSM cannot be called ({type(error).__name__}): see that this machine reaches its API "
        "and has credentials"
    )


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "no code"))

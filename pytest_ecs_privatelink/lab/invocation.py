"""One command of SSM's on one instance: from sent to ended, in AWS's words."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from pytest_ecs_privatelink.lab.machine_line import MOST_SECONDS, TIMED_OUT, MachineLine

DOCUMENT = "AWS-RunShellScript"
MOST_STDOUT, MOST_STDERR = 24_000, 8_000
"""Characters that GetCommandInvocation shows."""
CUT = "--output truncated--"
"""What the agent ends standard output with that it had to cut."""

_NEVER_RAN, _STOPPED, _CANCELLED = -1, 137, 1


class Invocation:
    """A command on the instance whose shell is behind the Unix socket ``path``."""

    def __init__(self, command: str, instance: str, path: str) -> None:
        self._command = command
        self._instance = instance
        self._line = MachineLine(path)
        self._status, self._details = "Pending", "Pending"
        self._code = _NEVER_RAN
        self._stdout, self._stderr = "", ""
        self._began = self._ended = 0.0
        self._lock = threading.Lock()

    def carry_out(self, script: str, seconds: float) -> None:
        """Deliver ``script``, and wait for its end, which comes after ``seconds`` at the latest."""
        try:
            self._line.open()
        except OSError:
            self._end("Failed", "Undeliverable")
            return
        if not self._begin():
            return
        try:
            ran = self._line.run(script, min(seconds, MOST_SECONDS))
        except TimeoutError:
            self._end("TimedOut", "ExecutionTimedOut", _STOPPED)
        except (OSError, ValueError, LookupError):
            # The instance went away with its answer: AWS would not know more than that.
            self._end("Failed", "Undeliverable")
        else:
            if ran.code == TIMED_OUT and time.time() - self._began >= seconds:
                self._end("TimedOut", "ExecutionTimedOut", _STOPPED)
            else:
                status = "Failed" if ran.code else "Success"
                self._end(status, status, ran.code, ran.stdout, ran.stderr)
        finally:
            self._line.hang_up()

    def cancel(self) -> None:
        """Hear no more of the command, if it has not ended."""
        self._end("Cancelled", "Cancelled", _CANCELLED)
        self._line.hang_up()

    def told(self) -> Mapping[str, object]:
        """Return what GetCommandInvocation says; output is shown once the script has ended."""
        with self._lock:
            return {
                "CommandId": self._command,
                "InstanceId": self._instance,
                "Comment": "",
                "DocumentName": DOCUMENT,
                "DocumentVersion": "",
                "PluginName": "aws:runShellScript",
                "ResponseCode": self._code,
                "ExecutionStartDateTime": _time(self._began),
                "ExecutionElapsedTime": self._elapsed(),
                "ExecutionEndDateTime": _time(self._ended) if self._began else "",
                "Status": self._status,
                "StatusDetails": self._details,
                "StandardOutputContent": shown(self._stdout),
                "StandardOutputUrl": "",
                "StandardErrorContent": self._stderr[:MOST_STDERR],
                "StandardErrorUrl": "",
            }

    def _begin(self) -> bool:
        """Say that it runs; False where it was cancelled before."""
        with self._lock:
            if self._status != "Pending":
                return False
            self._status = self._details = "InProgress"
            self._began = time.time()
            return True

    def _end(
        self, status: str, details: str, code: int = _NEVER_RAN, stdout: str = "", stderr: str = ""
    ) -> None:
        """Say how it ended; the first word stays the last."""
        with self._lock:
            if self._status in ("Pending", "InProgress"):
                self._status, self._details, self._code = status, details, code
                self._stdout, self._stderr = stdout, stderr
                self._ended = time.time()

    def _elapsed(self) -> str:
        return f"PT{self._ended - self._began:.3f}S" if self._began and self._ended else ""


def shown(text: str) -> str:
    """Return standard output as SSM shows it: whole, or its beginning and a word that it is cut."""
    if len(text) <= MOST_STDOUT:
        return text
    return text[: MOST_STDOUT - len(CUT)] + CUT


def _time(seconds: float) -> str:
    if not seconds:
        return ""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")

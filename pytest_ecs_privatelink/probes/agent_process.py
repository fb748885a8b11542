"""When this machine's agent was started: by its container, else by its process."""

import datetime
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_ecs_privatelink.probes.local_http import ForeignError, SilentError, get_over_unix

PROC = Path("/proc")
_CONTAINER = "/containers/ecs-agent/json"
# As ecs-init's container runs it, and as Bottlerocket and packages do.
_NAMES = (b"agent", b"amazon-ecs-agent")
_OWN = (b"/agent", b"amazon-ecs-agent")
_STARTTIME = 22 - 3  # proc(5): field 22 of stat, counted after the command's closing parenthesis
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)")
_LONGEST_VALUE = 1000
_NEVER = "0001-"  # Docker's time of what never happened


@dataclass(frozen=True)
class Started:
    """When the agent was started (RFC 3339 in UTC), or why that is unknown; its proxies."""

    at: str | None
    unknown: str = ""
    proxies: tuple[str, ...] = ()


def started(docker: str, timeout: float, proc: Path = PROC) -> Started:
    """Ask the Docker daemon at the socket ``docker``, and the processes where it does not tell."""
    try:
        told = get_over_unix(docker, _CONTAINER, timeout)
    except (SilentError, ForeignError) as error:
        silence = "it has no container ecs-agent" if "404" in str(error) else str(error)
        return _by_process(proc, f"Docker at {docker}: {silence}")
    proxies = proxies_in(_part(told, "Config").get("Env"))
    at = _utc(_part(told, "State").get("StartedAt"))
    if at is None:
        return Started(None, "Docker does not say when ecs-agent was started", proxies)
    return Started(at, "", proxies)


def proxies_in(environment: object) -> tuple[str, ...]:
    """Return the proxy variables in a list of ``NAME=value``, without what may be a password.

    Nothing else of the environment is kept.
    """
    found: dict[str, str] = {}
    for each in environment if isinstance(environment, list) else ():
        name, equals, value = str(each).partition("=")
        if equals and value.strip() and name.upper() in _PROXIES:
            found[name.upper()] = " ".join(_bare(name.upper(), value).split())[:_LONGEST_VALUE]
    return tuple(f"{name}={found[name]}" for name in _PROXIES if name in found)


def _bare(name: str, value: str) -> str:
    if name == "NO_PROXY":
        return ",".join(each for each in value.split(",") if "@" not in each)
    scheme, slashes, rest = value.rpartition("://")
    # A password may hold a slash that nobody escaped.
    return f"{scheme}{slashes}{rest.rpartition('@')[2].partition('/')[0]}"


def _part(document: dict[str, Any], name: str) -> dict[str, Any]:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _utc(text: object) -> str | None:
    """Return Docker's time without its nanoseconds, which older Pythons cannot read."""
    found = _TIME.match(str(text))
    if found is None or found[0].startswith(_NEVER):
        return None
    offset = "+00:00" if found[2] == "Z" else found[2]
    try:
        time = datetime.datetime.fromisoformat(found[1] + offset)
    except (ValueError, OverflowError):
        return None
    return time.astimezone(datetime.timezone.utc).isoformat()  # noqa: UP017 - older Pythons


def _by_process(proc: Path, why: str) -> Started:
    """Return the start of the one process that is called as an agent is."""
    found = [(pid, name) for pid in _pids(proc) if (name := _name(proc / pid)) is not None]
    own = [pid for pid, name in found if name in _OWN] or [pid for pid, _ in found]
    if len(own) == 1:
        at = _start(proc, own[0])
        return Started(at, "" if at else f"{why}; process {own[0]} ended meanwhile")
    if own:
        return Started(None, f"{why}; {len(own)} processes may be the agent's")
    helps = "ask as root (sudo) or as a member of group docker"
    return Started(None, f"{why}; no process of the agent is seen in {proc}: {helps}")


def _pids(proc: Path) -> list[str]:
    try:
        return sorted(each for each in os.listdir(proc) if each.isdigit())
    except OSError:
        return []


def _name(process: Path) -> bytes | None:
    """Return how the process was called, its path only where that is the container's."""
    try:
        called = (process / "cmdline").read_bytes().partition(b"\0")[0]
    except OSError:
        return None
    name = called.rpartition(b"/")[2]
    if name not in _NAMES:
        return None
    return called if called in _OWN else name


def _start(proc: Path, pid: str) -> str | None:
    try:
        fields = (proc / pid / "stat").read_bytes().rpartition(b")")[2].split()
        booted = re.search(rb"^btime (\d+)$", (proc / "stat").read_bytes(), re.MULTILINE)
        seconds = int(fields[_STARTTIME]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
    if booted is None:
        return None
    time = datetime.datetime.fromtimestamp(
        int(booted[1]) + int(seconds),
        datetime.timezone.utc,  # noqa: UP017 - older Pythons
    )
    return time.isoformat()

"""Exit codes of containers, in words."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from pytest_ecs_privatelink.probes.task_records import StoppedContainer

# 128 and a signal's number; 126 and 127 are the shell's (POSIX, Shell Command Language, 2.8.2).
_MEANINGS: Mapping[int, str] = MappingProxyType(
    {
        126: "the command could not be run",
        127: "there is no such command",
        137: "killed: out of memory, or it did not stop when told to",
        139: "it crashed",
        143: "it was told to stop",
    }
)


def exits_of(containers: Iterable[StoppedContainer]) -> str:
    """Return the exit codes that are not 0, in words; empty where there are none."""
    return ", ".join(
        f"{each.name} exited with {each.exit_code}"
        + (f" ({_MEANINGS[each.exit_code]})" if each.exit_code in _MEANINGS else "")
        for each in containers
        if each.exit_code
    )

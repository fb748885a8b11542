"""Causes for the terminal: one line each, then the commands that show or mend it, uncut."""

from collections.abc import Iterable

from pytest_ecs_privatelink.reporting.plain import counted, one_line
from pytest_ecs_privatelink.verdict import Cause, Remedy

_INDENT = "   "
_LOOKING = ("describe-", "get-", "list-")


def render_causes(causes: Iterable[Cause], *, verbosity: int = 0) -> list[str]:
    """Return the lines for ``causes``.

    A verbose run (``verbosity`` >= 1) adds the Terraform and the page to read. Nothing is wrapped
    or cut: commands are there to be pasted.
    """
    lines: list[str] = []
    for cause in causes:
        lines.append(_headline(cause))
        lines += command_lines(cause.remedy, _INDENT)
        if verbosity >= 1:
            terraform = cause.remedy.terraform.splitlines()
            lines += [f"{_INDENT}terraform: {line}" for line in terraform[:1]]
            lines += [f"{_INDENT}           {line}" for line in terraform[1:]]
            lines.append(f"{_INDENT}see: {cause.reference}")
    return lines


def command_lines(remedy: Remedy, indent: str) -> list[str]:
    """Return one line a command: ``look:`` where it only reads, ``mend:`` where it changes."""
    return [f"{indent}{_label(command)}: {command}" for command in remedy.cli]


def _label(command: str) -> str:
    # aws SERVICE OPERATION ...
    operation = command.split()[2:3]
    return "look" if operation and operation[0].startswith(_LOOKING) else "mend"


def _headline(cause: Cause) -> str:
    told = one_line(f"{cause.id} {cause.code} {cause.subject}: {cause.summary}").rstrip(".")
    if not cause.explains:
        return told
    return f"{told}; explains {counted(len(cause.explains), 'check')}"

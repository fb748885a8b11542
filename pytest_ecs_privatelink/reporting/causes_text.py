"""Causes for the terminal: one line each, then the commands that show or mend it.

A command is never cut, for it is there to be pasted; lists of them are, and so are causes where
they fill more than a screen.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.reporting.plain import counted, one_line
from pytest_ecs_privatelink.verdict import Cause, Remedy

_INDENT = "   "
_LOOKING = ("describe-", "get-", "list-")
_COMMANDS = 4


@dataclass(frozen=True, slots=True)
class Screen:
    """What there is room for: ``rows``, in which a line wraps at ``width`` if that is known."""

    rows: int = 40
    width: int | None = None

    def taken(self, lines: Sequence[str]) -> int:
        """Return the rows that ``lines`` take."""
        if self.width is None:
            return len(lines)
        return sum(max(1, -(-len(line) // self.width)) for line in lines)


def render_causes(
    causes: Sequence[Cause], *, verbosity: int = 0, screen: Screen | None = None
) -> list[str]:
    """Return the lines for ``causes``: the first ones, whole, that ``screen`` has rows for.

    The first is always there. A verbose run (``verbosity`` >= 1) has all, with every command, the
    Terraform and the page to read.
    """
    told = [_told(cause, verbosity) for cause in causes]
    shown = _fitting(told, screen) if screen and verbosity < 1 else len(told)
    lines = [line for each in told[:shown] for line in each]
    if left := causes[shown:]:
        explained = counted(sum(len(each.explains) for each in left), "check")
        more = f"{counted(len(left), 'more cause')}, which explain{'s' * (len(left) == 1)}"
        lines.append(f"{more} {explained}: -v shows all, --ecs-json FILE keeps them")
    return lines


def _fitting(told: Sequence[Sequence[str]], screen: Screen) -> int:
    left = screen.rows
    for number, lines in enumerate(told):
        left -= screen.taken(lines)
        # A row is for the line that says how many more there are.
        if number and left < (number + 1 < len(told)):
            return number
    return len(told)


def _told(cause: Cause, verbosity: int) -> list[str]:
    commands = command_lines(cause.remedy, _INDENT)
    if verbosity >= 1:
        return [_headline(cause), *commands, *_reading(cause)]
    left = len(commands) - _COMMANDS
    if left <= 0:
        return [_headline(cause), *commands]
    more = f"{_INDENT}{counted(left, 'more command')}: -v shows all, --ecs-json FILE keeps them"
    return [_headline(cause), *commands[:_COMMANDS], more]


def _reading(cause: Cause) -> Iterator[str]:
    for number, line in enumerate(cause.remedy.terraform.splitlines()):
        yield f"{_INDENT}{'           ' if number else 'terraform: '}{line}"
    yield f"{_INDENT}see: {cause.reference}"


def command_lines(remedy: Remedy, indent: str) -> list[str]:
    """Return one line a command: ``look:`` where it only reads, ``mend:`` where it changes."""
    return [f"{indent}{_label(command)}: {command}" for command in remedy.cli]


def _label(command: str) -> str:
    # aws SERVICE OPERATION ...; commands of our own change nothing.
    program, _, operation = (*command.split(), "", "", "")[:3]
    return "look" if program != "aws" or operation.startswith(_LOOKING) else "mend"


def _headline(cause: Cause) -> str:
    told = one_line(f"{cause.id} {cause.code} {cause.subject}: {cause.summary}").rstrip(".")
    if not cause.explains:
        return told
    return f"{told}; explains {counted(len(cause.explains), 'check')}"

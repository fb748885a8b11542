"""The tool: arguments in, explanations out, an exit status."""

import io
import os
import sys
from enum import IntEnum

from pytest_ecs_privatelink.errors import EcsPrivatelinkError, SettingsError
from pytest_ecs_privatelink.explaining.arguments import Asked, read_arguments
from pytest_ecs_privatelink.explaining.facts import facts_of_text
from pytest_ecs_privatelink.explaining.output import Told, as_json, as_lines
from pytest_ecs_privatelink.reporting.plain import one_line
from pytest_ecs_privatelink.stopped.explain import explain, explain_text

_NOTHING = ("", "null", "None")  # the last two are the AWS CLI's
_NO_WORDS = (
    "there are no words to explain: the task has not stopped, or ECS no longer shows it (it does "
    "for about an hour)"
)


class Exit(IntEnum):
    """What the tool ends with."""

    EXPLAINED = 0
    UNKNOWN = 1
    USAGE = 2
    UNREAD = 4


def main(words: list[str]) -> int:
    """Do what the command line's ``words`` ask for, and return the exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # ECS's quotation marks, where there is no UTF-8
        sys.stdout.reconfigure(errors="backslashreplace")
    asked = read_arguments(words)
    if asked.task is None:
        texts = [_read() if text == "-" else text for text in asked.texts]
        if any(text.strip('"') in _NOTHING for text in texts):
            return _failed(_NO_WORDS, Exit.UNKNOWN)
        return _tell(asked, [_of_text(text, asked) for text in texts])
    # botocore is slow to import, and words are explained without it.
    from pytest_ecs_privatelink.explaining.asking import NothingToExplainError, ask

    try:
        stopped, facts = ask(asked)
    except NothingToExplainError as error:
        return _failed(error, Exit.UNKNOWN)
    except SettingsError as error:
        return _failed(error, Exit.USAGE)
    except EcsPrivatelinkError as error:
        return _failed(error, Exit.UNREAD)
    return _tell(asked, [Told(found=explain(stopped, facts.ranges), facts=facts)])


def _read() -> str:
    return sys.stdin.buffer.read().decode(errors="replace").strip()


def _of_text(text: str, asked: Asked) -> Told:
    return Told(found=explain_text(text), facts=facts_of_text(text, asked.region))


def _tell(asked: Asked, told: list[Told]) -> int:
    lines = [as_json(told)] if asked.as_json else [line for each in told for line in as_lines(each)]
    try:
        print("\n".join(lines), flush=True)
    except BrokenPipeError:  # a reader that had enough: Python would complain at its end, too
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    known = all(each.found.known for each in told)
    return Exit.EXPLAINED if known else Exit.UNKNOWN


def _failed(error: Exception | str, status: Exit) -> int:
    print(f"ERROR: {one_line(str(error))}", file=sys.stderr)
    return status

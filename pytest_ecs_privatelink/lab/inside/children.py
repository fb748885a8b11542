"""Processes of the twin: forked, not exec'ed, because all they need has been imported once."""

import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec

from pytest_ecs_privatelink.errors import LabError

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Child:
    """A process that has begun; ``pipe`` brings a byte when it is ready, or its end when not."""

    purpose: str
    pipe: int


def fork(
    purpose: str,
    run: Callable[..., None],
    *arguments: object,
) -> Child:
    """Run ``run(*arguments, ready)`` in a new process, which ends with it."""
    reading, writing = os.pipe()
    if os.fork() != 0:
        os.close(writing)
        return Child(purpose, reading)
    status = 1
    try:
        os.close(reading)
        os.close(0)  # the controller hangs up on the router alone
        run(*arguments, lambda: _tell(writing))
        status = 0
    except BaseException:  # noqa: BLE001  (a child must never return into its parent's code)
        traceback.print_exc()
    finally:
        os._exit(status)


def await_ready(children: Sequence[Child]) -> None:
    """Return once every child is ready; raise `LabError` where one ended before."""
    for child in children:
        if not os.read(child.pipe, 1):
            raise LabError(f"the twin's {child.purpose} ended before it was ready")
        os.close(child.pipe)


def _tell(pipe: int) -> None:
    os.write(pipe, b".")
    os.close(pipe)

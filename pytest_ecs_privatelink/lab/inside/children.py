"""Processes of the twin: forked, not exec'ed, because all they need has been imported once."""

import contextlib
import os
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pytest_ecs_privatelink.errors import LabError

_READY = b"."
_LONGEST_REASON = 4096


@dataclass(frozen=True, slots=True)
class Child:
    """A process that has begun.

    ``pipe`` brings a dot when it is ready, else the reason why it is not; nothing if it was killed.
    """

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
        run(*arguments, lambda: _tell(writing, _READY))
        status = 0
    except BaseException as error:  # noqa: BLE001  (a child never returns into its parent's code)
        traceback.print_exc()
        with contextlib.suppress(BrokenPipeError):  # it was ready: nobody listens any more
            _tell(writing, "".join(traceback.format_exception_only(error)).encode())
    finally:
        os._exit(status)


def await_ready(children: Sequence[Child]) -> None:
    """Return once every child is ready; raise `LabError` where one ended before."""
    for child in children:
        words = os.read(child.pipe, _LONGEST_REASON)
        if words != _READY:
            reason = words.decode(errors="replace").strip() or "it said nothing"
            raise LabError(f"the twin's {child.purpose} ended before it was ready: {reason}")
        os.close(child.pipe)


def _tell(pipe: int, words: bytes) -> None:
    os.write(pipe, words[:_LONGEST_REASON])

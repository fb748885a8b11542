"""Blocking work in a thread of its own, whose answer an event loop awaits."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


async def in_thread(work: Callable[[], T], name: str) -> T:
    """Return what ``work`` brings in a thread called ``name``; it should not raise.

    Who stops waiting leaves it to end by itself, in a thread that holds up nothing. Of what it
    raises all the same only the kind is passed on: its text and frames may know secrets.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def settle(found: T | None, failed: str | None) -> None:
        if answer.done():
            return
        if failed is None:
            answer.set_result(cast("T", found))
        else:
            answer.set_exception(RuntimeError(f"thread {name}: {failed}"))

    def run() -> None:
        found, failed = None, None
        try:
            found = work()
        except BaseException as error:  # noqa: BLE001 - somebody waits
            failed = type(error).__name__
        # The loop may be gone by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, found, failed)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await answer

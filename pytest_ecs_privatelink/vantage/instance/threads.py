"""Work that blocks, in threads that hold up nothing: neither the event loop nor an exit."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, or raise what it raises; who stops waiting leaves it behind."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.done():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # a result of work's, where no error is

    def run() -> None:
        result, trouble = None, None
        try:
            result = work()
        except Exception as error:  # noqa: BLE001 - whoever waits must hear
            trouble = error
        # The loop may be gone by now.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, result, trouble)

    threading.Thread(target=run, name="instance", daemon=True).start()
    return await done

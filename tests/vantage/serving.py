"""A vantage's host in a thread of its own, as it would be in a process of its own."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from pytest_ecs_privatelink.vantage.host import serve


@contextlib.contextmanager
def host(path: Path) -> Iterator[threading.Thread]:
    """Serve on ``path`` for as long as it is open; yield the thread, which must live until then."""
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    task = loop.create_task(serve(str(path), ready=ready.set))

    def run() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            loop.run_until_complete(task)
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert ready.wait(5), "the host does not listen"
        yield thread
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(task.cancel)
        thread.join()

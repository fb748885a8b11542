"""Blocking work in threads: its answer arrives, and of its errors no more than their kind."""

import asyncio
import threading

import pytest

from pytest_ecs_privatelink.probes.threads import in_thread


def test_what_the_thread_brings_is_returned() -> None:
    """From a thread of that name."""
    assert asyncio.run(in_thread(lambda: threading.current_thread().name, "look")) == "look"


def test_an_error_is_told_by_its_kind_alone() -> None:
    """Whoever waits must hear of it, and its text may hold a secret."""

    def fail() -> None:
        raise OSError("secret-4711")

    with pytest.raises(RuntimeError, match=r"^thread look: OSError$") as raised:
        asyncio.run(in_thread(fail, "look"))
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_who_stops_waiting_is_not_held_up() -> None:
    """The thread ends by itself, with nobody to hear it."""
    goes_on, ended = threading.Event(), threading.Event()

    def work() -> None:
        goes_on.wait(20)
        ended.set()

    async def leave() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(in_thread(work, "slow"), 0.05)

    asyncio.run(leave())
    assert not ended.is_set()
    goes_on.set()
    assert ended.wait(20)

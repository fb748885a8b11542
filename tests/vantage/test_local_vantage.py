"""The machine itself as a vantage."""

import asyncio
import socket
import time

import pytest

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
)
from pytest_ecs_privatelink.vantage.local import LocalVantage
from pytest_ecs_privatelink.vantage.place import Vantage


def test_it_asks_from_here() -> None:
    """It fits the protocol, is called local, and answers with the probe's own answer."""
    vantage: Vantage = LocalVantage(subnet="subnet-0a", groups=("sg-1",))

    answer = asyncio.run(vantage.ask(ConnectQuestion(address="127.0.0.1", port=9)))

    assert (vantage.label, vantage.subnet, vantage.groups) == ("local", "subnet-0a", ("sg-1",))
    assert isinstance(answer, ConnectAnswer)
    assert answer.status is ConnectStatus.REFUSED


def test_waiting_for_a_place_costs_no_deadline() -> None:
    """With one place, three black holes take three timeouts, and each had its full deadline."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        question = DnsQuestion(
            name="a.example", resolver=f"127.0.0.1:{silent.getsockname()[1]}", timeout=0.2
        )

        async def ask() -> list[Answer]:
            vantage = LocalVantage(subnet="subnet-0a", limit=1)
            return await asyncio.gather(*(vantage.ask(question) for _ in range(3)))

        began = time.monotonic()
        answers = asyncio.run(ask())
        took_ms = (time.monotonic() - began) * 1000

    statuses = {answer.status for answer in answers if isinstance(answer, DnsAnswer)}
    assert statuses == {DnsStatus.TIMEOUT}
    assert all(answer.duration_ms > 190 for answer in answers)
    # One after the other, on however busy a machine: waiting is in nobody's own time.
    assert sum(answer.duration_ms for answer in answers) <= took_ms


def test_closed_vantage_cannot_be_asked() -> None:
    """Closing twice is fine; asking afterwards is an error that names the vantage."""

    async def ask() -> None:
        vantage = LocalVantage(subnet="subnet-0a")
        await vantage.close()
        await vantage.close()
        await vantage.ask(ConnectQuestion(address="127.0.0.1", port=9))

    with pytest.raises(VantageError, match=r"^vantage local: closed, cannot be asked$"):
        asyncio.run(ask())

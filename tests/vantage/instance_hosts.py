"""What tests of container instances ask, and the vantages that they ask it of."""

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from pytest_ecs_privatelink.claims.foreseen import NOT_YET
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.vantage.batches import Batch, Brought
from pytest_ecs_privatelink.vantage.instance.channel import Channel, StdinChannel
from pytest_ecs_privatelink.vantage.instance.choosing import Host
from pytest_ecs_privatelink.vantage.instance.ssh import open_ssh
from pytest_ecs_privatelink.vantage.instance.vantage import InstanceVantage, Machine

T = TypeVar("T")

NAME = "localhost"
"""A name that every host knows by itself: nothing is sent to any resolver."""
DNS = DnsQuestion(name=NAME, timeout=2.0)
DIAL = ConnectQuestion(address=NOT_YET, server_name=NAME, timeout=2.0)
GROUPS = ("sg-instances",)


def host(spec: str, instance: str = "i-0000000000000001", **changes: Any) -> Host:  # noqa: ANN401
    """Return a container instance that is reached by ``spec``."""
    made = Host(instance=instance, subnet="subnet-a", groups=GROUPS, spec=spec)
    return replace(made, **changes)


def vantage(*machines: Machine, **options: Any) -> InstanceVantage:  # noqa: ANN401
    """Return the vantage of these machines."""
    return InstanceVantage(
        machines=machines, dials={NAME: DIAL}, **{"bundle": lambda _: None, **options}
    )


def by_ssh(spec: str, **changes: Any) -> Machine:  # noqa: ANN401
    """Return a machine behind a real SSH server."""
    return Machine(host(spec, **changes), StdinChannel(open_ssh(spec)))


async def asked(place: InstanceVantage, *questions: Question) -> list[Answer | BaseException]:
    """Put all ``questions`` at once, let go of the place, and return what became of each."""
    try:
        return await asyncio.gather(
            *(place.ask(each) for each in questions), return_exceptions=True
        )
    finally:
        await place.close()


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run ``work`` within the time that any test may take."""

    async def bounded() -> T:
        async with asyncio.timeout(30):
            return await work

    return asyncio.run(bounded())


def trouble(found: Answer | BaseException) -> str:
    """Return the text of what must be a `VantageError`, on one line."""
    assert isinstance(found, VantageError), found
    assert "\n" not in str(found)
    return str(found)


def an_answer(question: Question) -> Answer:
    """Return a good answer to a DNS or connect question."""
    if isinstance(question, DnsQuestion):
        return DnsAnswer(
            name=question.name,
            resolver=question.resolver,
            status=DnsStatus.ANSWERED,
            addresses=("10.0.0.7",),
        )
    assert isinstance(question, ConnectQuestion)
    return ConnectAnswer(
        address=question.address,
        port=question.port,
        server_name=question.server_name,
        status=ConnectStatus.OPEN,
        phase="tls",
    )


@dataclass
class Told:
    """A channel that answers everything by ``reply``, or raises it, and counts its batches.

    Of what it ``lacks`` it says why, or nothing.
    """

    reply: "Callable[[Question], Answer] | VantageError" = an_answer
    lacks: dict[Question, str] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    hangs: bool = False
    ended: threading.Event = field(default_factory=threading.Event)

    def exchange(self, batch: Batch, seconds: float) -> Brought:
        """Answer the batch, and dial as it says."""
        self.batches.append(batch)
        if self.hangs:
            self.ended.wait(seconds)
            raise VantageError("the run ended")
        if isinstance(self.reply, VantageError):
            raise self.reply
        dialled = {
            replace(batch.then_dial[each.name], address="10.0.0.7")
            for each in batch.questions
            if isinstance(each, DnsQuestion) and each.name in batch.then_dial
        }
        pairs = [(each, self.reply(each)) for each in batch.questions if each not in self.lacks]
        return Brought(
            pairs=(*pairs, *((each, an_answer(each)) for each in dialled)),
            missing=tuple((each, why) for each, why in self.lacks.items() if why),
        )

    def end(self) -> None:
        """Give up."""
        self.ended.set()


def told(channel: Channel, **changes: Any) -> Machine:  # noqa: ANN401
    """Return a machine with this channel."""
    number = changes.pop("number", 1)
    name = f"i-{number:016x}"
    return Machine(host(f"ssh://{name}", name, **changes), channel)


def until(happens: Callable[[], bool]) -> None:
    """Wait until ``happens`` is true, at most ten seconds."""
    limit = time.monotonic() + 10
    while not happens():
        assert time.monotonic() < limit
        time.sleep(0.005)

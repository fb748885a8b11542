"""Agents through the broker: it asks the ECS API itself, once for each question, and afresh."""

import asyncio
from dataclasses import dataclass, field

from agent_worlds import LOST, STAND, Instances, agent_terms
from claim_worlds import SUBNET

from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.vantage.broker import Broker, Seams
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Code, Verdict

CELL = Cell(Claim.AGENT, SUBNET.id, "ecs-agent")


@dataclass
class Host:
    """A vantage that is a container instance; no question about connections reaches it."""

    label: str = "ssh://i-1"
    subnet: str = SUBNET.id
    groups: tuple[str, ...] | None = STAND.groups
    wearers: Wearers = field(default_factory=dict)
    instances: tuple[str, ...] = ("i-1",)
    own_credentials: bool = True

    async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
        """Answer as an instance whose agent is well; nobody brings it credentials."""
        assert credentials is None
        answer = await Instances().ask(question)
        assert not isinstance(answer, ConnectionAnswer)
        return answer

    async def close(self) -> None:
        """Have nothing to let go of."""


@dataclass
class Looks:
    """A watch that tells one thing of every agent, and counts."""

    answer: ConnectionAnswer
    asked: list[ConnectionQuestion] = field(default_factory=list)
    closed: int = 0

    async def connected(self, question: ConnectionQuestion) -> ConnectionAnswer:
        """Answer at once."""
        self.asked.append(question)
        return self.answer

    async def close(self) -> None:
        """Count."""
        self.closed += 1


def judged(watch: Looks | None, *, restart: bool = False) -> list[Check]:
    """Judge the cell twice: with other seams, or after a restart."""

    async def run() -> list[Check]:
        host = Host()
        broker = Broker(agent_terms(), {SUBNET.id: host}, {}, watch=watch)
        checks = [await broker.check(CELL)]
        if restart:
            await broker.restart(agent_terms(), {SUBNET.id: host})
        checks.append(await broker.check(CELL, Seams() if restart else Seams(resolvers=())))
        await broker.close()
        return checks

    return asyncio.run(run())


def test_the_broker_asks_the_api_once_for_each_question() -> None:
    """However often a cell is judged; and it lets go of the watch at its end."""
    watch = Looks(ConnectionAnswer(connected=True, looks=1))
    assert [each.verdict for each in judged(watch)] == [Verdict.PASSED] * 2
    assert [each.patience for each in watch.asked] == [0.0]
    assert watch.closed == 1


def test_a_restarted_broker_looks_afresh() -> None:
    """A test that broke the lab, and mended it, wants to see both."""
    watch = Looks(LOST)
    assert {each.code for each in judged(watch, restart=True)} == {Code.AGENT_DISCONNECTED}
    assert [each.patience for each in watch.asked] == [0.0, 120.0] * 2
    assert watch.closed == 2


def test_without_a_watch_the_snapshot_stands() -> None:
    """Where no ECS API is asked in a run, it is said."""
    check, _ = judged(None)
    assert check.verdict is Verdict.PASSED
    assert check.observed.endswith("(not polled: this run asks no ECS API)")

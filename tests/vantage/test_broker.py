"""The broker: each cell starts once and each probe is sent once, whoever asks in what order."""

import asyncio
import re
import time
from dataclasses import dataclass, field, replace

import pytest
from counting_world import SERVICES, Counting, CountingWorld, make_world
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import (
    CallQuestion,
    CallStatus,
    Credentials,
    Link,
    Outcome,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectQuestion,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
    Question,
)
from pytest_ecs_privatelink.probes.task_records import (
    InsideQuestion,
    TaskAnswer,
    TaskQuestion,
    TaskStatus,
)
from pytest_ecs_privatelink.vantage.broker import NO_SEAMS, Broker, Seams
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Claim, LaunchType, Verdict

CELLS = make_world().cells
LOGS = "logs.us-east-1.amazonaws.com"
ELSEWHERE = Seams(resolvers=("10.0.0.53",), ca_file="/other.pem")
WHY = "no vantage: this machine stands in subnet-1"


def broker_of(world: CountingWorld) -> Broker:
    """Return a broker with a vantage in every subnet of ``world``."""
    return Broker(world.terms, world.vantages, {})


@given(
    selected=st.lists(st.sampled_from(CELLS)),
    askers=st.lists(st.lists(st.sampled_from(CELLS)), min_size=1, max_size=4),
)
def test_each_cell_starts_once_and_each_probe_is_sent_once(
    selected: list[Cell], askers: list[list[Cell]]
) -> None:
    """However many ask for which cells in what order, no question reaches a vantage twice."""
    world = make_world()

    async def ask_for(broker: Broker, cells: list[Cell]) -> list[Check]:
        return [await broker.check(cell) for cell in cells]

    async def run() -> list[list[Check]]:
        broker = broker_of(world)
        broker.select(selected)
        found = await asyncio.gather(*(ask_for(broker, cells) for cells in askers))
        await asyncio.gather(*map(broker.check, selected))
        await broker.close()
        return list(found)

    found = asyncio.run(run())
    wanted = {*selected, *(cell for cells in askers for cell in cells)}
    subnets = {(cell.subnet, cell.service) for cell in wanted}
    dialled = {(cell.subnet, cell.service) for cell in wanted if cell.claim is Claim.TCP_443}
    assert set(world.asked) <= {1}
    assert len(world.asked) == 2 * len(subnets) + len(dialled)
    checks = {check.id: check for each in found for check in each}
    assert all(check is checks[check.id] for each in found for check in each)
    assert all(check.verdict is Verdict.PASSED for check in checks.values())


def test_black_holes_cost_one_timeout_together() -> None:
    """20 subnets x 12 services of which 60 cells are silent: about one timeout, not sixty."""
    world = make_world(20, SERVICES, silent=("logs", "kms", "xray"), timeout=2.0)

    async def run() -> list[Check]:
        broker = broker_of(world)
        broker.select(world.cells)
        checks = [await broker.check(cell) for cell in world.cells]
        await broker.close()
        return checks

    started = time.monotonic()
    checks = asyncio.run(run())
    elapsed = time.monotonic() - started
    silent = [check for check in checks if check.verdict is Verdict.FAILED]
    assert {(check.claim, check.code) for check in silent} == {(Claim.TCP_443, "tcp-timeout")}
    assert (len(silent), len(checks)) == (60, 480)
    assert set(world.asked) == {1}
    assert 2.0 <= elapsed < 4.0


def test_notes_hear_of_a_call_before_a_vantage_does() -> None:
    """What a call may create is known before it is; one that got lost on the way has no end."""
    heard: list[str] = []
    question = SecretQuestion(host=LOGS, region="us-east-1", service="ssm", reference="a")

    class Hearing:
        def asking(self, _question: CallQuestion) -> None:
            heard.append("asking")

        def answered(self, _question: CallQuestion) -> None:
            heard.append("answered")

    class Place(Counting):
        async def ask(self, question: Question, credentials: Credentials | None = None) -> Answer:
            heard.append("put" if isinstance(question, SecretQuestion) else "other")
            if self.broken or credentials is None:
                raise VantageError("the vantage is gone")
            link = Outcome(status=CallStatus.OK, link=Link.SECRET)
            return SecretAnswer(reference="a", outcome=link)

    async def run(place: Place) -> None:
        world = make_world(1, ("logs",))
        keys = Credentials(access_key="a", secret_key="b")
        vantages: dict[str, Vantage] = {"subnet-1": place}
        broker = Broker(world.terms, vantages, {}, keys=lambda: keys, notes=Hearing())
        await broker.ask("subnet-1", question)
        await broker.close()

    asyncio.run(run(Place("subnet-1", {})))
    assert heard == ["asking", "put", "answered"]
    heard.clear()
    with pytest.raises(VantageError, match="the vantage is gone"):
        asyncio.run(run(Place("subnet-1", {}, broken="yes")))
    assert heard == ["asking", "put"]


def test_a_place_with_credentials_of_its_own_gets_none() -> None:
    """Where the place signs with what it has, the run's credentials are not even looked for."""
    question = SecretQuestion(host=LOGS, region="us-east-1", service="ssm", reference="a")

    def no_keys() -> Credentials:
        raise AssertionError("asked for credentials")

    async def run(place: Counting) -> None:
        broker = Broker(make_world(1, ("logs",)).terms, {"subnet-1": place}, {}, keys=no_keys)
        await broker.ask("subnet-1", question)
        await broker.close()

    place = Counting("subnet-1", {}, own_credentials=True)
    asyncio.run(run(place))
    assert place.credentials == [None]


def test_held_cells_wait_for_the_first_seams() -> None:
    """Where fixtures may bring other resolvers, nothing is sent before they have, then all is.

    Another broker's cells, which are not held, are all judged meanwhile.
    """
    world, unheld = make_world(), make_world()
    first, second = world.cells[:2]

    async def run() -> Check:
        broker, other = broker_of(world), broker_of(unheld)
        broker.select([first], held=True)
        broker.select(world.cells[1:], held=True)
        other.select(unheld.cells)
        for cell in unheld.cells:
            await other.check(cell)
        await other.close()
        assert world.asked == []
        check = await broker.check(second, ELSEWHERE)
        for cell in world.cells:
            await broker.check(cell, ELSEWHERE)
        await broker.close()
        return check

    assert asyncio.run(run()).verdict is Verdict.PASSED
    assert set(world.asked) == {1}
    questions = [each for vantage in world.vantages.values() for each in vantage.asked]
    resolvers = {each.resolver for each in questions if isinstance(each, DnsQuestion)}
    assert resolvers == {None, "10.0.0.53"}
    trusts = {each.ca_file for each in questions if isinstance(each, ConnectQuestion)}
    assert trusts == {"/other.pem"}


def test_a_seam_of_one_test_asks_only_what_is_new() -> None:
    """A cell with seams of its own is judged by them, beside the run's; shared answers are kept."""
    world = make_world(1, ("logs",))
    (cell, _) = world.cells

    async def run() -> tuple[Check, Check]:
        broker = broker_of(world)
        broker.select(world.cells)
        plain = await broker.check(cell)
        other = await broker.check(cell, Seams(resolvers=("10.0.0.53",)))
        await broker.close()
        return plain, other

    plain, other = asyncio.run(run())
    assert plain is not other
    asked = world.vantages["subnet-1"].asked
    resolvers = [each.resolver for each in asked if isinstance(each, DnsQuestion)]
    assert sorted(resolvers, key=str) == ["10.0.0.2", "10.0.0.53", None]
    assert set(asked.values()) == {1}


@pytest.mark.parametrize(
    ("absent", "reason"),
    [({"subnet-2": WHY}, WHY), ({}, "no vantage stands in subnet-2")],
    ids=["told", "unknown"],
)
def test_cells_without_vantage_are_skipped_and_nothing_is_sent(
    absent: dict[str, str], reason: str
) -> None:
    """Where nobody stands the reason is given, and no neighbour is asked in its place."""
    world = make_world()
    del world.vantages["subnet-2"]
    cells = [cell for cell in world.cells if cell.subnet == "subnet-2"]

    async def run() -> list[Check]:
        broker = Broker(world.terms, world.vantages, absent)
        broker.select(cells)
        checks = [await broker.check(cell) for cell in cells]
        with pytest.raises(VantageError, match=f"^{re.escape(reason)}$"):
            await broker.ask("subnet-2", DnsQuestion(name=LOGS))
        with pytest.raises(VantageError, match=f"^{re.escape(reason)}$"):
            broker.stand("subnet-2")
        await broker.close()
        return checks

    checks = asyncio.run(run())
    assert {
        (each.verdict, each.basis, each.vantage, each.reason, each.observed) for each in checks
    } == {(Verdict.SKIPPED, Basis.DERIVED, None, reason, "nothing was observed")}
    assert world.asked == []


def test_a_vantage_that_cannot_look_is_an_error_and_no_verdict() -> None:
    """One vantage's trouble is "could not look" for its cells, with its name, and nobody else's."""
    world = make_world()
    world.vantages["subnet-1"].broken = "vantage test:subnet-1: closed"

    async def run() -> list[Check]:
        broker = broker_of(world)
        broker.select(world.cells)
        checks = [await broker.check(cell) for cell in world.cells]
        await broker.close()
        return checks

    told = {(each.subnet, each.verdict, each.vantage, each.reason) for each in asyncio.run(run())}
    assert told == {
        ("subnet-1", Verdict.ERROR, "test:subnet-1", "vantage test:subnet-1: closed"),
        ("subnet-2", Verdict.PASSED, "test:subnet-2", None),
    }
    assert set(world.asked) == {1}


@pytest.mark.parametrize("seams", [NO_SEAMS, ELSEWHERE])
def test_only_selected_cells_are_looked_up(seams: Seams) -> None:
    """An audit that asks how cells ended starts none of its own, and held ones with its seams."""
    world = make_world()
    some = CELLS[:2]

    async def run() -> tuple[Check, ...]:
        broker = broker_of(world)
        broker.select(some, held=seams != NO_SEAMS)
        judged = await broker.judged(CELLS, seams)
        await broker.close()
        return judged

    judged = asyncio.run(run())
    assert {(check.claim, check.subnet, check.service) for check in judged} == {
        (cell.claim, cell.subnet, cell.service) for cell in some
    }
    assert set(world.asked) == {1}


@dataclass
class CountingTasks:
    """Has every task run, and answers what is asked inside by the name that is asked for."""

    started: list[TaskQuestion] = field(default_factory=list)
    asked: list[InsideQuestion] = field(default_factory=list)
    closed: int = 0

    async def start(self, question: TaskQuestion) -> TaskAnswer:
        """Count it."""
        self.started.append(question)
        return TaskAnswer(status=TaskStatus.RAN)

    async def ask(self, question: InsideQuestion) -> Answer:
        """Count it, and know no name."""
        self.asked.append(question)
        if not isinstance(question.question, DnsQuestion):
            raise VantageError("not asked inside")
        return DnsAnswer(name=question.question.name, resolver=None, status=DnsStatus.TIMEOUT)

    async def close(self) -> None:
        """Count it."""
        self.closed += 1


TASK = TaskQuestion(subnet="subnet-1", launch_type=LaunchType.FARGATE)
INSIDE = InsideQuestion(
    subnet="subnet-1", launch_type=LaunchType.FARGATE, question=DnsQuestion(name=LOGS)
)


def test_tasks_are_started_and_asked_once_and_no_vantage_is() -> None:
    """However many ask: one start, one question inside, and nothing reaches a vantage."""
    world, tasks = make_world(), CountingTasks()

    async def run() -> list[object]:
        broker = Broker(world.terms, world.vantages, {}, tasks=tasks)
        asked = (broker.ask_once("subnet-1", each) for each in (TASK, INSIDE, TASK, INSIDE))
        found = await asyncio.gather(*asked)
        await broker.restart(world.terms, world.vantages)
        await broker.ask_once("subnet-1", TASK)
        await broker.close()
        return list(found)

    found = asyncio.run(run())
    assert found[0] is found[2]
    assert found[1] is found[3]
    assert (tasks.started, tasks.asked, tasks.closed) == ([TASK, TASK], [INSIDE], 2)
    assert world.asked == []


def test_without_tasks_nothing_is_asked_inside() -> None:
    """A run that starts none says so."""
    world = make_world()

    async def run() -> None:
        await broker_of(world).ask_once("subnet-1", INSIDE)

    with pytest.raises(VantageError, match="this run starts no tasks"):
        asyncio.run(run())


def test_what_is_written_from_inside_is_noted_before() -> None:
    """A log stream that a task makes goes like one that a host makes, whether it told or not."""
    world, heard = make_world(), list[str]()
    written = SecretQuestion(host="h", region="r", service="ssm", reference="/p")

    class Notes:
        def asking(self, question: CallQuestion) -> None:
            heard.append("asking" if question is written else "?")

        def answered(self, question: CallQuestion) -> None:
            heard.append("answered" if question is written else "?")

    async def run() -> None:
        broker = Broker(world.terms, world.vantages, {}, notes=Notes(), tasks=CountingTasks())
        with pytest.raises(VantageError, match="not asked inside"):
            await broker.ask_once("subnet-1", replace(INSIDE, question=written))

    asyncio.run(run())
    assert heard == ["asking", "answered"]

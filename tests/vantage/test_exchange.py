"""The links to the broker: in its own process or behind a socket, they are the same."""

import json
import random
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from counting_world import GROUPS, RESOLVER, SERVICES, CountingWorld, make_world

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.records import ConnectQuestion, DnsQuestion, Question
from pytest_ecs_privatelink.records import to_json
from pytest_ecs_privatelink.vantage.broker import NO_SEAMS, Broker, Seams
from pytest_ecs_privatelink.vantage.exchange import Exchange, SocketLink
from pytest_ecs_privatelink.verdict import Cell, Check, Claim, Verdict

LOGS = "logs.us-east-1.amazonaws.com"
ELSEWHERE = Seams(resolvers=("10.0.0.53",), ca_file="/other.pem")


@contextmanager
def exchange_of(world: CountingWorld, folder: Path) -> Iterator[Exchange]:
    """Run a broker with a vantage in every subnet of ``world``."""
    with closing(
        Exchange(Broker(world.terms, world.vantages, {}), folder / "broker.sock")
    ) as exchange:
        yield exchange


def test_a_users_own_question_is_always_asked_afresh(tmp_path: Path) -> None:
    """``ecs_probe`` repeats what it is told to repeat."""
    world = make_world()
    with exchange_of(world, tmp_path) as exchange:
        for _ in range(3):
            exchange.ask("subnet-1", DnsQuestion(name=LOGS, resolver=RESOLVER))
    assert world.asked == [3]


def test_workers_share_what_was_probed(tmp_path: Path) -> None:
    """Three workers that want every cell, each in its own order, cost one sweep between them."""
    world = make_world(5, SERVICES)
    with exchange_of(world, tmp_path) as exchange, ThreadPoolExecutor(3) as pool:

        def work(seed: int) -> dict[str, Check]:
            cells = list(world.cells)
            random.Random(seed).shuffle(cells)
            with closing(SocketLink(str(exchange.socket_path))) as link:
                link.select(cells)
                return {check.id: check for check in map(link.check, cells)}

        first, second, third = pool.map(work, range(3))
        assert first == second == third
        assert {check.id: check for check in map(exchange.check, world.cells)} == first
        assert exchange.selected() == tuple(sorted(world.cells))
    assert set(world.asked) == {1}


@pytest.mark.parametrize(
    "question",
    [
        DnsQuestion(name=LOGS, resolver=RESOLVER, timeout=1.25),
        ConnectQuestion(address="10.0.250.10", server_name=LOGS, ca_file="/ca.pem"),
    ],
)
def test_both_links_give_equal_answers(tmp_path: Path, question: Question) -> None:
    """A test cannot tell whether the broker is in its own process or behind a socket."""
    world = make_world()
    with (
        exchange_of(world, tmp_path) as exchange,
        closing(SocketLink(str(exchange.socket_path))) as link,
    ):
        assert link.ask("subnet-1", question) == exchange.ask("subnet-1", question)
        assert link.stand("subnet-1") == exchange.stand("subnet-1")
        assert link.stand("subnet-1").groups == GROUPS
        for cell in world.cells:
            assert link.check(cell, ELSEWHERE) == exchange.check(cell, ELSEWHERE)
            assert link.check(cell) == exchange.check(cell, NO_SEAMS)
        for either in (link, exchange):
            with pytest.raises(VantageError, match=r"^no vantage stands in subnet-9$"):
                either.stand("subnet-9")
            with pytest.raises(VantageError, match=r"^no vantage stands in subnet-9$"):
                either.ask("subnet-9", question)


def test_no_broker_is_one_line(tmp_path: Path) -> None:
    """A worker that finds no broker says so."""
    told = r"^the controller's broker does not answer: \[Errno 2\] No such file or directory$"
    with pytest.raises(VantageError, match=told):
        SocketLink(str(tmp_path / "broker.sock"))


def test_a_broker_that_ends_hangs_up_on_who_waits(tmp_path: Path) -> None:
    """A worker that waits for a silent cell when the run is interrupted hears it at once."""
    world = make_world(1, ("logs",), silent=("logs",), timeout=100.0)
    told: list[str] = []
    with exchange_of(world, tmp_path) as exchange:
        waiting, idle = (SocketLink(str(exchange.socket_path)) for _ in range(2))
        idle.stand("subnet-1")

        def wait() -> None:
            with pytest.raises(VantageError) as caught:
                waiting.check(Cell(Claim.TCP_443, "subnet-1", "logs"))
            told.append(str(caught.value))

        thread = threading.Thread(target=wait)
        thread.start()
        while not any(
            isinstance(each, ConnectQuestion) for each in world.vantages["subnet-1"].asked
        ):
            time.sleep(0.01)
    thread.join(10)
    assert told == ["the controller's broker is gone"]
    with pytest.raises(VantageError, match=r"^the controller's broker is gone"):
        idle.stand("subnet-1")
    assert not (tmp_path / "broker.sock").exists()
    for link in (waiting, idle):
        link.close()


def test_a_worker_that_dies_while_it_waits_costs_nobody_else(tmp_path: Path) -> None:
    """The cell that a dead worker asked for is still judged, once, for whoever asks next."""
    world = make_world(1, ("logs",), silent=("logs",), timeout=0.5)
    cell = Cell(Claim.TCP_443, "subnet-1", "logs")
    with exchange_of(world, tmp_path) as exchange:
        with socket.socket(socket.AF_UNIX) as dying:
            dying.connect(str(exchange.socket_path))
            request = {"op": "check", "cell": to_json(cell), "seams": to_json(NO_SEAMS)}
            dying.sendall(json.dumps(request).encode() + b"\n")
            while not world.asked:
                time.sleep(0.01)
        with closing(SocketLink(str(exchange.socket_path))) as link:
            assert link.check(cell).code == "tcp-timeout"
    assert set(world.asked) == {1}


def test_an_unknown_request_is_refused_and_the_link_lives(tmp_path: Path) -> None:
    """A worker of another version gets an answer instead of silence."""
    with (
        exchange_of(make_world(), tmp_path) as exchange,
        socket.socket(socket.AF_UNIX) as worker,
        worker.makefile("rwb") as lines,
    ):
        worker.connect(str(exchange.socket_path))
        for _ in range(2):
            lines.write(b'{"op": "dance"}\n')
            lines.flush()
            assert json.loads(lines.readline()) == {"error": "the broker does not know 'dance'"}


def test_a_restarted_broker_forgets(tmp_path: Path) -> None:
    """After a test has broken the lab, cells are judged afresh, in the new world."""
    old, new = make_world(1, ("logs",)), make_world(1, ("logs",), silent=("logs",), timeout=0.2)
    cell = Cell(Claim.TCP_443, "subnet-1", "logs")
    with exchange_of(old, tmp_path) as exchange:
        assert exchange.check(cell).verdict is Verdict.PASSED
        exchange.restart(new.terms, new.vantages)
        assert old.vantages["subnet-1"].closed == 1
        assert exchange.check(cell).verdict is Verdict.FAILED
    assert new.vantages["subnet-1"].closed == 1


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    """Both ends may be closed again."""
    with exchange_of(make_world(), tmp_path) as exchange:
        link = SocketLink(str(exchange.socket_path))
        link.close()
        link.close()
        exchange.close()

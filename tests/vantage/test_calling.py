"""Questions that take calls, from where they are asked to where they are answered."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import https_servers
import pytest
import serving
import trustme
from aws_calls import CREDENTIALS, MARK
from counting_world import make_world
from https_servers import Server, aws, refusal
from tracebacks import told

from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import (
    CallAnswer,
    CallQuestion,
    CallStatus,
    Credentials,
    Link,
    LogAnswer,
    LogQuestion,
    Outcome,
    PullAnswer,
    PullQuestion,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import Answer, DnsQuestion, Question
from pytest_ecs_privatelink.vantage.broker import Broker
from pytest_ecs_privatelink.vantage.calling import answer_call
from pytest_ecs_privatelink.vantage.local import LocalVantage
from pytest_ecs_privatelink.vantage.parties import Keys
from pytest_ecs_privatelink.vantage.place import Vantage
from pytest_ecs_privatelink.vantage.remote import RemoteVantage

PULL = PullQuestion(image="localhost/app:1", api="localhost", region="us-east-1")


def events(request: https_servers.Request) -> bytes:
    """Answer as a service that holds a secret and shows every event."""
    if request.headers["x-amz-target"].startswith("secretsmanager"):
        return aws({"SecretString": MARK})
    return aws({"events": [{"message": "hello"}]})


@pytest.fixture
def ca(tmp_path: Path) -> tuple[trustme.CA, str]:
    """Return a CA and the path of its bundle."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority, str(tmp_path / "ca.pem")


@pytest.fixture
def server(ca: tuple[trustme.CA, str]) -> Iterator[Server]:
    """Return a service that runs."""
    with https_servers.serving(ca[0].issue_cert("localhost"), events) as running:
        yield running


@pytest.fixture
def secret(server: Server, ca: tuple[trustme.CA, str]) -> SecretQuestion:
    """Return a question for the service's secret."""
    return SecretQuestion(
        host="localhost",
        region="us-east-1",
        service="secretsmanager",
        reference="db",
        key="run",
        port=server.port,
        ca_file=ca[1],
    )


@pytest.fixture
def log(server: Server, ca: tuple[trustme.CA, str]) -> LogQuestion:
    """Return a question that delivers to the service."""
    return LogQuestion(
        host="localhost",
        region="us-east-1",
        group="app",
        stream="one",
        message="hello",
        run="r1",
        patience=1.0,
        port=server.port,
        ca_file=ca[1],
    )


def timeless(answer: Answer) -> Answer:
    """Return an answer without what differs each time."""
    assert isinstance(answer, CallAnswer)
    hops = tuple(replace(hop, ms=0.0) for hop in answer.hops)
    found = replace(answer, duration_ms=0.0, hops=hops)
    return (
        found if isinstance(found, (PullAnswer, SecretAnswer)) else replace(found, delivered_ms=0)
    )


async def ask_and_close(vantage: Vantage, *questions: Question) -> list[Answer]:
    """Put questions with credentials."""
    answers = [await vantage.ask(question, CREDENTIALS) for question in questions]
    await vantage.close()
    return answers


def test_every_vantage_makes_calls(
    secret: SecretQuestion, log: LogQuestion, server: Server, tmp_path: Path
) -> None:
    """Here and behind a socket, the same questions get the same answers, signed by the run's keys.

    Nothing of the value or the credentials is in them.
    """
    local = asyncio.run(ask_and_close(LocalVantage(subnet="subnet-0a"), secret, log, PULL))
    with serving.host(tmp_path / "s"):
        there = RemoteVantage(path=str(tmp_path / "s"), label="lab", subnet="subnet-0a")
        remote = asyncio.run(ask_and_close(there, secret, log, PULL))

    assert list(map(timeless, local[:2])) == list(map(timeless, remote[:2]))
    assert isinstance(local[0], SecretAnswer)
    assert (local[0].outcome.status, local[0].length) == (CallStatus.OK, len(MARK))
    assert isinstance(local[2], PullAnswer)
    assert isinstance(remote[2], PullAnswer)
    assert len(server.requests) == 8
    assert all(
        CREDENTIALS.token == each.headers["x-amz-security-token"] for each in server.requests
    )
    assert MARK not in repr(local + remote)


@pytest.mark.parametrize("kind", ["secret", "log", "pull"])
def test_without_credentials_nothing_is_sent(
    kind: str, secret: SecretQuestion, log: LogQuestion, server: Server
) -> None:
    """A question that comes without credentials fails before its first link."""
    questions: dict[str, CallQuestion] = {"secret": secret, "log": log, "pull": PULL}
    links = {"secret": Link.SECRET, "log": Link.GROUP, "pull": Link.AUTH}

    found = asyncio.run(answer_call(questions[kind], None))

    assert found.outcome == Outcome(
        status=CallStatus.FAILED, link=links[kind], detail="no credentials came with the question"
    )
    assert found.hops == ()
    assert server.peers == []


def test_calls_come_from_the_source(secret: SecretQuestion, server: Server) -> None:
    """With a source the calls come from it; one that this machine lacks is its own failure."""
    here = asyncio.run(answer_call(secret, CREDENTIALS, "127.0.0.9"))
    nowhere = asyncio.run(answer_call(secret, CREDENTIALS, "192.0.2.1"))

    assert here.outcome.status is CallStatus.OK
    assert server.peers == ["127.0.0.9"]
    assert (nowhere.outcome.status, nowhere.outcome.phase) == (CallStatus.FAILED, "connect")


def test_what_a_service_repeats_is_struck_out(
    secret: SecretQuestion, ca: tuple[trustme.CA, str]
) -> None:
    """A refusal that quotes the credentials is told without them."""
    words = f"bad {CREDENTIALS.token} of {CREDENTIALS.access_key}"
    respond = https_servers.in_turn(refusal("ValidationException", words))
    with https_servers.serving(ca[0].issue_cert("localhost"), respond) as echoing:
        found = asyncio.run(answer_call(replace(secret, port=echoing.port), CREDENTIALS))

    assert found.outcome.detail == "ValidationException: bad *** of ***"


def test_what_a_note_repeats_is_struck_out(log: LogQuestion, ca: tuple[trustme.CA, str]) -> None:
    """So is a denial to read back, which is no outcome."""
    denied = refusal("AccessDeniedException", f"bad {CREDENTIALS.access_key}")

    def respond(request: https_servers.Request) -> bytes:
        reading = request.headers["x-amz-target"].endswith("GetLogEvents")
        return denied if reading else https_servers.aws({})

    with https_servers.serving(ca[0].issue_cert("localhost"), respond) as echoing:
        question = replace(log, port=echoing.port, patience=1.0)
        found = asyncio.run(answer_call(question, CREDENTIALS))

    assert isinstance(found, LogAnswer)
    assert found.note == "not read back: AccessDeniedException: bad ***"


def test_a_probe_that_fails_itself_answers(secret: SecretQuestion) -> None:
    """An exception of our own is told by its type alone: its words may be anything."""
    found = asyncio.run(answer_call(replace(secret, region="\ud800"), CREDENTIALS))

    assert found.outcome.status is CallStatus.FAILED
    assert found.outcome.detail == "the probe itself failed: UnicodeEncodeError"


def test_many_calls_are_made_at_once(secret: SecretQuestion, ca: tuple[trustme.CA, str]) -> None:
    """As many calls as are asked for are under way together."""
    together = threading.Barrier(20)

    def respond(request: https_servers.Request) -> bytes:
        together.wait(10)
        return events(request)

    async def ask(question: SecretQuestion) -> list[CallAnswer]:
        return await asyncio.gather(*(answer_call(question, CREDENTIALS) for _ in range(20)))

    with https_servers.serving(ca[0].issue_cert("localhost"), respond) as meeting:
        found = asyncio.run(ask(replace(secret, port=meeting.port)))

    assert {each.outcome.status for each in found} == {CallStatus.OK}


def test_who_stops_waiting_stops_the_calls(log: LogQuestion, ca: tuple[trustme.CA, str]) -> None:
    """After a cancelled wait the call under way is the last: nothing is created behind a run."""
    asked, go_on = threading.Event(), threading.Event()

    def respond(_: https_servers.Request) -> bytes:
        asked.set()
        go_on.wait(10)
        return aws({})

    async def ask(question: LogQuestion) -> None:
        task = asyncio.create_task(answer_call(question, CREDENTIALS))
        await asyncio.to_thread(asked.wait, 10)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()

    with https_servers.serving(ca[0].issue_cert("localhost"), respond) as slow:
        asyncio.run(ask(replace(log, port=slow.port)))
        (calling,) = [each for each in threading.enumerate() if each.name == "call"]
        go_on.set()
        calling.join(10)

    assert [each.headers["x-amz-target"] for each in slow.requests] == [
        "Logs_20140328.CreateLogStream"
    ]


def test_a_lost_vantage_tells_no_credentials(secret: SecretQuestion, tmp_path: Path) -> None:
    """Where the host hangs up, neither the error nor anything behind it shows the credentials."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def hang_up() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)

        thread = threading.Thread(target=hang_up)
        thread.start()
        vantage = RemoteVantage(path=str(path), label="lab", subnet="subnet-0a")
        with pytest.raises(VantageError) as raised:
            asyncio.run(ask_and_close(vantage, secret))
        thread.join()

    assert str(raised.value) == "vantage lab: cannot be asked: the connection was closed"
    text = told(raised.value)
    assert "EOFError" in text
    assert MARK not in text


def ask_broker(keys: Keys | None, *questions: Question) -> tuple[list[Answer], list[object]]:
    """Put questions to the broker of a small world; return answers and what credentials came."""
    world = make_world(1)

    async def run() -> list[Answer]:
        broker = Broker(world.terms, world.vantages, {}, keys)
        answers = [await broker.ask("subnet-1", question) for question in questions]
        await broker.close()
        return answers

    answers = asyncio.run(run())
    return answers, list(world.vantages["subnet-1"].credentials)


def test_the_broker_attaches_fresh_credentials(secret: SecretQuestion) -> None:
    """Each question that takes calls gets what is valid then; others get none."""
    issued: list[Credentials] = []

    def keys() -> Credentials:
        issued.append(replace(CREDENTIALS, token=str(len(issued))))
        return issued[-1]

    dns = DnsQuestion(name="logs.us-east-1.amazonaws.com")
    _, attached = ask_broker(keys, secret, dns, secret)

    assert attached == [issued[0], None, issued[1]]


def test_without_keys_calls_cannot_be_asked(secret: SecretQuestion) -> None:
    """A run without credentials cannot look, and says why."""

    def keys() -> Credentials:
        raise VantageError("the credentials of profile prod have expired: aws sso login")

    with pytest.raises(
        VantageError, match=r"^this run has no AWS credentials to make the calls with$"
    ):
        ask_broker(None, secret)
    with pytest.raises(VantageError, match=r"^the credentials of profile prod have expired: "):
        ask_broker(keys, secret)

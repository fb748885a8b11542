"""What a run creates is noted before, and gone after, however the run and AWS behave."""

import os
import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import NoReturn

import aws_front
import boto3
import botocore.session
import pytest
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import CredentialRetrievalError
from logs_cloud import OTHER_RUN, REGION, RUN, LogsCloud, stream, temporary

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.probes.call_records import LogQuestion
from pytest_ecs_privatelink.targets.ledger import Ledger
from pytest_ecs_privatelink.targets.traces import Trace, TraceKind

GROUP = "/ecs/app"
STALE = "Credentials were refreshed, but the refreshed credentials are still expired."
A, B = stream("private-a", GROUP), stream("private-b", GROUP)
THROTTLED = aws_front.refusal("logs", "ThrottlingException", "Rate exceeded")


@pytest.fixture
def front(logs: LogsCloud) -> Iterator[aws_front.Front]:
    """Serve in front of the emulator."""
    with aws_front.running(logs.url, {}) as front:
        yield front


def ledger_at(url: str, *traces: Trace, seconds: float = 20.0) -> Ledger:
    """Return a ledger of `RUN` for the AWS at ``url`` in which ``traces`` were noted."""
    ledger = Ledger(
        RUN,
        lambda: session_at(url, REGION),
        command="pytest --ecs-region us-east-1",
        seconds=seconds,
    )
    ledger.note(*traces)
    return ledger


def question(group: str, name: str, *, make_group: bool = False, write: bool = True) -> LogQuestion:
    """Return what a probe is asked in order to deliver an event."""
    return LogQuestion(
        host="logs.us-east-1.amazonaws.com",
        region=REGION,
        group=group,
        stream=name,
        message="hello",
        run=RUN,
        make_group=make_group,
        write=write,
    )


def test_what_was_created_last_goes_first(front: aws_front.Front, logs: LogsCloud) -> None:
    """A temporary group is deleted after the streams, and what others made stays."""
    own = temporary()
    inside = stream("private-a", own.name)
    logs.create(own, inside, A)
    ledger = ledger_at(front.url, own, inside, A)

    assert ledger.remove() is None

    deletions = ["logs:DeleteLogStream", "logs:DeleteLogStream", "logs:DeleteLogGroup"]
    assert front.seen == deletions
    assert ledger.calls == {"logs:DeleteLogGroup": 1, "logs:DeleteLogStream": 2}
    assert logs.groups() == {GROUP}
    assert logs.streams() == {"app/web/1"}
    assert ledger.noted == ()


def test_what_probes_created_is_removed_where_they_did(
    front: aws_front.Front, logs: LogsCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Probes know no proxy, no FIPS host and no other endpoint: nor does what follows them."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", logs.url)
    monkeypatch.setenv("AWS_USE_FIPS_ENDPOINT", "true")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    logs.create(A)

    def session() -> boto3.Session:
        return boto3.Session("a", "b", region_name=REGION)

    ledger = Ledger(RUN, session, address=front.url)
    ledger.note(A)

    assert ledger.remove() is None
    assert front.seen == ["logs:DeleteLogStream"]
    assert A.name not in logs.streams()


def test_what_was_noted_need_not_exist(logs: LogsCloud) -> None:
    """A stream that never was, one that has gone, and a group that has gone are no trouble."""
    ledger = ledger_at(logs.url, temporary(), A, stream("private-a", "/ecs/gone"))

    assert ledger.remove() is None
    assert ledger.remove() is None
    assert logs.streams() == {"app/web/1"}


def test_a_question_that_creates_is_noted(logs: LogsCloud) -> None:
    """A log question names its stream and, where it makes one, its group; others leave nothing."""
    ledger = ledger_at(logs.url)
    own = temporary()

    ledger.asking(question(GROUP, A.name, write=False))
    ledger.asking(SimpleNamespace(name="logs.us-east-1.amazonaws.com"))
    assert not ledger.noted
    ledger.asking(question(own.name, A.name, make_group=True))
    ledger.asking(question(GROUP, B.name))
    assert ledger.noted == (own, stream("private-a", own.name), B)


@pytest.mark.parametrize(
    ("note", "message"),
    [
        (
            lambda ledger: ledger.note(stream("private-a", GROUP, OTHER_RUN)),
            "log stream pytest-ecs-privatelink/ba9876543210/private-a of /ecs/app is none of run "
            "0123456789ab",
        ),
        (
            lambda ledger: ledger.asking(question(GROUP, A.name, make_group=True)),
            "log group /ecs/app is not a run's own: it has not our mark",
        ),
        (
            lambda _: Trace(kind=TraceKind.LOG_STREAM, name=A.name),
            "log stream pytest-ecs-privatelink/0123456789ab/private-a: a log stream stands in a "
            "group, no other",
        ),
    ],
)
def test_what_is_not_the_run_s_own_is_never_noted(
    logs: LogsCloud, note: Callable[[Ledger], object], message: str
) -> None:
    """Somebody else's name is refused before anything is created under it."""
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        note(ledger_at(logs.url))


def test_nothing_noted_costs_nothing() -> None:
    """No session is opened for a run that created nothing."""

    def never() -> NoReturn:
        raise AssertionError("a session was opened")

    assert Ledger(RUN, never).remove() is None


def test_a_refusal_is_told_with_the_way_out(front: aws_front.Front, logs: LogsCloud) -> None:
    """One line names what is left, why, and the command that removes it; the rest is removed."""
    logs.create(A, B, temporary())
    front.answers["DeleteLogStream"] = aws_front.denied
    ledger = ledger_at(front.url, temporary(), A, B)

    assert ledger.remove() == (
        "ecs-privatelink: could not remove log stream "
        "pytest-ecs-privatelink/0123456789ab/private-b of /ecs/app and 1 more "
        "(AccessDeniedException for logs:DeleteLogStream); "
        "later: pytest --ecs-region us-east-1 --ecs-log-group /ecs/app "
        "--ecs-cleanup 0123456789ab"
    )
    assert ledger.noted == (A, B)
    assert logs.groups() == {GROUP}
    del front.answers["DeleteLogStream"]
    assert ledger.remove() is None
    assert logs.streams() == {"app/web/1"}


def test_the_lab_s_traces_need_no_command(front: aws_front.Front) -> None:
    """Where the AWS ends with the run, nobody is told how to clean it."""
    front.answers["DeleteLogStream"] = aws_front.denied
    ledger = Ledger(RUN, lambda: session_at(front.url, REGION), command=None)
    ledger.note(A)

    assert ledger.remove() is None
    assert ledger.noted == (A,)


def test_throttling_is_waited_out(front: aws_front.Front, logs: LogsCloud) -> None:
    """AWS's "slow down" delays removing and prevents nothing."""
    logs.create(A)
    throttled = iter([THROTTLED, THROTTLED])
    front.answers["DeleteLogStream"] = lambda request: next(throttled, None) or request.forward()

    assert ledger_at(front.url, A).remove() is None
    assert front.seen == ["logs:DeleteLogStream"] * 3
    assert logs.streams() == {"app/web/1"}


def test_endless_throttling_ends(front: aws_front.Front) -> None:
    """The time that removing may take is kept, and the reason told."""
    front.answers["DeleteLogStream"] = aws_front.always(THROTTLED)
    started = time.monotonic()

    told = ledger_at(front.url, A, seconds=4.0).remove()

    assert time.monotonic() - started < 8
    assert told is not None
    assert " (ThrottlingException for logs:DeleteLogStream); later: " in told


def test_silence_is_not_asked_twice() -> None:
    """Where nobody listens, one call is enough to know what cannot be removed."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        ledger = ledger_at(url, A, B)
        told = ledger.remove()

    assert told is not None
    assert " and 1 more (no answer from 127.0.0.1); later: " in told
    assert ledger.calls == {"logs:DeleteLogStream": 1}


def test_an_answer_that_never_comes_is_not_awaited_for_ever() -> None:
    """A server that accepts and says nothing holds up the end of a run no longer than agreed."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        told = ledger_at(url, A, seconds=0.5).remove()

    assert time.monotonic() - started < 3
    assert told is not None
    assert " (there was no time); later: " in told


def test_a_session_that_cannot_be_opened_is_a_reason() -> None:
    """Credentials or profiles that went away meanwhile end in the same line."""

    def gone() -> boto3.Session:
        raise SettingsError("--ecs-profile prod: no such AWS profile; there are none")

    ledger = Ledger(RUN, gone)
    ledger.note(temporary())

    assert ledger.remove() == (
        "ecs-privatelink: could not remove log group pytest-ecs-privatelink/0123456789ab "
        "(--ecs-profile prod: no such AWS profile; there are none); "
        "later: pytest --ecs-cleanup 0123456789ab"
    )


def test_what_is_still_being_created_is_waited_for(logs: LogsCloud) -> None:
    """A call that was under way when the run was interrupted leaves nothing, either."""
    ledger = ledger_at(logs.url)
    ledger.asking(question(GROUP, A.name))
    under_way = threading.Timer(0.4, logs.create, (A,))
    under_way.start()

    assert ledger.remove() is None
    under_way.join()
    assert logs.streams() == {"app/web/1"}


def test_what_was_answered_is_not_waited_for(front: aws_front.Front) -> None:
    """An ordinary end of a run looks once."""
    ledger = ledger_at(front.url)
    ledger.asking(question(GROUP, A.name))
    ledger.answered(question(GROUP, A.name))

    assert ledger.remove() is None
    assert front.seen == ["logs:DeleteLogStream"]


@pytest.fixture
def _interruptible() -> Iterator[None]:
    """Have Ctrl-C raise here, as it does in a controller."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _slow(front: aws_front.Front) -> None:
    def answer(request: aws_front.Request) -> aws_front.Answer:
        front.ended.wait(1.0)
        return request.forward()

    front.answers["DeleteLogStream"] = answer


def _press_ctrl_c(*after: float) -> None:
    for seconds in after:
        threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()


@pytest.mark.usefixtures("_interruptible")
def test_removing_outlives_ctrl_c(front: aws_front.Front, logs: LogsCloud) -> None:
    """One more Ctrl-C does not stop what takes a moment."""
    logs.create(A)
    _slow(front)
    _press_ctrl_c(0.3)

    assert ledger_at(front.url, A).remove() is None
    assert logs.streams() == {"app/web/1"}


@pytest.mark.usefixtures("_interruptible")
def test_whoever_insists_is_told(front: aws_front.Front, logs: LogsCloud) -> None:
    """Yet another Ctrl-C ends the waiting with the command for later."""
    logs.create(A)
    _slow(front)
    _press_ctrl_c(0.2, 0.5)

    assert ledger_at(front.url, A).remove() == (
        "ecs-privatelink: could not remove log stream "
        "pytest-ecs-privatelink/0123456789ab/private-a of /ecs/app (there was no time); "
        "later: pytest --ecs-region us-east-1 --ecs-log-group /ecs/app "
        "--ecs-cleanup 0123456789ab"
    )


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (CredentialRetrievalError(provider="process", error_msg="hunter2"),
         "AWS credentials could not be had"),
        (RuntimeError(STALE), STALE),
    ],
)  # fmt: skip
def test_credentials_that_end_with_the_run_are_told_and_nothing_of_them(
    error: Exception, reason: str
) -> None:
    """A credential process's own words may hold a secret; botocore raises what it likes."""

    def refresh() -> dict[str, str]:
        raise error

    old = {"access_key": "a", "secret_key": "b", "token": "c", "expiry_time": "2000-01-01T00:00Z"}

    def session() -> boto3.Session:
        made = botocore.session.Session()
        made._credentials = RefreshableCredentials.create_from_metadata(  # type: ignore[attr-defined]
            old, refresh, "test"
        )
        return boto3.Session(botocore_session=made, region_name=REGION)

    ledger = Ledger(RUN, session, command="pytest")
    ledger.note(A)

    assert ledger.remove() == (
        f"ecs-privatelink: could not remove {A} ({reason}); "
        f"later: pytest --ecs-log-group {GROUP} --ecs-cleanup {RUN}"
    )

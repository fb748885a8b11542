"""Delivery to CloudWatch Logs: moto's where it is right, a scripted service where it is not."""

import time
from collections.abc import Iterator
from dataclasses import replace

import https_servers
import moto_service
import pytest
import trustme
from aws_calls import SIGN, service
from https_servers import Request, Respond, Step, aws, refusal

from pytest_ecs_privatelink.probes.awslogs import deliver
from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Denier,
    Link,
    LogAnswer,
    LogQuestion,
    Outcome,
)

QUESTION = LogQuestion(
    host="localhost",
    region="us-east-1",
    group="/ecs/app",
    stream="pytest-ecs-privatelink/r1/private-a",
    message="pytest-ecs-privatelink run r1",
    run="r1",
    patience=2.0,
)
EVENT = {"events": [{"timestamp": 1, "message": QUESTION.message}]}
DENIED = refusal(
    "AccessDeniedException",
    "User: x is not authorized to perform: logs:GetLogEvents on resource: y because no"
    " identity-based policy allows the logs:GetLogEvents action",
)


class Logs:
    """Answers by operation; each has its steps, of which the last one stays."""

    def __init__(self, **steps: tuple[Step, ...]) -> None:
        self.asked: list[str] = []
        self._steps = {name: https_servers.in_turn(*each) for name, each in steps.items()}

    def __call__(self, request: Request) -> Step:
        """Count the operation and answer with its next step."""
        operation = request.headers["x-amz-target"].partition(".")[2]
        self.asked.append(operation)
        return self._steps[operation](request) if operation in self._steps else aws({})


@pytest.fixture(scope="module")
def moto() -> Iterator[Respond]:
    """Return moto's answers."""
    with moto_service.moto() as respond:
        yield respond


def ask(
    question: LogQuestion, respond: Respond, certificate: trustme.LeafCert, ca_file: str
) -> LogAnswer:
    """Deliver through a fresh wire."""
    with service(certificate, ca_file, respond=respond) as (wire, _):
        return deliver(question, wire, SIGN)


def test_an_event_is_delivered(moto: Respond, certificate: trustme.LeafCert, ca_file: str) -> None:
    """A group is made, a stream in it, and the event is accepted and read back, with its time."""
    question = replace(QUESTION, group="/ecs/made", make_group=True)

    found = ask(question, moto, certificate, ca_file)

    assert found.outcome == Outcome(status=CallStatus.OK, link=Link.READ_BACK)
    assert (found.group, found.stream, found.note) == ("/ecs/made", QUESTION.stream, "")
    assert found.delivered_ms is not None
    assert 0 < found.delivered_ms < found.duration_ms
    assert [hop.link for hop in found.hops] == [
        Link.GROUP,
        Link.GROUP,
        Link.STREAM,
        Link.EVENT,
        Link.READ_BACK,
    ]
    assert {hop.status for hop in found.hops} == {200}


def test_a_second_delivery_finds_all_there(
    moto: Respond, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """A group and a stream that exist are used as they are."""
    question = replace(QUESTION, group="/ecs/twice", make_group=True)

    ask(question, moto, certificate, ca_file)
    found = ask(question, moto, certificate, ca_file)

    assert found.outcome.status is CallStatus.OK
    assert len(found.hops) == 4


def test_a_group_that_is_not_there(
    moto: Respond, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """Without leave to make it, a missing group is missing at the stream, or when described."""
    for write, link, action in (
        (True, Link.STREAM, "logs:CreateLogStream"),
        (False, Link.GROUP, "logs:DescribeLogStreams"),
    ):
        question = replace(QUESTION, group="/ecs/none", write=write)

        found = ask(question, moto, certificate, ca_file)

        assert found.outcome == Outcome(
            status=CallStatus.MISSING,
            link=link,
            error="ResourceNotFoundException",
            action=action,
            detail="ResourceNotFoundException: The specified log group does not exist.",
        )


def test_reading_only_creates_nothing(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Without leave to write, one call describes: the group, or that the service answers."""
    for make_group, operation in ((False, "DescribeLogStreams"), (True, "DescribeLogGroups")):
        logs = Logs()

        found = ask(
            replace(QUESTION, write=False, make_group=make_group), logs, certificate, ca_file
        )

        assert logs.asked == [operation]
        assert found.outcome == Outcome(status=CallStatus.OK, link=Link.GROUP)
        assert found.note == "read-only: nothing was written"


def test_a_made_group_is_tagged_and_short_lived(
    certificate: trustme.LeafCert, ca_file: str
) -> None:
    """What a run makes carries its id and one day of retention."""
    sent: list[Request] = []

    def respond(request: Request) -> bytes:
        sent.append(request)
        return aws(EVENT)

    ask(replace(QUESTION, make_group=True), respond, certificate, ca_file)

    assert [each.json for each in sent[:2]] == [
        {"logGroupName": "/ecs/app", "tags": {"pytest-ecs-privatelink:run": "r1"}},
        {"logGroupName": "/ecs/app", "retentionInDays": 1},
    ]


def test_subnets_make_the_same_group_at_once(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A group that another is just making is waited for, and so is its appearance."""
    busy = refusal("OperationAbortedException", "conflicting")
    there = refusal("ResourceAlreadyExistsException", "there")
    logs = Logs(
        CreateLogGroup=(busy, there),
        CreateLogStream=(refusal("ResourceNotFoundException", "no group"), there),
        GetLogEvents=(aws(EVENT),),
    )

    found = ask(replace(QUESTION, make_group=True), logs, certificate, ca_file)

    assert found.outcome.status is CallStatus.OK
    assert logs.asked == [
        *("CreateLogGroup", "CreateLogGroup"),
        *("CreateLogStream", "CreateLogStream", "PutLogEvents", "GetLogEvents"),
    ]


def test_a_new_stream_is_not_known_everywhere_at_once(
    certificate: trustme.LeafCert, ca_file: str
) -> None:
    """That events and readers do not find yet what was just made is no missing group."""
    unknown = refusal("ResourceNotFoundException", "The specified log stream does not exist.")
    logs = Logs(PutLogEvents=(unknown, aws({})), GetLogEvents=(unknown, unknown, aws(EVENT)))

    found = ask(QUESTION, logs, certificate, ca_file)

    assert found.outcome == Outcome(status=CallStatus.OK, link=Link.READ_BACK)
    assert logs.asked == [
        *("CreateLogStream", "PutLogEvents", "PutLogEvents"),
        *("GetLogEvents", "GetLogEvents", "GetLogEvents"),
    ]
    assert [hop.status for hop in found.hops] == [200, 400, 200, 200]


def test_a_stream_that_readers_never_find(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Then the event was accepted and not shown: the group is there."""
    unknown = refusal("ResourceNotFoundException", "The specified log stream does not exist.")

    found = ask(
        replace(QUESTION, patience=0.2), Logs(GetLogEvents=(unknown,)), certificate, ca_file
    )

    assert (found.outcome.status, found.outcome.link) == (CallStatus.NOT_DELIVERED, Link.READ_BACK)


def test_a_stream_that_events_never_find(certificate: trustme.LeafCert, ca_file: str) -> None:
    """After five tries what is said to be missing is missing; each try is told."""
    unknown = refusal("ResourceNotFoundException", "The specified log stream does not exist.")

    found = ask(QUESTION, Logs(PutLogEvents=(unknown,)), certificate, ca_file)

    assert (found.outcome.status, found.outcome.link) == (CallStatus.MISSING, Link.EVENT)
    assert [hop.link for hop in found.hops] == [Link.STREAM, *[Link.EVENT] * 5]


@pytest.mark.parametrize("code", ["OperationAbortedException", "ResourceNotFoundException"])
def test_retention_that_cannot_be_set_stops_nothing(
    code: str, certificate: trustme.LeafCert, ca_file: str
) -> None:
    """It is about the days after, and not about the way."""
    logs = Logs(PutRetentionPolicy=(refusal(code, "no"),), GetLogEvents=(aws(EVENT),))

    found = ask(replace(QUESTION, make_group=True), logs, certificate, ca_file)

    assert found.outcome.status is CallStatus.OK
    assert found.note == f"the group has no retention: {code}: no"


def test_a_group_without_retention_is_noted(certificate: trustme.LeafCert, ca_file: str) -> None:
    """A role that may make groups but not set their retention delivers all the same."""
    logs = Logs(
        PutRetentionPolicy=(refusal("AccessDeniedException", "no"),), GetLogEvents=(aws(EVENT),)
    )

    found = ask(replace(QUESTION, make_group=True), logs, certificate, ca_file)

    assert found.outcome.status is CallStatus.OK
    assert found.note == "the group has no retention: AccessDeniedException: no"


def test_an_event_takes_its_time(certificate: trustme.LeafCert, ca_file: str) -> None:
    """The event is looked for until it is there; only the last look is recorded."""
    logs = Logs(GetLogEvents=(aws({"events": []}), aws({"events": []}), aws(EVENT)))

    found = ask(QUESTION, logs, certificate, ca_file)

    assert found.outcome.status is CallStatus.OK
    assert logs.asked.count("GetLogEvents") == 3
    assert found.delivered_ms is not None
    assert found.delivered_ms > 250
    assert [hop.link for hop in found.hops] == [Link.STREAM, Link.EVENT, Link.READ_BACK]


def test_an_event_that_never_shows(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Accepted is not delivered: patience ends, in time."""
    logs = Logs(GetLogEvents=(aws({"events": [{"message": "of another"}]}),))
    began = time.monotonic()

    found = ask(replace(QUESTION, patience=0.5), logs, certificate, ca_file)

    assert found.outcome == Outcome(
        status=CallStatus.NOT_DELIVERED,
        link=Link.READ_BACK,
        action="logs:GetLogEvents",
        detail="the event was accepted, but not seen within 0.5 s",
    )
    assert found.delivered_ms is None
    assert time.monotonic() - began < 2


def test_who_may_not_read_has_delivered(certificate: trustme.LeafCert, ca_file: str) -> None:
    """The driver never reads: a refusal to let read back is a note."""
    found = ask(QUESTION, Logs(GetLogEvents=(DENIED,)), certificate, ca_file)

    assert found.outcome == Outcome(status=CallStatus.OK, link=Link.EVENT)
    assert found.delivered_ms is None
    assert found.note.startswith("not read back: AccessDeniedException: User: x is not authorized")


def test_without_patience_nothing_is_read(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Patience of nothing ends with acceptance."""
    logs = Logs()

    found = ask(replace(QUESTION, patience=0.0), logs, certificate, ca_file)

    assert found.outcome == Outcome(status=CallStatus.OK, link=Link.EVENT)
    assert logs.asked == ["CreateLogStream", "PutLogEvents"]


def test_a_rejected_event(certificate: trustme.LeafCert, ca_file: str) -> None:
    """An event that is accepted with the call and rejected in the answer was not delivered."""
    rejected = aws({"rejectedLogEventsInfo": {"tooNewLogEventStartIndex": 0}})

    found = ask(QUESTION, Logs(PutLogEvents=(rejected,)), certificate, ca_file)

    assert found.outcome == Outcome(
        status=CallStatus.NOT_DELIVERED,
        link=Link.EVENT,
        action="logs:PutLogEvents",
        detail="the event was rejected as too new (is the clock there right?)",
    )


def test_a_denial_half_way(certificate: trustme.LeafCert, ca_file: str) -> None:
    """An endpoint policy that lets streams be made but no events be put is named at the event."""
    denial = refusal(
        "AccessDeniedException",
        "User: x is not authorized to perform: logs:PutLogEvents on resource: y because no VPC"
        " endpoint policy allows the logs:PutLogEvents action",
    )

    found = ask(QUESTION, Logs(PutLogEvents=(denial,)), certificate, ca_file)

    assert (found.outcome.status, found.outcome.link) == (CallStatus.DENIED, Link.EVENT)
    assert found.outcome.denied_by is Denier.ENDPOINT_POLICY
    assert found.outcome.action == "logs:PutLogEvents"
    assert [hop.status for hop in found.hops] == [200, 400]


def test_a_token_that_expires_half_way(certificate: trustme.LeafCert, ca_file: str) -> None:
    """Credentials that end between two calls are told as such, where they ended."""
    ended = refusal("ExpiredTokenException", "The security token included is expired")

    found = ask(QUESTION, Logs(GetLogEvents=(ended,)), certificate, ca_file)

    assert (found.outcome.status, found.outcome.link) == (CallStatus.EXPIRED, Link.READ_BACK)

"""What killed runs left is found by its names alone, and nothing else is touched."""

import time
from collections.abc import Iterator

import aws_front
import pytest
from logs_cloud import OTHER_RUN, REGION, RUN, LogsCloud, stream, temporary

from pytest_ecs_privatelink.lab.cloud_session import session_at
from pytest_ecs_privatelink.targets.cleanup import Cleaned, Sought, clean
from pytest_ecs_privatelink.targets.traces import Trace

GROUP = "/ecs/app"
A, B = stream("private-a", GROUP), stream("private-b-ec2", GROUP)
LOOKALIKES = (
    "pytest-ecs-privatelink",
    "pytest-ecs-privatelink/",
    "pytest-ecs-privatelink/notes",
    "pytest-ecs-privatelink/0123456789abc/private-a",
    "pytest-ecs-privatelink/0123456789AB/private-a",
    "pytest-ecs-privatelink-0123456789ab",
    "app/pytest-ecs-privatelink/0123456789ab/private-a",
)
"""Names that others may have given, and that no run gives."""


@pytest.fixture
def front(logs: LogsCloud) -> Iterator[aws_front.Front]:
    """Serve in front of the emulator, whose answers change as things go."""
    with aws_front.running(logs.url, {}) as front:
        yield front


def now() -> int:
    """Return the time as CloudWatch Logs counts it, once it has moved on."""
    time.sleep(0.01)
    return int(time.time() * 1000)


def cleaned(
    url: str, *, run: str | None = RUN, before: int = 0, groups: tuple[str, ...] | None = None
) -> tuple[Cleaned, list[Trace]]:
    """Return what a clean-up came to, and what it told meanwhile."""
    told: list[Trace] = []
    sought = Sought(run=run, before=before, groups=groups)
    return clean(session_at(url, REGION), sought, told.append), told


def test_a_run_s_traces_are_removed_at_once(logs: LogsCloud) -> None:
    """Streams in any group and the temporary group go; what is other people's stays."""
    other = stream("private-a", GROUP, OTHER_RUN)
    elsewhere = stream("private-a", "/ecs/other")
    logs.client.create_log_group(logGroupName="/ecs/other")
    own = temporary()
    logs.create(own, stream("private-a", own.name), A, B, other, elsewhere, temporary(OTHER_RUN))

    ended, told = cleaned(logs.url)

    assert ended.problems == ()
    assert set(ended.removed) == {own, A, B, elsewhere}
    assert told == list(ended.removed)
    assert logs.streams() == {"app/web/1", other.name}
    assert logs.groups() == {GROUP, "/ecs/other", temporary(OTHER_RUN).name}
    assert cleaned(logs.url) == (Cleaned(removed=(), problems=()), [])


def test_without_an_id_the_young_stay(logs: LogsCloud) -> None:
    """Of any run, what is older than the moment given goes; a run under way keeps its things."""
    old = (temporary(OTHER_RUN), stream("private-a", GROUP, OTHER_RUN))
    logs.create(*old)
    before = now()
    logs.create(temporary(), A)

    ended, _ = cleaned(logs.url, run=None, before=before)

    assert ended == Cleaned(removed=old, problems=())
    assert logs.streams() == {"app/web/1", A.name}
    assert logs.groups() == {GROUP, temporary().name}


@pytest.mark.parametrize("run", [RUN, None])
def test_no_lookalike_is_touched(logs: LogsCloud, run: str | None) -> None:
    """What merely resembles our names, as group or as stream, is somebody else's."""
    for name in LOOKALIKES:
        logs.client.create_log_group(logGroupName=name)
        logs.client.create_log_stream(logGroupName=GROUP, logStreamName=name)
    before = now() + 1000

    ended, _ = cleaned(logs.url, run=run, before=before)

    assert ended == Cleaned(removed=(), problems=())
    assert logs.groups() == {GROUP, *LOOKALIKES}
    assert logs.streams() == {"app/web/1", *LOOKALIKES}


def test_only_the_groups_that_are_named_are_searched(
    front: aws_front.Front, logs: LogsCloud
) -> None:
    """With groups named, no list of all is asked for; temporary groups are looked for by prefix."""
    logs.client.create_log_group(logGroupName="/ecs/other")
    elsewhere = stream("private-a", "/ecs/other")
    logs.create(A, elsewhere)

    ended, _ = cleaned(front.url, groups=(GROUP, "/ecs/gone"))

    assert ended == Cleaned(removed=(A,), problems=())
    assert logs.streams("/ecs/other") == {elsewhere.name}
    assert sorted(each for each in front.seen if each.startswith("logs:")) == [
        "logs:DeleteLogStream",
        "logs:DescribeLogGroups",
        "logs:DescribeLogStreams",
        "logs:DescribeLogStreams",
    ]


def test_every_page_is_read(logs: LogsCloud) -> None:
    """An account has more groups, and a group more streams, than one answer holds."""
    for number in range(60):
        logs.client.create_log_group(logGroupName=f"/app/{number:02}")
    last = stream("private-a", "/app/59")
    many = tuple(stream(f"private-{number}", GROUP) for number in range(60))
    logs.create(last, *many)

    ended, _ = cleaned(logs.url)

    assert set(ended.removed) == {last, *many}
    assert logs.streams() == {"app/web/1"}


def test_a_group_that_cannot_be_looked_into_is_told(
    front: aws_front.Front, logs: LogsCloud
) -> None:
    """Groups that refuse are named, and the others are cleaned all the same."""
    logs.client.create_log_group(logGroupName="/ecs/other")
    own = temporary()
    logs.create(own)
    front.answers["DescribeLogStreams"] = aws_front.denied

    ended, _ = cleaned(front.url)

    reason = "AccessDeniedException for logs:DescribeLogStreams"
    assert ended == Cleaned(
        removed=(own,),
        problems=(f"cannot look into log group {GROUP} and 1 more: {reason}",),
    )


def test_a_list_of_groups_that_is_refused_is_told(front: aws_front.Front) -> None:
    """Nothing is called clean that could not be looked at."""
    front.answers["DescribeLogGroups"] = aws_front.denied

    ended, _ = cleaned(front.url)

    reason = "AccessDeniedException for logs:DescribeLogGroups"
    assert ended == Cleaned(removed=(), problems=(f"log groups cannot be listed: {reason}",))


def test_the_groups_named_are_cleaned_where_none_can_be_listed(
    front: aws_front.Front, logs: LogsCloud
) -> None:
    """A permission that lacks for temporary groups keeps no stream alive."""
    logs.create(A)
    front.answers["DescribeLogGroups"] = aws_front.denied

    ended, _ = cleaned(front.url, groups=(GROUP,))

    assert ended.removed == (A,)
    assert len(ended.problems) == 1


def test_a_removal_that_is_refused_is_told(front: aws_front.Front, logs: LogsCloud) -> None:
    """Each thing that stays is named with AWS's reason."""
    logs.create(temporary(), A)
    front.answers["DeleteLogStream"] = aws_front.denied

    ended, told = cleaned(front.url)

    reason = "AccessDeniedException for logs:DeleteLogStream"
    assert told == [temporary()]
    assert ended.problems == (f"cannot remove {A}: {reason}",)

"""``--ecs-cleanup``: what a killed run left goes, whoever asks, and nothing of anybody else's."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from lab_runs import Finished, environment

from pytest_ecs_privatelink.lab.cloud import REGION, Cloud
from pytest_ecs_privatelink.lab.world_ecs import build_workload

RUN = "0123456789ab"
GROUP = "/somebody/app"
MARK = "pytest-ecs-privatelink"

# What a run does between its first probe and its end, by the ledger that it uses itself.
HALF_A_RUN = f'''
import boto3

from pytest_ecs_privatelink.probes.call_records import LogQuestion
from pytest_ecs_privatelink.targets.ledger import Ledger

run, logs = "{RUN}", boto3.client("logs")
ledger = Ledger(run, boto3.Session)


def create(group: str, slug: str, *, make_group: bool = False) -> None:
    stream = f"{MARK}/{{run}}/{{slug}}"
    ledger.asking(
        LogQuestion(
            host="logs.us-east-1.amazonaws.com",
            region="us-east-1",
            group=group,
            stream=stream,
            message=run,
            run=run,
            make_group=make_group,
        )
    )
    if make_group:
        logs.create_log_group(logGroupName=group, tags={{"{MARK}:run": run}})
    logs.create_log_stream(logGroupName=group, logStreamName=stream)
    print(stream, flush=True)


create("{GROUP}", "private-a")
create("{GROUP}", "private-b-ec2")
create(f"{MARK}/{{run}}", "private-a", make_group=True)
input()
create("{GROUP}", "private-c")
assert ledger.remove() is None
'''


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Run an emulated AWS for this module alone: one that is cleaned is nobody else's."""
    with Cloud.launch() as cloud:
        cloud.wait()
        yield cloud


@pytest.fixture
def session(cloud: Cloud) -> boto3.Session:
    """Return a session for it, with somebody else's group and stream in it."""
    session = cloud.session()
    logs = session.client("logs")
    for each in logs.describe_log_groups()["logGroups"]:
        logs.delete_log_group(logGroupName=each["logGroupName"])
    logs.create_log_group(logGroupName=GROUP)
    for name in ("app/web/1", f"{MARK}/{'f' * 12}/private-a"):
        logs.create_log_stream(logGroupName=GROUP, logStreamName=name)
    return session


THEIRS = {GROUP: {"app/web/1", f"{MARK}/{'f' * 12}/private-a"}}


def left(session: boto3.Session) -> dict[str, set[str]]:
    """Return the streams of every log group."""
    logs = session.client("logs")
    return {
        group["logGroupName"]: {
            each["logStreamName"]
            for each in logs.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]
        }
        for group in logs.describe_log_groups()["logGroups"]
    }


def aws(cloud: Cloud) -> dict[str, str]:
    """Return a user's environment in which that cloud is AWS."""
    return environment(
        AWS_ENDPOINT_URL=cloud.endpoint,
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_DEFAULT_REGION=REGION,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )


def cleanup(folder: Path, env: dict[str, str], *arguments: str) -> Finished:
    """Return a pytest that cleans up."""
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "pytest", "-W", "error", *arguments],
        cwd=folder,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Finished(code=ended.returncode, out=ended.stdout, err=ended.stderr, folder=folder)


@contextlib.contextmanager
def half_a_run(cloud: Cloud) -> "Iterator[subprocess.Popen[str]]":
    """Start a run and yield once it has created three streams of four and waits."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", HALF_A_RUN],
        env=aws(cloud),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        for _ in range(3):
            assert process.stdout.readline().startswith(f"{MARK}/{RUN}/")
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_run_removes_all_that_it_created(cloud: Cloud, session: boto3.Session) -> None:
    """The same run, when nobody kills it, needs no cleaning."""
    with half_a_run(cloud) as process:
        process.communicate("\n", timeout=30)

    assert process.returncode == 0
    assert left(session) == THEIRS


def test_what_a_killed_run_left_is_removed(
    cloud: Cloud, session: boto3.Session, tmp_path: Path
) -> None:
    """SIGKILL half-way leaves three streams and a group, and cleaning leaves none of them."""
    with half_a_run(cloud) as process:
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert left(session)[GROUP] == {
        *THEIRS[GROUP],
        f"{MARK}/{RUN}/private-a",
        f"{MARK}/{RUN}/private-b-ec2",
    }
    assert left(session)[f"{MARK}/{RUN}"] == {f"{MARK}/{RUN}/private-a"}

    first = cleanup(tmp_path, aws(cloud), "--ecs-cleanup", RUN)

    assert (first.code, first.err) == (0, "")
    assert first.lines == [
        f"removed log group {MARK}/{RUN}",
        f"removed log stream {MARK}/{RUN}/private-a of {GROUP}",
        f"removed log stream {MARK}/{RUN}/private-b-ec2 of {GROUP}",
    ]
    assert left(session) == THEIRS
    again = cleanup(tmp_path, aws(cloud), "--ecs-cleanup", RUN)
    assert (again.code, again.out, again.err) == (0, f"nothing of run {RUN} is left\n", "")
    assert list(tmp_path.iterdir()) == []


def test_without_an_id_what_is_young_stays(
    cloud: Cloud, session: boto3.Session, tmp_path: Path
) -> None:
    """What was created within the hour may be in use."""
    ended = cleanup(tmp_path, aws(cloud), "--ecs-cleanup")

    told = "nothing older than an hour is left of any run\n"
    assert (ended.code, ended.out, ended.err) == (0, told, "")
    assert left(session) == THEIRS


def test_the_group_named_is_the_one_searched(
    cloud: Cloud, session: boto3.Session, tmp_path: Path
) -> None:
    """``--ecs-log-group``, as option or ini value, spares the search of all groups."""
    session.client("logs").create_log_group(logGroupName="/other")
    for group in (GROUP, "/other"):
        session.client("logs").create_log_stream(
            logGroupName=group, logStreamName=f"{MARK}/{RUN}/private-a"
        )
    (tmp_path / "pytest.ini").write_text(f"[pytest]\necs_log_group = {GROUP}\n")

    ended = cleanup(tmp_path, aws(cloud), "--ecs-cleanup", RUN)

    assert (ended.code, ended.err) == (0, "")
    assert ended.lines == [f"removed log stream {MARK}/{RUN}/private-a of {GROUP}"]
    assert left(session)["/other"] == {f"{MARK}/{RUN}/private-a"}


def test_a_cluster_says_which_groups_are_searched(
    cloud: Cloud, session: boto3.Session, tmp_path: Path
) -> None:
    """``--ecs-cluster`` leads by its task definitions to the groups that its tasks write to."""
    ec2 = session.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group_id = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    group = build_workload(session, (subnet,), group_id).log_group
    for each in (GROUP, group):
        session.client("logs").create_log_stream(
            logGroupName=each, logStreamName=f"{MARK}/{RUN}/private-a"
        )

    ended = cleanup(tmp_path, aws(cloud), "--ecs-cluster=lab", "--ecs-cleanup", RUN)

    assert (ended.code, ended.err) == (0, "")
    assert ended.lines == [f"removed log stream {MARK}/{RUN}/private-a of {group}"]


REFUSED = {
    "an empty id": (
        ("--ecs-cleanup", ""),
        "--ecs-cleanup '': not the id of a run, which is 12 digits such as 0123456789ab",
    ),
    "no id": (
        ("--ecs-cleanup", "tests/unit"),
        "--ecs-cleanup 'tests/unit': not the id of a run, which is 12 digits such as 0123456789ab",
    ),
    "the lab": (
        ("--ecs-lab", "--ecs-cleanup", RUN),
        "--ecs-cleanup: the lab's AWS ends with its run, nothing of it is left",
    ),
    "a snapshot": (
        ("--ecs-cleanup", RUN, "--ecs-snapshot", "vpc.json"),
        "--ecs-cleanup looks in AWS itself: --ecs-snapshot reads nothing there",
    ),
    "no group": (
        ("--ecs-cleanup", RUN, "--ecs-log-group", "/ecs/app*"),
        "--ecs-log-group '/ecs/app*': not the name of a log group, such as /ecs/app",
    ),
    "no profile": (
        ("--ecs-cleanup", RUN, "--ecs-profile", "prod"),
        "--ecs-profile prod: no such AWS profile; there are none",
    ),
}


@pytest.mark.parametrize(("arguments", "message"), REFUSED.values(), ids=REFUSED)
def test_an_option_without_meaning_is_refused(
    cloud: Cloud, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    """One line says what is wrong, and nothing was called."""
    ended = cleanup(tmp_path, aws(cloud), *arguments)

    assert (ended.code, ended.out) == (4, "")
    assert ended.err.strip() == f"ERROR: {message}"


def test_an_unknown_cluster_is_told(cloud: Cloud, session: boto3.Session, tmp_path: Path) -> None:
    """Where the groups cannot be known, nothing is called clean."""
    session.client("logs")
    ended = cleanup(tmp_path, aws(cloud), "--ecs-cluster=prod", "--ecs-cleanup", RUN)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith(
        "ERROR: --ecs-cluster prod: us-east-1 has no active cluster of that name; it has "
    )
    assert ended.err.count("\n") == 1


def test_an_aws_that_cannot_be_asked_is_told(cloud: Cloud, tmp_path: Path) -> None:
    """Without credentials, or without an answer, the run's things may still be there: 1, not 0."""
    env = aws(cloud)
    bare = {name: text for name, text in env.items() if "ACCESS_KEY" not in name}
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = env | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{closed.getsockname()[1]}"}
        dead |= {"AWS_MAX_ATTEMPTS": "1"}
        unanswered = cleanup(tmp_path, dead, "--ecs-cleanup", RUN)
    unsigned = cleanup(tmp_path, bare, "--ecs-cleanup", RUN)

    told = ("ERROR: tasks cannot be looked for: ", "ERROR: log groups cannot be listed: ")
    assert (unsigned.code, unsigned.out) == (1, "")
    assert unsigned.err == "".join(f"{each}Unable to locate credentials\n" for each in told)
    assert (unanswered.code, unanswered.out) == (1, "")
    assert unanswered.err == "".join(f"{each}no answer from 127.0.0.1\n" for each in told)


def test_cleaning_needs_no_workers(cloud: Cloud, session: boto3.Session, tmp_path: Path) -> None:
    """Beside ``-n`` it starts none: it is no run."""
    assert left(session) == THEIRS
    ended = cleanup(tmp_path, aws(cloud), "-n2", "--ecs-cleanup", RUN)

    assert (ended.code, ended.out, ended.err) == (0, f"nothing of run {RUN} is left\n", "")

"""SSM Run Command of the lab's cloud: scripts run on its hosts, and end in AWS's words."""

import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pytest_ecs_privatelink.lab.cloud import Client, Cloud
from pytest_ecs_privatelink.lab.invocation import CUT, shown
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.sockets import machines_path
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

SHELL = "AWS-RunShellScript"
NOBODY = "i-0123456789abcdef9"
SECONDS = 20.0


@pytest.fixture(scope="module")
def lab() -> Iterator[tuple[Laboratory, Snapshot]]:
    """Build the lab's own world: its hosts are the container instances of its cluster."""
    with closing(Laboratory(cloud=True, twin=True)) as lab:
        own = lab.build_world(())
        groups = dict.fromkeys(LaunchType, own.world.instance_groups)
        lab.build_twin(own.reading.snapshot, tuple(own.world.subnets.values()), groups)
        yield lab, own.reading.snapshot


@pytest.fixture
def ssm(lab: tuple[Laboratory, Snapshot]) -> Client:
    """Return a client of SSM."""
    return lab[0].session().client("ssm")


@pytest.fixture
def instances(lab: tuple[Laboratory, Snapshot]) -> list[str]:
    """Return the container instances' EC2 ids."""
    cluster = lab[1].cluster
    assert cluster is not None
    return [each.instance or "" for each in cluster.instances or ()]


def send(ssm: Client, instances: list[str], *lines: str, **parameters: list[str]) -> str:
    """Send a script; return the command's id."""
    sent = ssm.send_command(
        InstanceIds=instances,
        DocumentName=SHELL,
        Parameters={"commands": list(lines), **parameters},
        TimeoutSeconds=30,
    )
    assert sent["Command"]["Status"] == "Pending"
    assert sent["Command"]["InstanceIds"] == instances
    return str(sent["Command"]["CommandId"])


def ended(ssm: Client, command: str, instance: str) -> Mapping[str, Any]:
    """Return how a command ended on an instance, once it has."""
    return awaited(ssm, command, instance, lambda status: status not in ("Pending", "InProgress"))


def awaited(ssm: Client, command: str, instance: str, wanted: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a predicate
    """Return the invocation when its status is one that is ``wanted``."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        told: Mapping[str, Any] = ssm.get_command_invocation(CommandId=command, InstanceId=instance)
        if wanted(told["Status"]):
            return told
        time.sleep(0.02)
    raise AssertionError(f"still {told['Status']} after {SECONDS} s")


def test_a_script_runs_on_every_instance_in_its_own_network(
    ssm: Client, instances: list[str]
) -> None:
    """Each host is a namespace of its own, and none is ours."""
    command = send(ssm, instances, "readlink /proc/self/ns/net")

    told = [ended(ssm, command, each) for each in instances]

    assert {(each["Status"], each["StatusDetails"], each["ResponseCode"]) for each in told} == {
        ("Success", "Success", 0)
    }
    spaces = {each["StandardOutputContent"].strip() for each in told}
    assert len(spaces) == len(instances) == 3
    assert Path("/proc/self/ns/net").readlink() not in {Path(each) for each in spaces}
    assert all(each["ExecutionElapsedTime"].startswith("PT0.") for each in told)


def test_a_script_that_fails_is_told_with_its_code(ssm: Client, instances: list[str]) -> None:
    """Lines are one script: its exit code counts, and both streams are shown."""
    command = send(ssm, instances[:1], "echo one", "echo two >&2", "exit 7", "echo three")

    told = ended(ssm, command, instances[0])

    assert (told["Status"], told["StatusDetails"], told["ResponseCode"]) == ("Failed", "Failed", 7)
    assert (told["StandardOutputContent"], told["StandardErrorContent"]) == ("one\n", "two\n")


def test_output_is_cut_where_aws_cuts_it(ssm: Client, instances: list[str]) -> None:
    """Of standard output 24,000 characters are shown, of standard error 8,000."""
    numbers = "".join(f"{number}\n" for number in range(20_000))
    command = send(ssm, instances[:1], "seq 0 19999", "seq 0 19999 >&2")

    told = ended(ssm, command, instances[0])

    assert told["StandardOutputContent"] == numbers[: 24_000 - len(CUT)] + CUT
    assert told["StandardErrorContent"] == numbers[:8_000]


@pytest.mark.parametrize(("length", "cut"), [(23_999, False), (24_000, False), (24_001, True)])
def test_what_fits_is_whole(length: int, cut: bool) -> None:
    """To the last character that fits nothing is missing; whatever is shown fits."""
    text = "x" * length

    assert (shown(text) != text) is cut
    assert shown(text).endswith(CUT) is cut
    assert len(shown(text)) == min(length, 24_000)


def test_a_long_script_arrives_and_reads_nothing(ssm: Client, instances: list[str]) -> None:
    """Longer than any argument may be, and with nothing on its standard input."""
    command = send(ssm, instances[:1], f"x={'y' * 300_000}", "cat", 'echo "${#x}"')

    told = ended(ssm, command, instances[0])

    assert (told["Status"], told["StandardOutputContent"]) == ("Success", "300000\n")


def test_a_script_ends_at_its_time_limit(ssm: Client, instances: list[str]) -> None:
    """And its output is not shown: it has not finished."""
    command = send(ssm, instances[:1], "echo begun", "sleep 30", executionTimeout=["0.3"])

    told = ended(ssm, command, instances[0])

    assert (told["Status"], told["StatusDetails"]) == ("TimedOut", "ExecutionTimedOut")
    assert (told["ResponseCode"], told["StandardOutputContent"]) == (137, "")


def test_an_exit_code_of_its_own_is_no_time_limit(ssm: Client, instances: list[str]) -> None:
    """124 is what a host says of a script that it ended, and what a script may say itself."""
    command = send(ssm, instances[:1], "exit 124")

    assert ended(ssm, command, instances[0])["Status"] == "Failed"


def test_a_running_command_can_be_cancelled(
    lab: tuple[Laboratory, Snapshot], ssm: Client, instances: list[str]
) -> None:
    """It is in progress until then, which keeps nobody else from being answered."""
    command = send(ssm, instances[:2], "sleep 3")
    running = awaited(ssm, command, instances[0], lambda status: status == "InProgress")
    assert lab[0].session().client("ecs").list_clusters()["clusterArns"]

    ssm.cancel_command(CommandId=command, InstanceIds=instances[:1])

    told = ended(ssm, command, instances[0])
    assert (running["ResponseCode"], running["StandardOutputContent"]) == (-1, "")
    assert running["ExecutionEndDateTime"] == ""
    assert (told["Status"], told["StatusDetails"]) == ("Cancelled", "Cancelled")
    assert ssm.get_command_invocation(CommandId=command, InstanceId=instances[1])["Status"] == (
        "InProgress"
    )
    ssm.cancel_command(CommandId=command)
    assert ended(ssm, command, instances[1])["Status"] == "Cancelled"


def test_an_instance_that_nobody_manages_is_refused(ssm: Client, instances: list[str]) -> None:
    """The whole command is, in AWS's words, which name the strangers alone."""
    with pytest.raises(ClientError) as caught:
        send(ssm, [instances[0], NOBODY], "true")

    assert caught.value.response["Error"] == {
        "Code": "InvalidInstanceId",
        "Message": f"Instances [[{NOBODY}]] not in a valid state for account 123456789012",
    }


def test_what_cannot_be_asked_is_refused(ssm: Client, instances: list[str]) -> None:
    """A document that is not there, no script, a command that nobody sent."""
    some: dict[str, Any] = {"InstanceIds": instances, "DocumentName": SHELL}
    unknown = str(uuid.uuid4())
    told = []
    for call, arguments in (
        (ssm.send_command, some | {"DocumentName": "AWS-Nothing"}),
        (ssm.send_command, some | {"Parameters": {"commands": []}}),
        (ssm.get_command_invocation, {"CommandId": unknown, "InstanceId": instances[0]}),
        (ssm.cancel_command, {"CommandId": unknown}),
    ):
        with pytest.raises(ClientError) as caught:
            call(**arguments)
        told.append(caught.value.response["Error"]["Code"])

    assert told == [
        "InvalidDocument",
        "InvalidParameters",
        "InvocationDoesNotExist",
        "InvalidCommandId",
    ]


def test_a_host_that_is_gone_is_undeliverable(tmp_path: Path) -> None:
    """A managed instance that nobody answers for, and a lab that has none at all."""
    folder = Path(os.path.relpath(tmp_path))  # a socket's path is short
    with Cloud.launch(folder / "cloud.sock") as cloud:
        cloud.wait()
        ssm = cloud.session().client("ssm")
        with pytest.raises(ssm.exceptions.InvalidInstanceId):
            send(ssm, [NOBODY], "true")

        machines_path(folder).write_text(json.dumps({NOBODY: str(folder / "gone.sock")}))
        told = ended(ssm, send(ssm, [NOBODY], "true"), NOBODY)

    assert (told["Status"], told["StatusDetails"]) == ("Failed", "Undeliverable")
    assert (told["ResponseCode"], told["ExecutionStartDateTime"]) == (-1, "")

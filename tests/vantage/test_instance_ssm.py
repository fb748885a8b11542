"""Container instances reached by RunCommand, against a service that really runs what it is sent."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest
from instance_hosts import DNS, NAME, asked, host, run, trouble, vantage
from ssm_cloud import SsmCloud, ssm_cloud

from pytest_ecs_privatelink.catalogue.permissions import called_for_ssm
from pytest_ecs_privatelink.errors import VantageError
from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    DnsAnswer,
    DnsQuestion,
    DnsStatus,
)
from pytest_ecs_privatelink.vantage.batches import Batch
from pytest_ecs_privatelink.vantage.instance.channel import CommandChannel
from pytest_ecs_privatelink.vantage.instance.opening import _once
from pytest_ecs_privatelink.vantage.instance.ssm import MOST_SHOWN, Ssm
from pytest_ecs_privatelink.vantage.instance.vantage import Machine

ID = "i-0000000000000001"
COMMENT = "pytest-ecs-privatelink/abc"


@pytest.fixture
def cloud() -> Iterator[SsmCloud]:
    """Serve SSM on loopback."""
    with ssm_cloud() as made:
        yield made


def machine(cloud: SsmCloud, most: int = MOST_SHOWN) -> Machine:
    """Return an instance behind ``cloud``."""
    client = _once(lambda: cloud.session().client("ssm"))
    return Machine(host(f"ssm://{ID}"), CommandChannel(Ssm(ID, client, COMMENT), most=most))


def test_everything_is_one_command(cloud: SsmCloud) -> None:
    """A batch is one SendCommand to one instance, with a comment, a time limit and no input."""
    cloud.unknown_at_first = 2

    found = run(asked(vantage(machine(cloud)), DNS, replace(DNS, timeout=1.0)))

    assert [type(each) for each in found] == [DnsAnswer, DnsAnswer]
    (sent,) = cloud.called("SendCommand")
    assert sent["InstanceIds"] == [ID]
    assert sent["DocumentName"] == "AWS-RunShellScript"
    assert sent["Comment"] == COMMENT
    assert int(sent["Parameters"]["executionTimeout"][0]) < 30
    assert cloud.clients == 1


def test_an_answer_that_is_too_long_is_fetched_in_pieces(cloud: SsmCloud) -> None:
    """What SSM would cut off comes by further commands; the program runs once."""
    cloud.shown = 700
    questions = [DnsQuestion(name=NAME, timeout=1 + i / 100) for i in range(40)]

    found = run(asked(vantage(machine(cloud, most=700)), *questions))

    assert all(isinstance(each, DnsAnswer) for each in found)
    further = cloud.called("SendCommand")[1:]
    assert len(further) >= 1
    assert all(len(each["Parameters"]["commands"][0]) < 2000 for each in further)


def test_output_that_was_cut_off_all_the_same_is_an_error(cloud: SsmCloud) -> None:
    """Half an answer is none."""
    cloud.shown = 300

    found = run(asked(vantage(machine(cloud)), DNS))

    assert trouble(found[0]).startswith(f"ssm://{ID}: the answer is cut off after ")


REFUSALS = {
    ("SendCommand", "InvalidInstanceId"): (
        "SSM does not know it as a managed instance: see that the SSM Agent runs there, that its "
        "role has AmazonSSMManagedInstanceCore, and that it reaches ssm and ssmmessages"
    ),
    ("SendCommand", "AccessDeniedException"): (
        "SSM refused (AccessDeniedException): allow ssm:SendCommand there"
    ),
    ("GetCommandInvocation", "AccessDeniedException"): (
        "SSM refused (AccessDeniedException): allow ssm:GetCommandInvocation there"
    ),
    ("SendCommand", "UnsupportedPlatformType"): "AWS-RunShellScript does not run on its platform",
    ("SendCommand", "InvalidDocument"): (
        "SSM refused SendCommand (InvalidDocument: because): try it by the AWS CLI"
    ),
}


@pytest.mark.parametrize(("operation", "code"), REFUSALS)
def test_a_refusal_says_what_would_help(cloud: SsmCloud, operation: str, code: str) -> None:
    """What SSM refuses is one line about the host, with a permission or what it lacks."""
    cloud.refuses[operation] = (code, "because")

    found = run(asked(vantage(machine(cloud)), DNS))

    assert trouble(found[0]) == f"ssm://{ID}: {REFUSALS[operation, code]}"


IN_HISTORY = "see it in the command history of Systems Manager"
ENDINGS = {
    ("Failed", "Undeliverable"): f"the command could not be delivered: {IN_HISTORY}",
    ("TimedOut", "DeliveryTimedOut"): f"the command was not taken within 30 s: {IN_HISTORY}",
    ("TimedOut", "ExecutionTimedOut"): f"the command did not end in time: {IN_HISTORY}",
    ("Failed", "AccessDenied"): f"SSM may not run commands there: {IN_HISTORY}",
    ("Cancelled", "Cancelled"): f"somebody cancelled the command: {IN_HISTORY}",
    ("Odd", "Odd"): f"SSM says Odd: {IN_HISTORY}",
    ("Failed", "Failed"): "no answer came back (exit status -1): try it by hand",
}


@pytest.mark.parametrize("status", ENDINGS)
def test_a_command_that_came_to_nothing_says_how(cloud: SsmCloud, status: tuple[str, str]) -> None:
    """Each bad end of a command is an error, and never a verdict."""
    cloud.status = status

    found = run(asked(vantage(machine(cloud)), DNS))

    assert trouble(found[0]) == f"ssm://{ID}: {ENDINGS[status]}"


def test_a_command_is_cancelled_when_the_run_ends(cloud: SsmCloud) -> None:
    """Closing the vantage cancels what is under way, at once."""
    cloud.status = ("InProgress", "InProgress")
    place = vantage(machine(cloud))

    async def work() -> list[object]:
        waiting = asyncio.create_task(place.ask(DNS))
        while not cloud.called("GetCommandInvocation"):
            await asyncio.sleep(0.01)
        await place.close()
        return list(await asyncio.gather(waiting, return_exceptions=True))

    (found,) = run(work())

    assert trouble(found) == (  # type: ignore[arg-type]  # an error
        f"ssm://{ID}: the run ended, and the command was cancelled"
    )
    (cancelled,) = cloud.called("CancelCommand")
    assert cancelled["InstanceIds"] == [ID]
    assert cancelled["CommandId"] in cloud.results


def test_a_command_is_cancelled_at_its_deadline(cloud: SsmCloud) -> None:
    """What does not end is not left running."""
    cloud.status = ("InProgress", "InProgress")
    ssm = Ssm(ID, lambda: cloud.session().client("ssm"), COMMENT)

    with pytest.raises(VantageError) as raised:
        ssm.execute("true", b"", -29.9)

    assert str(raised.value) == (
        "no end within 0.1 s, and the command was cancelled: see whether the host hangs"
    )
    assert len(cloud.called("CancelCommand")) == 1


def test_credentials_never_go_into_a_command(cloud: SsmCloud) -> None:
    """A batch with credentials is refused before anything is called."""
    keys = Credentials(access_key="AKIA", secret_key="hush")

    with pytest.raises(VantageError) as raised:
        machine(cloud).channel.exchange(Batch(questions=(DNS,), credentials=keys), 5)

    assert str(raised.value) == ("credentials do not go into a command, where others may see them")
    assert cloud.calls == []


def test_questions_that_are_too_many_for_one_command_go_with_several(cloud: SsmCloud) -> None:
    """A batch above SSM's limits is divided, and nothing is lost."""
    # Names that compress badly; the port is closed, so that nobody hears them.
    names = [Random(i).randbytes(140).hex() for i in range(70)]
    questions = [
        ConnectQuestion(address="127.0.0.1", port=1, server_name=name, timeout=2.0)
        for name in names
    ]

    found = run(asked(vantage(machine(cloud)), DNS, *questions))

    assert isinstance(found[0], DnsAnswer)
    assert found[0].status is DnsStatus.ANSWERED
    assert [each.server_name for each in found[1:] if isinstance(each, ConnectAnswer)] == names
    programs = [
        each for each in cloud.called("SendCommand") if len(str(each["Parameters"])) > 20_000
    ]
    assert len(programs) > 1


def test_what_is_called_is_in_the_documented_policy(cloud: SsmCloud) -> None:
    """The IAM policy allows each call of this channel, on instances and commands."""
    cloud.status = ("InProgress", "InProgress")
    ssm = Ssm(ID, lambda: cloud.session().client("ssm"), COMMENT)

    with pytest.raises(VantageError):
        ssm.execute("true", b"", -29.9)

    calls = {f"ssm:{operation}" for operation, _ in cloud.calls}
    assert calls == called_for_ssm()


def test_one_client_serves_all_threads(cloud: SsmCloud) -> None:
    """The session is opened once, whoever comes first."""
    client = _once(lambda: cloud.session().client("ssm"))
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(client())) for _ in range(4)]

    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(set(map(id, found))) == cloud.clients == 1

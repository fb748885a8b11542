"""Which container instances are asked, by what host specification, and why others are not."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest
from counting_world import SERVICES, make_world
from hypothesis import given
from hypothesis import strategies as st

from pytest_ecs_privatelink.claims.asking import ask_connect
from pytest_ecs_privatelink.claims.foreseen import foreseen_dials
from pytest_ecs_privatelink.claims.terms import Asked
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    Question,
)
from pytest_ecs_privatelink.topology.cluster import Cluster, ContainerInstance
from pytest_ecs_privatelink.topology.model import Interface, Snapshot
from pytest_ecs_privatelink.topology.reader.instances import standing_in
from pytest_ecs_privatelink.vantage.instance.choosing import Chosen, choose
from pytest_ecs_privatelink.vantage.instance.opening import open_instances
from pytest_ecs_privatelink.vantage.instance.template import (
    BY_STDIN,
    CONNECTIONS,
    FIELDS,
    Connect,
    check_template,
    fill,
    label_of,
)
from pytest_ecs_privatelink.verdict import Cell, Claim

SSH = "ssh://ec2-user@{private_ip}"
LEGAL = ", ".join(CONNECTIONS)
WORN = ("sg-instances",)


def instance(number: int, subnet: str | None = "subnet-1", **changes: Any) -> ContainerInstance:  # noqa: ANN401
    """Return a container instance."""
    made = ContainerInstance(
        arn=f"arn-{number}",
        instance=f"i-{number}",
        agent_version="1.90.0",
        agent_connected=True,
        registered=None,
        subnet=subnet,
        groups=WORN,
    )
    return replace(made, **changes)


def world(*instances: ContainerInstance, **parts: Any) -> Snapshot:  # noqa: ANN401
    """Return a VPC of two subnets with a cluster of these instances."""
    snapshot = make_world(2).terms.snapshot
    interfaces = tuple(
        Interface(
            id=f"eni-{each.instance}",
            subnet=each.subnet,
            type="interface",
            addresses=(f"10.0.0.{i + 5}", f"10.0.0.{i + 105}"),
            instance=each.instance,
            primary=True,
        )
        for i, each in enumerate(instances)
        if each.subnet is not None
    )
    cluster = Cluster(arn="arn:live", name="live", instances=instances)
    return replace(
        snapshot,
        interfaces=(*(snapshot.interfaces or ()), *interfaces),
        cluster=replace(cluster, **parts),
    )


def chosen(snapshot: Snapshot, template: str = SSH) -> Chosen:
    """Return the hosts of both subnets."""
    ids = [each.id for each in snapshot.subnets]
    return choose(snapshot, ids, Connect(template=template), WORN)


def test_each_subnet_has_its_instances_those_that_wear_the_usual_groups_first() -> None:
    """What stands in for tasks wears what is worn; the address is the primary interface's first."""
    odd = instance(1, groups=("sg-odd",))
    found = chosen(world(odd, instance(2), instance(3, "subnet-2")))

    told = {subnet: [each.spec for each in hosts] for subnet, hosts in found.hosts.items()}
    assert told == {
        "subnet-1": ["ssh://ec2-user@10.0.0.6", "ssh://ec2-user@10.0.0.5"],
        "subnet-2": ["ssh://ec2-user@10.0.0.7"],
    }
    assert found.absent == {}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"os": "windows"}, "i-1 runs Windows, where the probes do not run"),
        ({"os": "bottlerocket"}, "i-1 runs Bottlerocket, which has no Python for the probes"),
        ({"managed": True}, "i-1 is an ECS Managed Instance, which lets nobody in"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_instance_that_cannot_be_asked_says_why(changes: dict[str, Any], reason: str) -> None:
    """A subnet with none but such is not probed, and its cells are skipped with the reason."""
    found = chosen(world(instance(1, **changes), instance(2, "subnet-2")))

    assert list(found.hosts) == ["subnet-2"]
    assert found.absent == {"subnet-1": f"no vantage: {reason}"}


@pytest.mark.parametrize(
    ("snapshot", "reason"),
    [
        (world(), "no container instance of cluster live stands in this subnet"),
        (world(instances=None), "the container instances of cluster live could not be read"),
        (
            world(instance(1, None)),
            "where cluster live's container instances stand is not known",
        ),
        (
            replace(world(instance(1)), interfaces=()),
            "of i-1 no private_ip is known",
        ),
    ],
    ids=["none", "unread", "nowhere", "no address"],
)
def test_a_subnet_without_instance_says_why(snapshot: Snapshot, reason: str) -> None:
    """Nothing is guessed where the snapshot does not know."""
    assert chosen(snapshot).absent["subnet-1"] == f"no vantage: {reason}"


def test_without_a_cluster_nobody_is_known() -> None:
    """The option needs the other one."""
    with pytest.raises(SettingsError) as raised:
        chosen(replace(world(), cluster=None))

    assert str(raised.value) == (
        "--ecs-connect needs the container instances of a cluster: give --ecs-cluster"
    )


def test_one_host_for_several_instances_is_refused() -> None:
    """Its word would count for all of them."""
    with pytest.raises(SettingsError) as raised:
        chosen(world(instance(1), instance(2)), "ssh://bastion?timeout=3")

    assert str(raised.value) == (
        "--ecs-connect 'ssh://bastion?timeout=3': means the same host for i-1 and i-2; name them "
        "by {private_ip} or {instance_id}"
    )


FIELD_LIST = "{az}, {instance_id}, {private_ip}, {subnet_id}"
WRONG = {
    "": "is empty: give a host such as ssh://ec2-user@{private_ip}",
    "  ": "is empty: give a host such as ssh://ec2-user@{private_ip}",
    "ssh://{ip}": f"no such field {{ip}}; there are {FIELD_LIST}",
    "ssh://{}": f"no such field {{}}; there are {FIELD_LIST}",
    "ssh://{private_ip:>9}": "give {private_ip} as it is, without ! and :",
    "ssh://{private_ip!r}": "give {private_ip} as it is, without ! and :",
    "ssh://{private_ip.real}": f"no such field {{private_ip.real}}; there are {FIELD_LIST}",
    "ssh://{private_ip": f"expected '}}' before end of string; the fields are {FIELD_LIST}",
    "{private_ip}": f"has no connection before ://, of {LEGAL}",
    "telnet://{private_ip}": f"no such connection 'telnet'; there are {LEGAL}",
    "winrm://{private_ip}": f"no such connection 'winrm'; there are {LEGAL}",
    "ssh://{private_ip}?sh_config=x": (
        "ssh takes no 'sh_config'; there are ssh_config, ssh_identity_file, ssh_extra_args, "
        "timeout, sudo, sudo_user"
    ),
    "ssh://me@{private_ip}:99999": "port: give a number, of 65535 at most",
    "ssh://me@{private_ip}:ssh": "port: give a number, of 65535 at most",
    "ssh://{private_ip}?timeout=soon": "timeout: give whole seconds",
    "ssm://{instance_id}?sudo=true": "ssm takes no 'sudo', nor anything else after ?",
    "ssm://{private_ip}": "SSM knows instances by id: give ssm://{instance_id}",
}


@pytest.mark.parametrize("template", WRONG)
def test_a_template_without_meaning_is_refused(template: str) -> None:
    """Each is named, with what is legal in its place, before anything is sent."""
    with pytest.raises(SettingsError) as raised:
        check_template(template)

    assert str(raised.value) == f"--ecs-connect {template!r}: {WRONG[template]}"


def test_a_password_is_refused_and_not_repeated() -> None:
    """Command lines show it: the message does not."""
    with pytest.raises(SettingsError) as raised:
        check_template("ssh://me:hush@{private_ip}")

    assert str(raised.value) == (
        "--ecs-connect 'ssh://me@{private_ip}': has a password, which command lines show: use a key"
    )


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("paramiko://me:hush@{ip}?timeout=3", "'paramiko://me@{ip}?timeout=3': no such field {ip}"),
        ("me:hu@sh@{private_ip}", "'me@{private_ip}': has no connection before ://"),
        ("shh://me:hush@{private_ip}", "'shh://me@{private_ip}': no such connection 'shh'"),
        ("ssh://me:hush@{private_ip}?timeout=a", "'ssh://me@{private_ip}?timeout=a': has a"),
    ],
)
def test_no_complaint_repeats_a_password(template: str, told: str) -> None:
    """Whatever else is wrong with a template, logs of runs must not learn it."""
    with pytest.raises(SettingsError) as raised:
        check_template(template)

    assert str(raised.value).startswith(f"--ecs-connect {told}")
    assert "hu" not in str(raised.value)


def test_one_machine_for_all_is_refused_without_its_password() -> None:
    """Another place quotes the template, too."""
    with pytest.raises(SettingsError) as raised:
        choose(
            world(instance(1), instance(2, subnet="subnet-2")),
            ("subnet-1", "subnet-2"),
            Connect(template="paramiko://me:hush@bastion"),
        )

    assert str(raised.value).startswith("--ecs-connect 'paramiko://me@bastion': means the same")


@pytest.mark.parametrize(
    "template",
    [
        SSH,
        "ssh://{instance_id}?ssh_config=/c&sudo=true&timeout=3",
        "ssm://{instance_id}",
        "local://",
        "docker://{instance_id}",
        "paramiko://root@{private_ip}:22",
        "ansible://{private_ip}?ansible_inventory=/i",
    ],
)
def test_a_template_with_meaning_is_taken(template: str) -> None:
    """Testinfra's connections, and two of our own."""
    check_template(template)


def test_testinfra_s_connections_are_all_there() -> None:
    """But for Windows', which has no shell for the probes."""
    backend = pytest.importorskip("testinfra.backend")

    assert {*backend.BACKENDS, "ssm", "machine"} - {"winrm"} == set(CONNECTIONS)


@given(
    st.fixed_dictionaries({name: st.text("0123456789abcdef.-", min_size=1) for name in FIELDS}),
    st.permutations(FIELDS),
)
def test_every_field_is_filled_in(values: dict[str, str], order: list[str]) -> None:
    """What a template names is there, in its order, and nothing else is changed."""
    template = "x://" + "/".join(f"{{{name}}}" for name in order)

    assert fill(template, values) == "x://" + "/".join(values[name] for name in order)


@given(
    user=st.from_regex(r"[a-z]{1,8}", fullmatch=True),
    secret=st.from_regex(r"[A-Z]{4,12}", fullmatch=True),
    host=st.from_regex(r"[0-9.]{1,12}(:[0-9]{2})?", fullmatch=True),
)
def test_a_label_has_no_password_and_no_query(user: str, secret: str, host: str) -> None:
    """Whatever the host, reports do not hold what is secret."""
    label = label_of(f"paramiko://{user}:{secret}@{host}?ssh_config={secret}")

    assert label == f"paramiko://{user}@{host}"


@pytest.mark.parametrize("connection", [each for each in CONNECTIONS if each not in BY_STDIN])
def test_credentials_travel_by_standard_input_alone(connection: str) -> None:
    """A connection without it is refused before anything is sent."""
    connect = Connect(template=f"{connection}://{{instance_id}}", lend=True)
    terms = replace(make_world(2).terms, snapshot=world(instance(1)))

    with pytest.raises(SettingsError) as raised:
        open_instances(terms, connect, run="abc")

    assert str(raised.value) == (
        f"--ecs-lend-credentials: {connection}:// has no standard input, and others may see "
        "commands; only ssh:// carries credentials"
    )


@pytest.mark.parametrize(
    ("attributes", "os"),
    [
        ([], "linux"),
        ([{"name": "ecs.os-type", "value": "linux"}], "linux"),
        ([{"name": "ecs.os-type", "value": "windows"}], "windows"),
        ([{"name": "bottlerocket.variant", "value": "aws-ecs-2"}], "bottlerocket"),
    ],
    ids=["untold", "linux", "windows", "bottlerocket"],
)
def test_the_operating_system_is_read_from_the_attributes(
    attributes: list[dict[str, str]], os: str
) -> None:
    """What nobody says is Linux, as most are."""
    raw = {"containerInstanceArn": "arn", "ec2InstanceId": "i-1", "attributes": attributes}

    (found,) = standing_in(None, (raw,))

    assert found.os == os


def test_what_is_foreseen_is_what_claims_ask() -> None:
    """The template with the answer's address is the very question of ``tcp-443``."""
    terms = make_world(1, SERVICES).terms
    asked: list[Question] = []

    async def ask(question: Asked) -> Answer:
        assert isinstance(question, ConnectQuestion)
        asked.append(question)
        return ConnectAnswer(
            address="10.0.0.7",
            port=443,
            server_name=None,
            status=ConnectStatus.OPEN,
            phase="tls",
        )

    for service in terms.services:
        cell = Cell(Claim.TCP_443, terms.subnets[0].id, service.service)
        for name in service.names:
            asyncio.run(ask_connect(name, "10.0.0.7", cell, terms, ask))

    dials = foreseen_dials(terms)
    assert asked == [replace(dial, address="10.0.0.7") for dial in dials.values()]
    assert len(asked) >= len(SERVICES)


def test_testinfra_s_log_says_nothing_of_a_batch(caplog: pytest.LogCaptureFixture) -> None:
    """Taking up hosts logs nothing at all."""
    pytest.importorskip("testinfra")
    terms = replace(make_world(2).terms, snapshot=world(instance(1), instance(2, "subnet-2")))

    with caplog.at_level(logging.DEBUG, logger="testinfra"):
        opened = open_instances(terms, Connect(template=SSH), run="abc")

    assert [each.label for each in opened.vantages.values()] == [
        "ssh://ec2-user@10.0.0.5",
        "ssh://ec2-user@10.0.0.6",
    ]
    assert [each.instances for each in opened.vantages.values()] == [("i-1",), ("i-2",)]
    assert all(each.own_credentials for each in opened.vantages.values())
    assert caplog.text == ""

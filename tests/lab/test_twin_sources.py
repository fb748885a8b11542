"""Rules that treat parts of a subnet differently: the twin finds them from every part."""

from dataclasses import replace

import pytest
from twin_rehearsal import plan_of, rehearse
from twin_snapshots import (
    ENDPOINTS,
    OPEN_ACL,
    TASKS,
    VPC,
    acl_entry,
    everything,
    healthy,
    https,
    interface_address,
    with_group,
)

from pytest_ecs_privatelink.lab.plan import Host, compile_plan
from pytest_ecs_privatelink.probes.records import ConnectAnswer, ConnectQuestion, ConnectStatus
from pytest_ecs_privatelink.topology.model import (
    AclEntry,
    GroupRule,
    Interface,
    NetworkAcl,
    SecurityGroup,
    Snapshot,
)
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import LaunchType

HOME, ABROAD = "subnet-0", "subnet-1"
ENDPOINT, NAME = interface_address(0, 0), "api.ecr.us-east-1.amazonaws.com"
S3 = "52.216.0.1"
SOON = 1.0
SILENT = "no answer in phase connect within 1 s"


def guarded(subnet: str, *entries: AclEntry) -> Snapshot:
    """Return a healthy VPC in which one subnet has an ACL of its own."""
    acl = NetworkAcl(id="acl-own", entries=entries, subnets=(subnet,))
    return replace(healthy(), network_acls=(OPEN_ACL, acl))


@pytest.mark.parametrize(
    ("cidr", "worst", "better"),
    [
        ("10.0.1.128/25", "10.0.1.127", "10.0.1.254"),
        ("10.0.1.0/25", "10.0.1.254", "10.0.1.127"),
    ],
)
def test_subnet_covered_in_part(cidr: str, worst: str, better: str) -> None:
    """An endpoints' group that admits half a subnet fails it, and says which half."""
    snapshot = with_group(healthy(), ENDPOINTS, ingress=(https(cidr=cidr),))
    with rehearse(snapshot) as lab:
        answer = lab.connect(ABROAD, ENDPOINT, NAME, timeout=SOON)
        assert lab.resolve(ABROAD, NAME).addresses == (ENDPOINT,)
        assert lab.connect(ABROAD, S3).status is ConnectStatus.OPEN
    assert (answer.status, answer.phase) == (ConnectStatus.TIMEOUT, "connect")
    assert (answer.server_name, answer.address) == (NAME, ENDPOINT)
    assert answer.detail == (
        f"no answer in phase connect within 1 s from {worst}, while {better} connects"
    )


def test_acl_that_covers_a_subnet_in_part() -> None:
    """An ACL before the endpoints that denies a part of a subnet fails it."""
    deny = replace(acl_entry(50, egress=False, allow=False), cidr="10.0.1.64/26")
    snapshot = guarded(HOME, deny, acl_entry(100, egress=False), acl_entry(100, egress=True))
    with rehearse(snapshot) as lab:
        answer = lab.connect(ABROAD, ENDPOINT, timeout=SOON)
        assert lab.opens((HOME, ENDPOINT), (ABROAD, S3))
    assert answer.detail == (
        "no answer in phase connect within 1 s from 10.0.1.127, while 10.0.1.254 connects"
    )


def test_hole_in_the_return_ports() -> None:
    """Return ports with a hole fail every connection, each time, and the hole is named."""
    snapshot = guarded(
        ABROAD, acl_entry(100, egress=True), acl_entry(100, egress=False, ports=(34000, 60999))
    )
    with rehearse(snapshot) as lab:
        answers = [lab.connect(ABROAD, address, timeout=SOON) for address in (ENDPOINT, S3)]
        assert lab.opens((HOME, ENDPOINT), (HOME, S3))
    assert {answer.status for answer in answers} == {ConnectStatus.TIMEOUT}
    assert {answer.detail for answer in answers} == {
        "no answer in phase connect within 1 s from 10.0.1.254 (source ports 32768-33999), while"
        " 10.0.1.254 (source ports 34000-60999) connects"
    }


def test_single_return_port_is_found_again_and_again() -> None:
    """A hole of one port is found by all of many questions, at once and one after another."""
    deny = acl_entry(50, egress=False, allow=False, ports=(40000, 40000))
    snapshot = guarded(ABROAD, deny, acl_entry(100, egress=False), acl_entry(100, egress=True))
    question = ConnectQuestion(address=ENDPOINT, timeout=SOON)
    with rehearse(snapshot) as lab:
        asked = [(ABROAD, replace(question, timeout=SOON + i / 100)) for i in range(2)]
        answers = [*lab.ask(*asked[:1] * 4), *lab.ask(asked[1])]
    statuses = {answer.status for answer in answers if isinstance(answer, ConnectAnswer)}
    assert statuses == {ConnectStatus.TIMEOUT}


def test_single_open_port_can_be_dialled_from_again() -> None:
    """A source port that connected connects at once again: nothing lingers in TIME_WAIT."""
    deny = acl_entry(50, egress=False, allow=False, ports=(40001, 65535))
    only = acl_entry(60, egress=False, ports=(40000, 65535))
    snapshot = guarded(ABROAD, deny, only, acl_entry(100, egress=True))
    expected = (
        "no answer in phase connect within 0.2 s from 10.0.1.254 (source ports 40001-60999), while"
        " 10.0.1.254 (source ports 40000-40000) connects"
    )
    with rehearse(snapshot) as lab:
        answers = [lab.connect(ABROAD, ENDPOINT, timeout=0.2) for _ in range(4)]
    assert {answer.detail for answer in answers} == {expected}


def test_tls_is_judged_where_all_sources_connect() -> None:
    """Parts that fare alike, if for different reasons, do TLS; its outcome is the answer."""
    halves = (
        replace(acl_entry(50, egress=False, ports=(443, 443)), cidr="10.0.1.128/25"),
        acl_entry(100, egress=False),
        acl_entry(100, egress=True, ports=(34000, 65535)),
        acl_entry(110, egress=True, ports=(1024, 33999)),
    )
    with rehearse(guarded(HOME, *halves)) as lab:
        right = lab.connect(ABROAD, ENDPOINT, NAME)
        wrong = lab.connect(ABROAD, ENDPOINT, "logs.us-east-1.amazonaws.com")
    assert (right.status, right.detail) == (ConnectStatus.OPEN, "")
    assert wrong.status is ConnectStatus.CERTIFICATE
    assert wrong.detail.startswith("wrong name: the certificate is for ")


INSTANCES = "sg-instances"
FARGATE, EC2 = (LaunchType.FARGATE,), (LaunchType.EC2,)


def with_instances(*egress: GroupRule) -> Snapshot:
    """Return a healthy VPC with a group for container instances that lets only this out."""
    own = SecurityGroup(id=INSTANCES, vpc=VPC, name="instances", ingress=(), egress=egress)
    read = healthy()
    return replace(read, security_groups=(*(read.security_groups or ()), own))


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (FARGATE, ConnectStatus.OPEN),
        (EC2, ConnectStatus.TIMEOUT),
        (FARGATE + EC2, ConnectStatus.TIMEOUT),
        ((), ConnectStatus.TIMEOUT),
    ],
)
def test_each_launch_type_dials_with_its_own_groups(
    asked: tuple[LaunchType, ...], status: ConnectStatus
) -> None:
    """On EC2 packets leave with the instances' groups, and what needs both fails with either."""
    with rehearse(with_instances(), instance_groups=(INSTANCES,)) as lab:
        question = ConnectQuestion(address=ENDPOINT, timeout=SOON, launch_types=asked)
        (answer,) = lab.ask((ABROAD, question))
        assert lab.resolve(ABROAD, NAME).addresses == (ENDPOINT,)
        assert lab.twin.vantages[ABROAD].groups == (INSTANCES, TASKS)
        assert lab.twin.vantages[ABROAD].wearers == {
            LaunchType.FARGATE: (TASKS,),
            LaunchType.EC2: (INSTANCES,),
        }
    assert isinstance(answer, ConnectAnswer)
    assert answer.status is status
    both = f"{SILENT} from 10.0.1.253 as ec2, while 10.0.1.254 as fargate connects"
    silent = SILENT if asked == EC2 else both
    assert answer.detail == ("" if status is ConnectStatus.OPEN else silent)


def test_a_group_that_is_admitted_by_name_is_told_by_its_wearers() -> None:
    """A rule that names the instances' group admits the address that wears it, and no other."""
    admitting = with_group(
        with_instances(everything()), ENDPOINTS, ingress=(https(group=INSTANCES),)
    )
    with rehearse(admitting, instance_groups=(INSTANCES,)) as lab:
        asked = [
            (ABROAD, ConnectQuestion(address=ENDPOINT, timeout=SOON, launch_types=kinds))
            for kinds in (FARGATE, EC2)
        ]
        statuses = [each.status for each in lab.ask(*asked) if isinstance(each, ConnectAnswer)]
    assert statuses == [ConnectStatus.TIMEOUT, ConnectStatus.OPEN]


@pytest.mark.parametrize(
    ("wearers", "guises"),
    [
        ({}, [(None, FARGATE + EC2)]),
        ({LaunchType.EC2: ("sg-2",)}, [(("sg-2",), FARGATE + EC2)]),
        ({LaunchType.FARGATE: ("sg-1",), LaunchType.EC2: None}, [(("sg-1",), FARGATE + EC2)]),
        (
            {LaunchType.FARGATE: ("sg-1", "sg-2"), LaunchType.EC2: ("sg-2", "sg-1")},
            [(("sg-1", "sg-2"), FARGATE + EC2)],
        ),
        (
            {LaunchType.FARGATE: ("sg-1",), LaunchType.EC2: ("sg-2",)},
            [(("sg-1",), FARGATE), (("sg-2",), EC2)],
        ),
    ],
    ids=["nobody", "one", "other unknown", "alike", "both"],
)
def test_a_host_dresses_no_more_often_than_groups_differ(
    wearers: Wearers, guises: list[tuple[tuple[str, ...] | None, tuple[LaunchType, ...]]]
) -> None:
    """Where launch types wear the same, or one is unknown, a host has one address."""
    plan = compile_plan(healthy(), hosts=(Host(HOME, wearers),), registries=())
    (host,) = plan.hosts
    assert [(each.groups, each.launch_types) for each in host.guises] == guises
    assert len(set(host.addresses)) == len(guises)


def test_a_subnet_without_a_second_free_address_dials_as_fargate() -> None:
    """What cannot be dialled is said, and does not keep the lab from being built."""
    read = healthy()
    full = Interface(
        id="eni-full",
        subnet=HOME,
        type="interface",
        addresses=tuple(f"10.0.0.{last}" for last in range(4, 254)),
    )
    crowded = replace(read, interfaces=(*(read.interfaces or ()), full))
    plan = plan_of(crowded, instance_groups=(INSTANCES,))
    assert plan.hosts[0].addresses == ("10.0.0.254",)
    assert plan.caveats[-1] == (
        "subnet-0 has no second free address: the twin does not dial from it as ec2"
    )

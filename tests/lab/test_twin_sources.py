"""Rules that treat parts of a subnet differently: the twin finds them from every part."""

from dataclasses import replace

import pytest
from twin_rehearsal import rehearse
from twin_snapshots import (
    ENDPOINTS,
    OPEN_ACL,
    acl_entry,
    healthy,
    https,
    interface_address,
    with_group,
)

from pytest_ecs_privatelink.probes.records import ConnectQuestion, ConnectStatus
from pytest_ecs_privatelink.topology.model import AclEntry, NetworkAcl, Snapshot

HOME, ABROAD = "subnet-0", "subnet-1"
ENDPOINT, NAME = interface_address(0, 0), "api.ecr.us-east-1.amazonaws.com"
S3 = "52.216.0.1"
SOON = 1.0


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
    assert {answer.status for answer in answers} == {ConnectStatus.TIMEOUT}


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

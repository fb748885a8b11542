"""Each fault of the twin's own turns exactly its service's probes into what it promises."""

import statistics

import pytest
from twin_rehearsal import LONG, SHORT, rehearse
from twin_snapshots import healthy, interface_address

from pytest_ecs_privatelink.lab.plan.addresses import public_addresses
from pytest_ecs_privatelink.lab.twin_faults import AGENT_CODES, CHAIN_CODES, TWIN_CODES, TwinFault
from pytest_ecs_privatelink.probes.records import (
    ConnectAnswer,
    ConnectQuestion,
    ConnectStatus,
    DnsStatus,
)
from pytest_ecs_privatelink.verdict import Code

SUBNET = "subnet-1"
BROKEN, WHOLE = "api.ecr.us-east-1.amazonaws.com", "logs.us-east-1.amazonaws.com"
BROKEN_ADDRESS, WHOLE_ADDRESS = interface_address(0, 0), interface_address(0, 2)

DNS = {
    Code.DNS_TIMEOUT: DnsStatus.TIMEOUT,
    Code.DNS_SERVFAIL: DnsStatus.SERVFAIL,
    Code.DNS_REFUSED: DnsStatus.REFUSED,
    Code.DNS_NXDOMAIN: DnsStatus.NXDOMAIN,
    Code.DNS_PUBLIC_ANSWER: DnsStatus.ANSWERED,
}
CONNECT = {
    Code.TCP_TIMEOUT: ConnectStatus.TIMEOUT,
    Code.TCP_REFUSED: ConnectStatus.REFUSED,
    Code.TCP_UNREACHABLE: ConnectStatus.UNREACHABLE,
    Code.TLS_HANDSHAKE: ConnectStatus.HANDSHAKE,
    Code.TLS_CERTIFICATE: ConnectStatus.CERTIFICATE,
}


def test_every_fault_is_here() -> None:
    """No fault goes untested; those of calls, and of who makes them, have tests of their own."""
    assert {*DNS, *CONNECT, *CHAIN_CODES, *AGENT_CODES} == set(TWIN_CODES)


@pytest.mark.parametrize(("code", "status"), DNS.items())
def test_dns_fault(code: Code, status: DnsStatus) -> None:
    """A DNS fault of one service is told over the wire for its names, and for no other's."""
    with rehearse(healthy(), faults=(TwinFault(code, "ecr.api"),)) as lab:
        timeout = SHORT if status is DnsStatus.TIMEOUT else LONG
        answer = lab.resolve(SUBNET, BROKEN, timeout=timeout)
        assert answer.status is status
        assert lab.resolve(SUBNET, WHOLE).addresses == (WHOLE_ADDRESS,)
        if code is Code.DNS_PUBLIC_ANSWER:
            assert answer.addresses == public_addresses(healthy())["ecr.api"]


def test_dns_fault_of_all() -> None:
    """A DNS fault without a service concerns every name, known or not."""
    with rehearse(healthy(), faults=(TwinFault(Code.DNS_REFUSED),)) as lab:
        for name in (BROKEN, WHOLE, "example.com"):
            assert lab.resolve(SUBNET, name).status is DnsStatus.REFUSED


@pytest.mark.parametrize(("code", "status"), CONNECT.items())
def test_connect_fault(code: Code, status: ConnectStatus) -> None:
    """A fault of one service's listeners is seen at its addresses, and at no other's."""
    with rehearse(healthy(), faults=(TwinFault(code, "ecr.api"),)) as lab:
        timeout = SHORT if status is ConnectStatus.TIMEOUT else LONG
        broken = lab.connect(SUBNET, BROKEN_ADDRESS, BROKEN, timeout=timeout)
        assert broken.status is status
        assert lab.connect(SUBNET, WHOLE_ADDRESS, WHOLE).status is ConnectStatus.OPEN


def test_unreachable_is_said_to_everybody() -> None:
    """A router's "unreachable" reaches each of many probes: the kernel's rate limit is off."""
    with rehearse(healthy(), faults=(TwinFault(Code.TCP_UNREACHABLE),)) as lab:
        question = ConnectQuestion(address=BROKEN_ADDRESS, timeout=10)
        answers = lab.ask(*((SUBNET, question) for _ in range(60)))
    connects = [answer for answer in answers if isinstance(answer, ConnectAnswer)]
    assert {answer.status for answer in connects} == {ConnectStatus.UNREACHABLE}
    # Limited, all but a handful would hear it when TCP tries again, after a second.
    assert statistics.median(answer.duration_ms for answer in connects) < 900

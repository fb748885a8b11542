"""Names in the twin, asked over the wire: private DNS, its preconditions, and the public side."""

from dataclasses import replace

from twin_rehearsal import SHORT, rehearse
from twin_snapshots import MANY_SERVICES, healthy, interface_address, with_endpoints

from pytest_ecs_privatelink.lab.plan.addresses import public_addresses
from pytest_ecs_privatelink.probes.records import DnsAnswer, DnsQuestion, DnsStatus

SUBNET = "subnet-0"
NAME = "api.ecr.us-east-1.amazonaws.com"
ENDPOINT = interface_address(0, 0)
PUBLIC = public_addresses(healthy())


def test_private_dns() -> None:
    """Names of endpoints lead to all their interfaces, by the resolver and by the host's files."""
    with rehearse(healthy(subnets=3, interfaces=3)) as lab:
        expected = tuple(interface_address(i, 0) for i in range(3))
        by_resolver = lab.resolve(SUBNET, NAME)
        assert by_resolver.status is DnsStatus.ANSWERED
        assert by_resolver.addresses == expected
        assert by_resolver.transport == "udp"
        assert lab.resolve(SUBNET, NAME, None).addresses == expected
        zonal = lab.resolve(SUBNET, "vpce-0-x-us-east-1b.ecr.api.us-east-1.vpce.amazonaws.com")
        assert zonal.addresses == (interface_address(1, 0),)
        missing = lab.resolve(SUBNET, "nobody.example.com")
        assert missing.status is DnsStatus.NXDOMAIN
        alone = lab.resolve(SUBNET, "kms.us-east-1.amazonaws.com")
        assert alone.addresses == PUBLIC["kms"]


def test_private_dns_off() -> None:
    """Without private DNS a name is the public side's, though the endpoint is there."""
    with rehearse(with_endpoints(healthy(), private_dns=False)) as lab:
        assert lab.resolve(SUBNET, NAME).addresses == PUBLIC["ecr.api"]
        assert lab.opens((SUBNET, ENDPOINT))
        assert lab.drops((SUBNET, PUBLIC["ecr.api"][0]))


def test_dns_support_off() -> None:
    """A VPC without DNS support has no resolver: questions vanish, on both addresses."""
    snapshot = healthy()
    snapshot = replace(snapshot, vpc=replace(snapshot.vpc, dns_support=False))
    with rehearse(snapshot) as lab:
        assert lab.resolve(SUBNET, NAME, timeout=SHORT).status is DnsStatus.TIMEOUT
        link_local = lab.resolve(SUBNET, NAME, "169.254.169.253", timeout=SHORT)
        assert link_local.status is DnsStatus.TIMEOUT


def test_many_questions_at_once() -> None:
    """A burst of questions from many subnets is answered whole: none is lost in a buffer."""
    with rehearse(healthy(subnets=8, services=MANY_SERVICES)) as lab:
        names = [f"{label}.us-east-1.amazonaws.com" for label in ("logs", "ssm", "kms", "sts")] * 12
        answers = lab.ask(
            *(
                (f"subnet-{i}", DnsQuestion(name=name, resolver=lab.twin.resolver, timeout=20))
                for i in range(8)
                for name in names
            )
        )
    statuses = {answer.status for answer in answers if isinstance(answer, DnsAnswer)}
    assert statuses == {DnsStatus.ANSWERED}

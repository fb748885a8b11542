"""What a user's own tests can ask for, and what they get."""

import re
from pathlib import Path

import pytest
from lab_runs import Finished, Runs
from report_schema import SCHEMA, violations

EXAMPLES = Path(__file__).parents[1] / "examples"
EVERY_FIXTURE = """
import ipaddress

import boto3
import pytest

from pytest_ecs_privatelink.claims.terms import ServiceUnderTest, Stand
from pytest_ecs_privatelink.probes.records import ConnectAnswer, DnsAnswer
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet

LOGS = "logs.us-east-1.amazonaws.com"
only_b = pytest.mark.ecs_subnet("private-b")


def test_vpc(ecs_vpc):
    assert isinstance(ecs_vpc, Snapshot)
    assert ecs_vpc.region == "us-east-1"
    names = sorted(subnet.name for subnet in ecs_vpc.subnets)
    assert names == ["private-a", "private-b", "private-c"]


def test_subnet(ecs_subnet):
    assert isinstance(ecs_subnet, Subnet)
    assert ecs_subnet.cidr in ("10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24")


def test_endpoint(ecs_endpoint, ecs_vpc):
    assert isinstance(ecs_endpoint, ServiceUnderTest)
    assert ecs_endpoint.endpoint in {each.id for each in ecs_vpc.endpoints}


@only_b
def test_vantage(ecs_vantage, ecs_subnet):
    assert isinstance(ecs_vantage, Stand)
    assert ecs_vantage.label == f"lab:{ecs_subnet.id}"
    assert len(ecs_vantage.groups) == 2


@only_b
def test_dns(ecs_probe, ecs_resolver_addresses):
    for resolver in (None, *ecs_resolver_addresses):
        answer = ecs_probe.dns(LOGS, resolver=resolver)
        assert isinstance(answer, DnsAnswer)
        assert (answer.status, answer.resolver) == ("answered", resolver)
        assert len(answer.addresses) == 3
        assert all(ipaddress.ip_address(each).is_private for each in answer.addresses)


@only_b
def test_no_such_name(ecs_probe):
    assert ecs_probe.dns("nothing.invalid", resolver="10.0.0.2").status == "nxdomain"
    answer = ecs_probe.tls("nothing.invalid")
    assert isinstance(answer, ConnectAnswer)
    assert (answer.status, answer.phase) == ("unresolved", "resolve")
    assert answer.detail == "nothing.invalid did not resolve: nxdomain"
    assert [phase.name for phase in answer.phases] == ["resolve"]


@only_b
def test_tls(ecs_probe):
    answer = ecs_probe.tls(LOGS)
    assert (answer.status, answer.phase, answer.port) == ("open", "tls", 443)
    assert LOGS in answer.names
    assert [phase.name for phase in answer.phases] == ["resolve", "connect", "tls"]


@only_b
def test_tls_for_an_address_wants_its_name(ecs_probe):
    (address, *_) = ecs_probe.dns(LOGS).addresses
    assert ecs_probe.tls(address).status == "certificate"


@only_b
def test_tcp(ecs_probe):
    answer = ecs_probe.tcp(LOGS, 443)
    assert (answer.status, answer.phase) == ("open", "connect")
    assert answer.server_name is None
    assert [phase.name for phase in answer.phases] == ["resolve", "connect"]


@only_b
def test_tcp_on_a_port_that_no_rule_admits(ecs_probe):
    answer = ecs_probe.tcp(LOGS, 8443)
    assert (answer.status, answer.phase, answer.port) == ("timeout", "connect", 8443)


@only_b
def test_a_port_that_nobody_listens_on(ecs_probe):
    assert ecs_probe.tcp("127.0.0.1", 9).status == "refused"


@only_b
def test_nothing_leads_out(ecs_probe):
    assert ecs_probe.tcp("192.0.2.1", 443).status in ("timeout", "unreachable")


@only_b
def test_seams(ecs_resolver_addresses, ecs_ca_bundle):
    assert ecs_resolver_addresses == ("10.0.0.2",)
    with open(ecs_ca_bundle) as file:
        assert file.read().startswith("-----BEGIN CERTIFICATE-----")


def test_session(ecs_boto3_session, ecs_vpc):
    assert isinstance(ecs_boto3_session, boto3.Session)
    found = ecs_boto3_session.client("ec2").describe_vpcs(VpcIds=[ecs_vpc.vpc.id])
    assert [vpc["VpcId"] for vpc in found["Vpcs"]] == [ecs_vpc.vpc.id]


def test_lab(ecs_lab, ecs_vpc):
    assert ecs_lab.world.vpc_id == ecs_vpc.vpc.id
    assert ecs_lab.session.region_name == "us-east-1"


@pytest.mark.ecs_claim("tcp-443")
@pytest.mark.ecs_endpoint("logs", "s3")
def test_own_claim(ecs_check):
    assert (ecs_check.verdict, ecs_check.basis) == ("passed", "probed")


@pytest.mark.ecs_claim("secret")
def test_own_chain(ecs_check):
    assert (ecs_check.verdict, ecs_check.basis) == ("passed", "probed")


def test_check_without_a_claim(ecs_check):
    raise AssertionError
"""
LAB = "def test_breaks_it(ecs_lab): raise AssertionError"


@pytest.fixture(scope="module", params=["-n0", "-n2"])
def own(runs: Runs, request: pytest.FixtureRequest) -> Finished:
    """Run tests of a user's own that ask for everything, in one process and in several."""
    return runs(
        *("--ecs-lab", "--ecs-timeout=1", "-ra", "test_own.py", str(request.param)),
        files={"test_own.py": EVERY_FIXTURE},
    )


def test_every_fixture_gives_what_it_promises(own: Finished) -> None:
    """All tests pass but those that ask for a check and claim nothing."""
    unhappy = [line for line in own.lines if re.match(r"(FAILED|ERROR) test_own", line)]
    assert unhappy
    assert {line.partition("[")[0] for line in unhappy} == {
        "ERROR test_own.py::test_check_without_a_claim"
    }
    assert own.code == 1
    assert own.err == ""
    claims = "private-dns, tcp-443, ecr-pull, awslogs, secret, agent; ecs_task needs task-start"
    assert f"ecs_check needs @pytest.mark.ecs_claim with one of {claims}" in own.lines


def test_own_claims_are_reported(own: Finished) -> None:
    """A claim of the user's own test is a check like the bundled ones, under its node id."""
    assert violations(own.report, SCHEMA) == []
    assert {each["id"]: each["nodeid"] for each in own.report["checks"]} == {
        f"{claim}[private-{letter}-{service}]": (f"test_own.py::{test}[private-{letter}-{service}]")
        for claim, test, services in (
            ("tcp-443", "test_own_claim", ("logs", "s3")),
            ("secret", "test_own_chain", ("secretsmanager", "ssm")),
        )
        for letter in "abc"
        for service in services
    }
    assert own.report["run"]["cells"] == {"required": 12, "probed": 12}


def test_examples_pass_against_the_lab(runs: Runs) -> None:
    """The examples that the documentation shows work as they stand."""
    files = {each.name: each.read_text(encoding="utf-8") for each in EXAMPLES.glob("*.py")}
    run = runs("--ecs-lab", "--ecs-timeout=1", ".", "-k", "private-a", files=files)
    assert (run.code, run.err) == (0, ""), run.out
    assert run.lines[-1].strip("= ").startswith("2 passed, 4 deselected")


def test_examples_are_skipped_when_switched_off(runs: Runs) -> None:
    """The examples do no harm in a run that proves nothing."""
    files = {each.name: each.read_text(encoding="utf-8") for each in EXAMPLES.glob("*.py")}
    run = runs("-rs", ".", files=files)
    assert run.code == 0
    assert run.lines[-1].strip("= ").startswith("2 skipped")
    skipped = [line for line in run.lines if line.startswith("SKIPPED")]
    assert all(line.endswith(": needs --ecs-vpc") for line in skipped)


def test_a_shared_lab_is_not_broken(own: Finished) -> None:
    """Under xdist a test that would break the lab for its neighbours is skipped."""
    reason = "the lab is shared under xdist: tests that break it run without -n"
    assert any(line.endswith(reason) for line in own.lines) is (own.report["run"]["workers"] == 2)


@pytest.mark.parametrize("option", ["-n0", "-n1", "--ecs-lab"])
def test_only_the_labs_own_world_is_broken(runs: Runs, snapshot: Path, option: str) -> None:
    """Somebody's VPC, or its twin, has no cloud that a test could change."""
    run = runs(
        *(f"--ecs-snapshot={snapshot}", "--ecs-claims=audit", option, "-rs", "test_own.py"),
        files={"test_own.py": LAB},
    )
    assert run.code == 0
    reason = "needs --ecs-lab alone: only its own world can be broken"
    assert any(line.endswith(reason) for line in run.lines)


def test_no_vantage_is_a_skip_with_the_reason(runs: Runs, snapshot: Path) -> None:
    """Where the run does not stand in the VPC, tests that would probe say so."""
    run = runs(
        *(f"--ecs-snapshot={snapshot}", "-rs", "test_own.py"),
        files={"test_own.py": "def test_a(ecs_vantage): 1 / 0\ndef test_b(ecs_probe): 1 / 0"},
    )
    assert run.code == 0
    skipped = [line for line in run.lines if line.startswith("SKIPPED")]
    assert len(skipped) == 2
    assert all(": no vantage: this machine does not stand in vpc-" in line for line in skipped)

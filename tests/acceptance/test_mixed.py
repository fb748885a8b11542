"""A user's own tests beside the bundled ones: one run, one report, one JUnit file."""

import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from lab_runs import AUDITS, TESTS, Finished, Runs
from report_schema import SCHEMA, violations

from pytest_ecs_privatelink.plugin.bundled import scenarios_folder

OWN = """
import pytest

def test_plain():
    pass

def test_broken():
    assert "own".upper() == "own"

def test_skipped():
    pytest.skip("not today")

def test_vpc(ecs_vpc):
    assert ecs_vpc.region == "us-east-1"

@pytest.mark.ecs_claim("private-dns")
@pytest.mark.ecs_endpoint("logs")
def test_logs(ecs_check):
    assert ecs_check.verdict.holds
"""
DISTRUST = """
import pathlib

import botocore
import pytest

@pytest.fixture(scope="session")
def ecs_ca_bundle():
    return str(pathlib.Path(botocore.__file__).with_name("cacert.pem"))

@pytest.mark.ecs_claim("tcp-443")
@pytest.mark.ecs_endpoint("kms")
@pytest.mark.ecs_subnet("private-a")
def test_distrust(ecs_check):
    assert ecs_check.verdict.holds
"""


@pytest.fixture(scope="module")
def mixed(runs: Runs) -> Finished:
    """Run own and bundled tests together in a world without endpoint for logs."""
    return runs(
        *("--ecs-lab", "--ecs-fault=endpoint-missing", "--junitxml=junit.xml", "-n2"),
        *("test_own.py", "test_distrust.py", str(scenarios_folder())),
        *("-c", "pytest.ini"),  # in a checkout, the scenarios' own folder has another one
        files={"pytest.ini": "[pytest]", "test_own.py": OWN, "test_distrust.py": DISTRUST},
    )


def cases(run: Finished) -> dict[str, ET.Element]:
    """Return the test cases of the JUnit file by name; own ones keep their file's."""
    root = ET.parse(run.folder / "junit.xml").getroot()
    found = [
        (f"{each.get('classname')}::{each.get('name')}", each) for each in root.iter("testcase")
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def properties(case: ET.Element) -> dict[str, str]:
    """Return the properties of a test case, all ours by their prefix; none may come twice."""
    named = [(each.attrib["name"], each.attrib["value"]) for each in case.iter("property")]
    assert all(name.startswith("ecs_privatelink_") for name, _ in named)
    found = [(name.removeprefix("ecs_privatelink_"), value) for name, value in named]
    assert len(found) == len(dict(found)), found
    return dict(found)


def test_the_report_has_checks_and_nothing_else(mixed: Finished) -> None:
    """Ordinary tests leave no trace in the report; a cell that two tests ask for is there once."""
    assert mixed.code == 1
    assert mixed.err == ""
    assert violations(mixed.report, SCHEMA) == []
    ids = Counter(each["id"] for each in mixed.report["checks"])
    assert len(ids) == TESTS
    assert set(ids.values()) == {1}
    told = Counter(each["verdict"] for each in mixed.report["checks"])
    assert told == {"passed": 70 + AUDITS, "failed": 8, "skipped": 3}


def test_the_gravest_verdict_on_a_cell_is_reported(mixed: Finished) -> None:
    """Where a user's seams make a cell red that is green without, the report is red."""
    (check,) = (each for each in mixed.report["checks"] if each["id"] == "tcp-443[private-a-kms]")
    assert (check["verdict"], check["code"]) == ("failed", "tls-certificate")
    assert check["nodeid"] == "test_distrust.py::test_distrust[private-a-kms]"


def test_own_failures_keep_their_traceback(mixed: Finished) -> None:
    """We tell our own checks' failures in our words and leave all others as pytest has them."""
    assert '>       assert "own".upper() == "own"' in mixed.lines
    assert "E       AssertionError: assert 'OWN' == 'own'" in mixed.lines
    assert not any("check.verdict.holds" in line for line in mixed.lines)
    told = [line for line in mixed.lines if line.startswith("dns-public-answer: ")]
    assert len(told) == 6, "three bundled tests and three of the user's"


def test_junit_has_the_facts_of_every_check(mixed: Finished) -> None:
    """Passed, failed and skipped checks carry flat properties; ordinary tests carry none."""
    found = cases(mixed)
    passed = properties(found["test_private_dns::test_private_dns[private-a-kms]"])
    assert passed.pop("duration_ms").replace(".", "").isdigit()
    assert passed.pop("observed").startswith("kms.us-east-1.amazonaws.com is 10.0.")
    assert passed.pop("expected").startswith("kms.us-east-1.amazonaws.com resolves to the inter")
    subnet = passed.pop("subnet")
    assert passed == {
        "id": "private-dns[private-a-kms]",
        "claim": "private-dns",
        "service": "kms",
        "launch_types": "fargate,ec2",
        "vantage": f"lab:{subnet}",
        "verdict": "passed",
        "basis": "probed",
        "phase": "resolve",
    }
    failed = properties(found["test_private_dns::test_private_dns[private-a-logs]"])
    assert (failed["verdict"], failed["code"]) == (
        "failed",
        "dns-public-answer",
    )
    skipped = properties(found["test_tcp_443::test_tcp_443[private-a-logs]"])
    assert (skipped["verdict"], skipped["code"]) == (
        "skipped",
        "dns-public-answer",
    )
    assert skipped["reason"] == "private-dns failed: dns-public-answer"
    delivered = properties(found["test_awslogs::test_awslogs[private-a-logs]"])
    assert (delivered["verdict"], delivered["code"], delivered["phase"]) == (
        "failed",
        "logs-unreachable",
        "connect",
    )
    audited = properties(found["test_audit::test_audit[endpoint-missing]"])
    assert (audited["verdict"], audited["subject"]) == (
        "failed",
        "logs",
    )
    for own in ("test_plain", "test_broken", "test_skipped", "test_vpc"):
        assert properties(found[f"test_own::{own}"]) == {}


def test_junit_says_why_a_check_was_skipped_or_failed(mixed: Finished) -> None:
    """The skip reason and the failure's paragraph are in the file, without a traceback."""
    found = cases(mixed)
    skipped = found["test_tcp_443::test_tcp_443[private-c-logs]"].find("skipped")
    assert skipped is not None
    assert skipped.attrib["message"] == "private-dns failed: dns-public-answer"
    failure = found["test_private_dns::test_private_dns[private-c-logs]"].find("failure")
    assert failure is not None
    assert failure.text is not None
    first, *others = failure.text.splitlines()
    assert first.startswith("dns-public-answer: logs.us-east-1.amazonaws.com is 203.0.113.")
    assert [line.partition(":")[0].strip() for line in others] == [
        *("where", "expected", "because")
    ]
    assert "holds" not in failure.text
    assert [name for name, case in found.items() if case.find("error") is not None] == []

"""Markers narrow what a test runs for; they never add to it, and wrong ones say why."""

import json
from itertools import product
from pathlib import Path

import pytest
from lab_runs import Runs

from pytest_ecs_privatelink.catalogue.services import SERVICES

SUBNETS = ("private-a", "private-b", "private-c")
BOTH = "ecs_subnet, ecs_endpoint"
FARGATE = ("ecr.api", "ecr.dkr", "kms", "logs", "s3", "secretsmanager", "ssm", "ssmmessages")
ALL = tuple(sorted((*FARGATE, "ecs", "ecs-agent", "ecs-telemetry")))
SPECIMENS = f"""
import pytest

def test_all({BOTH}): pass

@pytest.mark.ecs_subnet("private-b")
def test_slug({BOTH}): pass

@pytest.mark.ecs_subnet("private-c", "SUBNET_A")
def test_id({BOTH}): pass

@pytest.mark.ecs_endpoint("s3", "logs")
def test_service({BOTH}): pass

@pytest.mark.ecs_launch_type("fargate")
def test_launch_type({BOTH}): pass

@pytest.mark.ecs_launch_type("ec2", "fargate")
def test_launch_types({BOTH}): pass

@pytest.mark.ecs_endpoint("xray")
def test_not_under_test({BOTH}): pass

@pytest.mark.ecs_subnet("private-a", "private-b")
@pytest.mark.ecs_endpoint("logs")
class TestTwice:
    @pytest.mark.ecs_subnet("private-b", "private-c")
    @pytest.mark.ecs_endpoint("logs", "s3")
    def test_twice(self, {BOTH}): pass

@pytest.mark.ecs_subnet("private-a")
def test_half(ecs_subnet): pass

@pytest.mark.ecs_subnet("private-a")
def test_neither(): pass

@pytest.mark.ecs_claim("private-dns")
def test_dns(ecs_subnet): pass

@pytest.mark.ecs_claim("audit")
def test_audit(ecs_subnet): pass
"""
DNS = "private-dns, tcp-443, ecr-pull, awslogs, secret, agent, task-start, audit"


def squares(subnets: tuple[str, ...], services: tuple[str, ...]) -> list[str]:
    """Return the ids of tests for these, sorted."""
    return [f"{subnet}-{service}" for subnet, service in product(subnets, services)]


@pytest.fixture(scope="module")
def private_a(snapshot: Path) -> str:
    """Return the id of the subnet named private-a."""
    subnets = json.loads(snapshot.read_text(encoding="utf-8"))["subnets"]
    return str(next(each["id"] for each in subnets if each["name"] == "private-a"))


@pytest.fixture(scope="module")
def specimens(private_a: str) -> str:
    """Return tests with markers of every kind, one of them by the id of a subnet."""
    return SPECIMENS.replace("SUBNET_A", private_a)


def collected(runs: Runs, snapshot: Path, source: str, *arguments: str) -> dict[str, list[str]]:
    """Return the ids (what is in brackets) of the tests that ``source`` has, by function."""
    run = runs(
        *(f"--ecs-snapshot={snapshot}", "--collect-only", "-q", "test_own.py", *arguments),
        files={"test_own.py": source},
    )
    assert (run.code, run.err) == (0, "")
    found: dict[str, list[str]] = {}
    for line in run.lines:
        if "::" in line:
            name, _, bracket = line.rpartition("::")[2].partition("[")
            found.setdefault(name, []).append(bracket.removesuffix("]"))
    return {name: sorted(ids) for name, ids in found.items()}


def test_markers_narrow(runs: Runs, snapshot: Path, specimens: str) -> None:
    """Subnets by slug or id, services and launch types each cut; together they cut both ways."""
    assert collected(runs, snapshot, specimens) == {
        "test_all": squares(SUBNETS, ALL),
        "test_slug": squares(("private-b",), ALL),
        "test_id": squares(("private-a", "private-c"), ALL),
        "test_service": squares(SUBNETS, ("logs", "s3")),
        "test_launch_type": squares(SUBNETS, FARGATE),
        "test_launch_types": squares(SUBNETS, ALL),
        "test_not_under_test": [f"{subnet}-none" for subnet in SUBNETS],
        "test_twice": ["private-b-logs"],
        "test_half": ["private-a"],
        "test_neither": [""],
        "test_dns": list(SUBNETS),
        "test_audit": list(SUBNETS),
    }


def test_claims_are_selected_by_marker(runs: Runs, snapshot: Path, specimens: str) -> None:
    """``--ecs-claims`` leaves out tests of other claims, and none that claims nothing."""
    everything = collected(runs, snapshot, specimens)
    chosen = collected(runs, snapshot, specimens, "--ecs-claims=private-dns,tcp-443")
    assert set(everything) - set(chosen) == {"test_audit"}


CHAINS = f"""
import pytest

@pytest.mark.ecs_claim("ecr-pull")
def test_pull({BOTH}, ecs_check): pass

@pytest.mark.ecs_claim("awslogs")
def test_logs({BOTH}, ecs_check): pass

@pytest.mark.ecs_claim("secret")
def test_secret({BOTH}, ecs_check): pass
"""


def test_chain_claims_run_where_they_stand(runs: Runs, snapshot: Path) -> None:
    """One endpoint service carries each, two carry ``secret``: the lab's tasks name a parameter."""
    assert collected(runs, snapshot, CHAINS) == {
        "test_pull": squares(SUBNETS, ("ecr.dkr",)),
        "test_logs": squares(SUBNETS, ("logs",)),
        "test_secret": squares(SUBNETS, ("secretsmanager", "ssm")),
    }


def test_chain_claims_that_have_no_cell_are_left_out(runs: Runs, snapshot: Path) -> None:
    """Where only the twin of a VPC is probed nothing answers calls: the header says so."""
    run = runs(
        *("--ecs-lab", f"--ecs-snapshot={snapshot}", "--ecs-timeout=1", "test_own.py"),
        files={"test_own.py": CHAINS + "\ndef test_other(): pass\n"},
    )
    assert run.code == 0
    assert (
        "  not proven: ecr-pull, awslogs, secret, agent (the twin of a VPC has its network, not "
        "the services behind it)"
    ) in run.lines
    assert "1 passed, 9 deselected" in run.lines[-1]


def test_markers_never_add(runs: Runs, snapshot: Path, specimens: str, private_a: str) -> None:
    """A marker does not bring back the subnets that ``--ecs-subnet`` left out of the run."""
    found = collected(runs, snapshot, specimens, f"--ecs-subnet={private_a}", "-k", "slug or id")
    assert found == {
        "test_id": squares(("private-a",), ALL),
        "test_slug": [f"none-{service}" for service in ALL],
    }


def test_what_no_marker_leaves_is_skipped_with_the_reason(runs: Runs, snapshot: Path) -> None:
    """A test that its markers leave nothing for says so instead of vanishing."""
    run = runs(
        *(f"--ecs-snapshot={snapshot}", "-rs", "test_own.py"),
        files={
            "test_own.py": "import pytest\n"
            '@pytest.mark.ecs_endpoint("xray")\n'
            "def test_traces(ecs_endpoint): pass\n"
        },
    )
    assert run.code == 0
    assert (
        "SKIPPED [1] test_own.py:2: nothing is left of ecs_endpoint for this test: "
        "its markers name none under test"
    ) in run.lines


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("ecs_subnet()", "ecs_subnet: give at least one subnet"),
        ("ecs_subnet", "ecs_subnet: give at least one subnet"),
        ("ecs_subnet(7)", "ecs_subnet: subnet 7 is not a string"),
        (
            "ecs_subnet(ids=['private-a'])",
            "ecs_subnet: ecs_subnet() got an unexpected keyword argument 'ids'",
        ),
        (
            "ecs_subnet('private-z')",
            "ecs_subnet: VPC has no subnet 'private-z'; it has private-a, private-b, private-c",
        ),
        ("ecs_endpoint()", "ecs_endpoint: give at least one endpoint service"),
        ("ecs_endpoint(b's3')", "ecs_endpoint: endpoint service b's3' is not a string"),
        (
            "ecs_endpoint('ecr')",
            f"ecs_endpoint: 'ecr' is no endpoint service; there are {', '.join(SERVICES)}",
        ),
        ("ecs_launch_type()", "ecs_launch_type: give at least one launch type"),
        (
            "ecs_launch_type('FARGATE')",
            "ecs_launch_type: 'FARGATE' is no launch type; choose from fargate, ec2",
        ),
        ("ecs_claim()", "ecs_claim: ecs_claim() missing 1 required positional argument: 'name'"),
        (
            "ecs_claim('tcp-443', 'audit')",
            "ecs_claim: ecs_claim() takes 1 positional argument but 2 were given",
        ),
        ("ecs_claim(443)", "ecs_claim: claim 443 is not a string"),
        ("ecs_claim('dns')", f"ecs_claim: 'dns' is no claim; choose from {DNS}"),
    ],
)
def test_wrong_arguments_are_a_collection_error(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    snapshot: Path,
    marker: str,
    told: str,
) -> None:
    """One line says which test, which marker, and what is wrong with it."""
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    vpc = json.loads(snapshot.read_text(encoding="utf-8"))["vpc"]["id"]
    pytester.makepyfile(
        test_own=f"import pytest\n@pytest.mark.{marker}\ndef test_own(ecs_subnet): pass"
    )
    result = pytester.runpytest_inprocess(
        f"--ecs-snapshot={snapshot}", "test_own.py", "-p", "no:cacheprovider"
    )
    assert result.ret == 2
    start = result.outlines.index(next(each for each in result.outlines if " ERROR " in each))
    end = result.outlines.index(next(each for each in result.outlines if " short test " in each))
    assert result.outlines[start + 1 : end] == [
        f"test_own: @pytest.mark.{told.replace('VPC', vpc)}"
    ]


def test_wrong_arguments_are_told_when_switched_off(pytester: pytest.Pytester) -> None:
    """A typo in a marker does not wait for the VPC to be seen."""
    pytester.makepyfile("import pytest\n@pytest.mark.ecs_claim('dns')\ndef test_own(): pass")
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    assert result.ret == 2
    assert f"test_own: @pytest.mark.ecs_claim: 'dns' is no claim; choose from {DNS}" in (
        result.outlines
    )

"""What options make of a verdict, and what the header says of where each value came from."""

import os
from pathlib import Path
from typing import Any

import pytest
from lab_runs import Finished, Runs
from rehearsals import Emulated

from pytest_ecs_privatelink.topology import snapshot as snapshots

MISSING = ("--ecs-lab", "--ecs-fault", "endpoint-missing")
PUBLIC = ("--ecs-lab", "--ecs-fault", "endpoint-missing-public-path")
CELLS = tuple(
    f"{claim}[private-{az}-logs]" for claim in ("private-dns", "tcp-443", "awslogs") for az in "abc"
)


def user(url: str, **changes: str) -> dict[str, Any]:
    """Return the variables of a user whose AWS is at ``url``."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "HTTP_PROXY": "",
        "HTTPS_PROXY": "",
        "NO_PROXY": "127.0.0.1",
        **changes,
    }


def reasons(told: Finished) -> dict[str, str | None]:
    """Return the reason of each check that has one."""
    return {check["id"]: check["reason"] for check in told.report["checks"] if check["reason"]}


def told_verdicts(told: Finished) -> dict[str, str]:
    """Return the verdicts that are not passed, by check id."""
    return {
        check["id"]: check["verdict"]
        for check in told.report["checks"]
        if check["verdict"] != "passed"
    }


@pytest.fixture
def outside(emulated: Emulated) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return arguments and variables of a run on an emulated VPC: no machine stands in it."""
    return ("--ecs-vpc", emulated.world.vpc_id), user(emulated.url)


Outside = tuple[tuple[str, ...], dict[str, Any]]


def test_nothing_is_proven_from_outside(runs: Runs, outside: Outside) -> None:
    """From outside nothing is sent, every cell says why, and the run is not green."""
    arguments, variables = outside

    told = runs(*arguments, **variables)

    vpc = arguments[1]
    why = (
        f"no vantage: this machine does not stand in {vpc} "
        "(the VPC is emulated: no machine stands in it)"
    )
    assert told.code == 1
    # Nor does anybody say what is worn: no cluster is read, and no option names it.
    unnamed = {
        "what tasks wear is unknown: name it with --ecs-security-group",
        "what container instances wear is unknown: name it with --ecs-instance-security-group",
    }
    assert set(reasons(told).values()) == {why, *unnamed}
    (last,) = (line for line in told.lines if line.startswith("nothing was proven: "))
    assert last.startswith(f"nothing was proven: {why} (72 cells); 0 of 45 required cells probed")
    assert {basis for _, _, basis in told.verdicts.values()} == {"derived"}
    # No cluster says what tasks pull; where they log, and that secrets are there, need no name.
    assert (
        "  not proven: ecr-pull (no image of this Region's ECR is known: --ecs-image names one)"
    ) in told.lines


def test_audits_alone_are_the_run_from_outside(runs: Runs, outside: Outside) -> None:
    """``--ecs-claims audit`` promises no proof, so nothing is missing."""
    arguments, variables = outside

    told = runs(*arguments, "--ecs-claims", "audit", **variables)

    assert told.code == 0
    assert {id.split("[")[0] for id in told.verdicts} == {"audit"}
    assert "nothing was proven" not in told.out


def test_required_proof_fails_where_nobody_could_look(runs: Runs, outside: Outside) -> None:
    """``--ecs-require-probed`` fails required cells, and leaves those of possible needs skipped."""
    arguments, variables = outside

    told = runs(*arguments, "--ecs-require-probed", **variables)

    verdicts = {
        service: {
            check["verdict"] for check in told.report["checks"] if check["service"] == service
        }
        for service in ("logs", "s3", "ecs", "kms")
    }
    assert told.code == 1
    assert verdicts == {"logs": {"failed"}, "s3": {"failed"}, "ecs": {"failed"}, "kms": {"skipped"}}
    assert "not probed: no vantage: this machine does not stand in" in told.out


def test_required_proof_is_content_with_proof(runs: Runs) -> None:
    """What was probed passes ``--ecs-require-probed``; what dialling was spared stays skipped."""
    told = runs(*MISSING, "--ecs-require-probed")

    assert told_verdicts(told) == {
        "audit[endpoint-missing-logs]": "failed",
        **{id: "skipped" if id.startswith("tcp-443") else "failed" for id in CELLS},
    }


def test_an_accepted_finding_takes_its_cells_along(runs: Runs) -> None:
    """``--ecs-ignore`` of a finding skips its audit and what it blocks, and it is no cause."""
    told = runs(*MISSING, "--ecs-ignore", "endpoint-missing:logs")

    assert told.code == 0
    assert told_verdicts(told) == {
        "audit[endpoint-missing-logs]": "skipped",
        **dict.fromkeys(CELLS, "skipped"),
    }
    assert reasons(told)["audit[endpoint-missing-logs]"] == "accepted: endpoint-missing"
    assert reasons(told)["private-dns[private-a-logs]"] == "accepted: endpoint-missing"
    assert reasons(told)["awslogs[private-a-logs]"] == "accepted: endpoint-missing"
    assert told.report["causes"] == []


def test_a_live_code_can_be_accepted(runs: Runs) -> None:
    """Accepting a live code skips the cells that ended with it; the audit and the chain stand."""
    told = runs(*MISSING, "--ecs-ignore", "dns-public-answer:logs")

    assert told.code == 1
    verdicts = told_verdicts(told)
    assert verdicts == {
        "audit[endpoint-missing-logs]": "failed",
        **{id: "failed" if id.startswith("awslogs") else "skipped" for id in CELLS},
    }
    assert reasons(told)["private-dns[private-b-logs]"] == "accepted: dns-public-answer"


def test_accepted_warnings_are_not_strict(runs: Runs) -> None:
    """``--ecs-strict`` does not fail what was accepted."""
    told = runs(*PUBLIC, "--ecs-strict", "--ecs-ignore", "endpoint-missing-public-path")

    assert told.code == 0
    assert set(told_verdicts(told).values()) == {"skipped"}


@pytest.mark.parametrize(
    ("strict", "code", "counted"),
    [((), 0, "1 warned"), (("--ecs-strict",), 1, "1 failed")],
    ids=["lenient", "strict"],
)
def test_a_warning_finding_fails_only_a_strict_run(
    runs: Runs, strict: tuple[str, ...], code: int, counted: str
) -> None:
    """Audits alone: a finding of severity W warns, is a cause, and decides no exit code but so."""
    told = runs(*PUBLIC, "--ecs-claims=audit", *strict)

    assert told.code == code
    assert counted in told.lines[-1]
    (cause,) = told.report["causes"]
    assert (cause["severity"], cause["explains"]) == (
        "warning",
        ["audit[endpoint-missing-public-path-logs]"],
    )


def test_needs_are_replaced(runs: Runs) -> None:
    """``--ecs-need`` names what is required; endpoints that exist are proven all the same."""
    told = runs("--ecs-lab", "--ecs-need", "kms,logs", "--ecs-launch-type", "fargate")

    report = told.report
    needs = {each["service"]: each["need"] for each in report["services"]}
    assert told.code == 0
    required = {service for service, need in needs.items() if need == "required"}
    assert required == {"kms", "logs"}
    assert set(needs.values()) == {"required", "possible"}
    assert report["run"]["launch_types"] == ["fargate"]
    assert report["run"]["cells"] == {"required": 15, "probed": 15}


def test_one_subnet_is_chosen(runs: Runs, emulated: Emulated, tmp_path: Path) -> None:
    """``--ecs-subnet`` leaves one column; the header says who chose it."""
    path = tmp_path / "saved.json"
    snapshots.save(emulated.snapshot, path)
    chosen = emulated.world.subnets["private-b"]

    told = runs(
        *("--ecs-lab", "--ecs-snapshot", str(path), "--ecs-subnet", chosen),
        *("--ecs-security-group", emulated.world.task_groups[0]),
    )

    assert told.code == 0
    assert [each["id"] for each in told.report["subnets"]] == [chosen]
    assert "  subnets: private-b (named by --ecs-subnet)" in told.lines


def test_claims_are_chosen(runs: Runs) -> None:
    """``--ecs-claims`` runs the tests of these claims and no others."""
    told = runs("--ecs-lab", "--ecs-claims", "tcp-443")

    assert told.code == 0
    assert {id.split("[")[0] for id in told.verdicts} == {"tcp-443"}
    assert " deselected" in told.lines[-1]


def without_ids(told: Finished) -> dict[str, tuple[str, str | None, str]]:
    """Return verdict, code and basis of all cells."""
    return {id: said for id, said in told.verdicts.items() if not id.startswith("audit")}


def test_a_vpc_is_saved_and_rehearsed(runs: Runs, outside: Outside, tmp_path: Path) -> None:
    """Read and saved once, rehearsed anywhere: the twin of a saved VPC proves what it proved."""
    arguments, variables = outside
    path = str(tmp_path / "saved.json")
    group = read_group(runs, arguments, variables, path)

    saved = runs("--ecs-lab", "--ecs-snapshot", path, *group)
    direct = runs("--ecs-lab", *arguments, *group, **variables)

    assert saved.code == direct.code == 0
    assert saved.verdicts == direct.verdicts
    assert {basis for _, _, basis in without_ids(saved).values()} == {"probed"}
    assert saved.report["run"]["api_calls"] == {}
    assert direct.report["run"]["api_calls"]["ec2:DescribeVpcs"] == 1
    assert f"target lab (option); region us-east-1 (snapshot); vpc {arguments[1]}" in saved.out
    assert f"twin of {path}" in saved.out
    assert f"twin of {arguments[1]}; emulated AWS at http://127.0.0.1:" in direct.out


def read_group(
    runs: Runs, arguments: tuple[str, ...], variables: dict[str, Any], path: str
) -> tuple[str, str]:
    """Save the VPC without proving anything; return the option that names the tasks' group."""
    told = runs(*arguments, "--ecs-save-snapshot", path, "--collect-only", **variables)
    assert told.code == 0
    assert "nothing was proven" not in told.out
    assert os.stat(path).st_mode & 0o777 == 0o600
    groups = snapshots.load(path).security_groups or ()
    return "--ecs-security-group", next(group.id for group in groups if group.name == "tasks")


OTHER_RESOLVER = """
import pytest

@pytest.fixture(scope="session")
def ecs_resolver_addresses():
    return ("10.0.1.250",)
"""


def test_a_resolver_that_differs_is_a_warning(runs: Runs) -> None:
    """A resolver that fails where the hosts' own resolution is right warns: dns-resolver-differs.

    Nobody listens at the address that this user's fixture names, inside the lab's namespaces.
    """
    told = runs(
        *("--ecs-lab", "--ecs-timeout", "1", "--ecs-need", "logs", "--ecs-claims", "private-dns"),
        files={"conftest.py": OTHER_RESOLVER},
    )

    assert told.code == 0
    assert told.verdicts["private-dns[private-a-logs]"] == (
        "warned",
        "dns-resolver-differs",
        "probed",
    )
    assert {code for _, code, _ in told.verdicts.values()} == {"dns-resolver-differs"}


def test_the_header_says_where_each_value_came_from(runs: Runs, outside: Outside) -> None:
    """Option, ini, environment and default are told apart."""
    arguments, variables = outside
    ini = "[pytest]\necs_launch_type = fargate\necs_need = logs\necs_claims = audit\n"

    told = runs(
        *arguments,
        files={"pytest.ini": ini},
        **variables,
    )

    facts = next(line for line in told.lines if line.startswith("ecs-privatelink: "))
    assert facts.startswith("ecs-privatelink: target aws (option); region us-east-1 (environment)")
    assert "; launch types fargate (ini); " in facts
    assert "; security groups unknown (--ecs-security-group names them)" in facts
    assert any(
        line.startswith("  endpoint services: ") and line.endswith(" (ini)") for line in told.lines
    )


def test_an_option_wins_over_ini_and_environment(runs: Runs, outside: Outside) -> None:
    """The command line has the last word, and the header shows it."""
    arguments, variables = outside
    ini = "[pytest]\necs_launch_type = fargate\necs_claims = audit\necs_region = eu-west-1\n"

    told = runs(
        *(*arguments, "--ecs-region", "us-east-1", "--ecs-launch-type", "ec2"),
        files={"pytest.ini": ini},
        **{**variables, "AWS_REGION": "eu-central-1"},
    )

    assert told.code == 0
    assert "region us-east-1 (option); " in told.out
    assert "launch types ec2 (option); " in told.out


def test_ini_wins_over_environment(runs: Runs, outside: Outside) -> None:
    """An ini value beats AWS's variables, as DESIGN orders them, and is named as its source."""
    arguments, variables = outside
    ini = "[pytest]\necs_claims = audit\necs_region = us-east-1\necs_profile = ours\n"
    profile = "[profile ours]\naws_access_key_id = a\naws_secret_access_key = b\n"
    files = {"pytest.ini": ini, "aws": profile}
    changes = {"AWS_REGION": "eu-central-1", "AWS_CONFIG_FILE": "aws"}

    told = runs(*arguments, files=files, **{**variables, **changes})

    assert told.code == 0
    assert "region us-east-1 (ini); " in told.out
    assert "; profile ours (ini); emulated AWS at " in told.out


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
def test_a_proxy_is_named(runs: Runs, emulated: Emulated, name: str) -> None:
    """AWS is read through the user's proxy, which the header names without its credentials."""
    # The emulator answers as a proxy would: requests in absolute form reach it all the same.
    proxy = emulated.url.replace("http://", "http://user:hush@")
    variables = user(emulated.url, NO_PROXY="", **{name: proxy})

    told = runs("--ecs-vpc", emulated.world.vpc_id, "--ecs-claims", "audit", **variables)

    assert f"AWS is read through the proxy {emulated.url}" in told.out
    assert "hush" not in told.out + told.err

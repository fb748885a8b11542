"""``pytest --ecs-lab``: a healthy VPC is green, and everything in the green was proven."""

import re
from itertools import permutations
from pathlib import Path

import pytest
from lab_runs import CELLS, TASKS, TESTS, Finished, Runs
from report_schema import SCHEMA, violations

from pytest_ecs_privatelink.audits.register import audited_codes

SUBNETS = ("private-a", "private-b", "private-c")
REQUIRED = ("ecr.api", "ecr.dkr", "logs", "s3", "secretsmanager", "ssm")
ASSUMED = ("ecs", "ecs-agent", "ecs-telemetry")
POSSIBLE = ("kms", "ssmmessages")
SERVICES = tuple(sorted(REQUIRED + ASSUMED + POSSIBLE))
CHAIN = {
    "ecr.dkr": "ecr-pull",
    "ecs-agent": "agent",
    "logs": "awslogs",
    "secretsmanager": "secret",
    "ssm": "secret",
}
FOLDERS = {"agent": "ec2/"}
SQUARES = {
    (claim, subnet, service)
    for subnet in SUBNETS
    for service in SERVICES
    for claim in ("private-dns", "tcp-443", CHAIN.get(service))
    if claim
}
ESCAPE = "\x1b["


@pytest.fixture(scope="module")
def green(runs: Runs) -> Finished:
    """Run the main job, as a user types it."""
    return runs("--ecs-lab")


@pytest.fixture(scope="module")
def verbose(runs: Runs) -> Finished:
    """Run the main job, told at length and in colour."""
    return runs("--ecs-lab", "-v", "--color=yes")


@pytest.fixture(scope="module")
def quiet(runs: Runs) -> Finished:
    """Run the main job, told in as few words as may be."""
    return runs("--ecs-lab", "-q")


def test_the_run_is_green(green: Finished) -> None:
    """A healthy world passes without a word on standard error."""
    assert (green.code, green.err) == (0, "")
    assert re.fullmatch(rf"=+ {TESTS} passed, {TASKS} deselected in [\d.]+s =+", green.lines[-1])


def test_every_square_was_probed_and_passed(green: Finished) -> None:
    """Every claim stands, by packets from that subnet, for every subnet and endpoint service."""
    assert len(SQUARES) == CELLS
    assert {id: told for id, told in green.verdicts.items() if not id.startswith("audit")} == {
        f"{claim}[{subnet}-{service}]": ("passed", None, "probed")
        for claim, subnet, service in SQUARES
    }


def test_every_audited_code_has_a_check(green: Finished) -> None:
    """An audit that finds nothing says so, one check a code, and claims no packet for it."""
    assert {id: told for id, told in green.verdicts.items() if id.startswith("audit")} == {
        f"audit[{code}]": ("passed", code, "derived") for code in audited_codes()
    }


def test_the_report_follows_its_schema(green: Finished) -> None:
    """The JSON file is what docs/report-schema-1.json promises."""
    assert violations(green.report, SCHEMA) == []


def test_the_report_tells_the_run(green: Finished) -> None:
    """Facts about the run are facts: target, Region, launch types, cells, workers, status."""
    run = green.report["run"]
    told = {name: run[name] for name in ("status", "error", "exit_code", "target", "region")}
    assert told == {
        "status": "finished",
        "error": None,
        "exit_code": 0,
        "target": "lab",
        "region": "us-east-1",
    }
    assert run["launch_types"] == ["fargate", "ec2"]
    assert run["cells"] == {"required": 69, "probed": 69}
    assert run["workers"] == 1
    assert run["duration_s"] > 0
    assert green.report["causes"] == []


def test_the_report_says_where_the_packets_came_from(green: Finished) -> None:
    """Each probed check names its subnet's own vantage, which wears tasks' and hosts' groups."""
    subnets = {each["id"]: each for each in green.report["subnets"]}
    assert [each["name"] for each in subnets.values()] == list(SUBNETS)
    for subnet, facts in subnets.items():
        assert facts["vantage"] == f"lab:{subnet}"
        assert len(facts["vantage_groups"]) == 2
        assert facts["egress"] == "none"
    probed = [each for each in green.report["checks"] if each["basis"] == "probed"]
    assert {(each["vantage"], each["subnet"]) for each in probed} == {
        (f"lab:{subnet}", subnet) for subnet in subnets
    }
    assert {each["nodeid"] for each in probed} == {
        f"{FOLDERS.get(claim, '')}test_{name}.py::test_{name}[{subnet}-{service}]"
        for claim, subnet, service in SQUARES
        for name in (claim.replace("-", "_"),)
    }


def test_the_report_says_why_each_service_is_there(green: Finished) -> None:
    """Every endpoint service has a need, an endpoint and a reason in words."""
    services = green.report["services"]
    assert {each["service"]: each["need"] for each in services} == {
        **dict.fromkeys(REQUIRED, "required"),
        **dict.fromkeys(ASSUMED, "assumed"),
        **dict.fromkeys(POSSIBLE, "possible"),
    }
    assert all(re.fullmatch("vpce-[0-9a-f]+", each["endpoint"]) for each in services)
    assert all(" " in each["because"] for each in services)


def test_no_address_is_in_an_id(green: Finished) -> None:
    """Ids stay the same when addresses change."""
    ids = [each[name] for each in green.report["checks"] for name in ("id", "nodeid")]
    assert [each for each in ids if re.search(r"\d+[.-]\d+[.-]\d+[.-]\d+", each)] == []


def test_the_header_says_what_is_proven_and_why(green: Finished) -> None:
    """Each value in the header has its source beside it."""
    vpc = green.report["run"]["vpc"]
    groups = green.report["subnets"][0]["vantage_groups"]
    start = next(n for n, line in enumerate(green.lines) if line.startswith("ecs-privatelink"))
    first = (
        f"ecs-privatelink: target lab (option); region us-east-1 (lab); vpc {vpc} 10.0.0.0/16; "
        "cluster lab (lab); launch types fargate, ec2 (cluster); "
    )
    either = [
        f"{first}security groups {tasks} (cluster); instance security groups {hosts} (cluster)"
        for tasks, hosts in permutations(groups)
    ]
    assert green.lines[start] in either
    assert green.lines[start + 1 : start + 3] == [
        "  subnets: private-a, private-b, private-c "
        "(those of cluster lab: app-ec2, app-fargate, container instances)",
        f"  endpoint services: {', '.join(SERVICES)} (cluster)",
    ]


def test_the_matrix_stands_at_the_end(green: Finished) -> None:
    """The run ends with the matrix and the line that counts; a pipe gets no colour."""
    start = green.lines.index("=" * 31 + " ecs-privatelink " + "=" * 32)
    assert [line for line in green.lines[start + 1 : -1] if line] == [
        "each square: private-dns, tcp-443, ecr-pull/awslogs/secret/agent | ✔ passed",
        "                private-a  private-b  private-c",
        *(
            f"{service:<16}✔✔✔        ✔✔✔        ✔✔✔"
            if service in CHAIN
            else f"{service:<16}✔✔         ✔✔         ✔✔"
            for service in SERVICES
        ),
        "69 of 69 required cells probed; every subnet has a vantage",
    ]
    assert ESCAPE not in green.out


def test_quiet_is_two_lines(quiet: Finished) -> None:
    """``-q`` gives no header, and one line each for the matrix and the count."""
    assert quiet.code == 0
    assert "ecs-privatelink" not in quiet.out
    assert quiet.lines[-3:-1] == [
        f"{CELLS} passed in 3 subnets x 11 endpoint services",
        "69 of 69 required cells probed; every subnet has a vantage",
    ]
    assert re.fullmatch(rf"{TESTS} passed, {TASKS} deselected in [\d.]+s", quiet.lines[-1])


def test_verbose_shows_every_check(verbose: Finished) -> None:
    """``-v`` adds a line for each check with its time and what was observed."""
    told = [line for line in verbose.lines if re.search(r"\]\s[\d.]+ ms: ", line)]
    assert len(told) == CELLS
    pattern = r"tcp-443\[private-b-logs\] [\d.]+ ms: 10\.0\.1\.\d+:443 \(logs\.us-east-1\.amazon"
    assert len([line for line in told if re.search(pattern, line)]) == 1


def test_color_yes_colours_the_matrix(verbose: Finished) -> None:
    """``--color=yes`` colours the glyphs even into a pipe."""
    green = f"{ESCAPE}32m✔{ESCAPE}0m"
    assert f"\necr.api         {2 * green}         {2 * green}         {2 * green}\n" in verbose.out
    assert f"\necr.dkr         {3 * green}        {3 * green}        {3 * green}\n" in verbose.out


def test_the_same_calls_and_verdicts_however_it_is_told(
    green: Finished, quiet: Finished, verbose: Finished
) -> None:
    """What is printed changes nothing of what is proven or read."""
    assert quiet.verdicts == green.verdicts == verbose.verdicts
    calls = [each.report["run"]["api_calls"] for each in (green, quiet, verbose)]
    assert calls[0] == calls[1] == calls[2]
    assert calls[0]["ec2:DescribeVpcs"] == 1


@pytest.mark.parametrize(
    ("changes", "arguments", "coloured"),
    [
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "1"}, ("--color=no",), False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
    ],
    ids=["forced", "color-no", "no-color"],
)
def test_colour_is_asked_for(
    runs: Runs, snapshot: Path, changes: dict[str, str], arguments: tuple[str, ...], coloured: bool
) -> None:
    """``--color=no`` and NO_COLOR keep escape sequences out of the matrix, too."""
    told = runs(f"--ecs-snapshot={snapshot}", *arguments, files={}, **changes)
    assert (f"{ESCAPE}2m·{ESCAPE}0m" in told.out) is coloured
    assert (ESCAPE in told.out) is coloured


def test_a_terminal_without_unicode_gets_ascii(runs: Runs, snapshot: Path) -> None:
    """The matrix falls back to letters where the terminal speaks no UTF-8."""
    told = runs(f"--ecs-snapshot={snapshot}", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert (
        "each square: private-dns, tcp-443, ecr-pull/awslogs/secret/agent | s skipped" in told.lines
    )
    assert told.out.isascii()

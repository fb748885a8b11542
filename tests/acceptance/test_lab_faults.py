"""Every fault of the lab turns exactly the cells red that it says, with exactly its codes."""

import pytest
from lab_runs import Finished, Runs
from rehearsals import Emulated, rehearse

from pytest_ecs_privatelink.catalogue.chains import CHAINS
from pytest_ecs_privatelink.lab.expectations import Expected, outcome
from pytest_ecs_privatelink.lab.faults import FAULTS, Fault, describe
from pytest_ecs_privatelink.lab.world import INTERFACE_SERVICES, SUBNET_CIDRS
from pytest_ecs_privatelink.verdict import PATH_CLAIMS, Claim, Code, LaunchType, Verdict

CELLS = [
    (claim, subnet, service)
    for subnet in SUBNET_CIDRS
    for claim, service in (
        *((claim, each) for claim in PATH_CLAIMS for each in (*INTERFACE_SERVICES, "s3")),
        *CHAINS,
    )
]
TASKS = [(Claim.TASK_START, subnet, str(kind)) for subnet in SUBNET_CIDRS for kind in LaunchType]
"""Those of one-off tasks, which are dear: `benchmarks/deaths.py` starts all, tests a few."""


def expected_of(*faults: Fault) -> dict[tuple[Claim, str, str], tuple[Verdict, Code | None]]:
    """Return how each cell of the lab's world should end with all of ``faults`` in it."""
    said: tuple[Expected, ...] = tuple(each for fault in faults for each in fault.expected)
    return {cell: outcome(said, *cell) for cell in CELLS}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_fault_breaks_what_it_says_and_nothing_else(emulated: Emulated, fault: Fault) -> None:
    """Every cell ends as declared on real packets, audits agree, and its code is the top cause."""
    world, snapshot = emulated.broken(fault)

    judged = rehearse(
        snapshot,
        groups=world.task_groups,
        instance_groups=world.instance_groups,
        faults=fault.twin,
        cloud=emulated.socket,
    )

    assert judged.outcomes == expected_of(fault)
    assert {finding.code for finding in judged.plan.findings} == set(fault.findings)
    assert judged.causes[0].code == fault.code
    # Where a hosted zone answers instead of an endpoint, only probing can tell.
    hosted = any(zone.name.startswith("logs.") for zone in snapshot.hosted_zones or ())
    told = ["logs"] if hosted else []
    assert [each.subject for each in judged.plan.unseen] == told


def test_the_healthy_world_passes_whole(emulated: Emulated) -> None:
    """Without a fault every cell passes and audits find nothing."""
    world = emulated.world

    judged = rehearse(
        emulated.snapshot,
        groups=world.task_groups,
        instance_groups=world.instance_groups,
        cloud=emulated.socket,
    )

    assert judged.outcomes == expected_of()
    assert judged.plan.findings == ()


EXCEPTIONS = {
    # Needs a vantage with other groups than the tasks': the twin's hosts wear the tasks' own,
    # unless nobody knows these. Produced in test_stories.py.
    Code.VANTAGE_GROUP_DIFFERS,
    # The twin's hosts ask the VPC resolver and nobody else. Produced in test_verdict_options.py.
    Code.DNS_RESOLVER_DIFFERS,
}


def test_every_code_has_a_fault_or_a_reason() -> None:
    """A code that nothing produces could be wrong for ever."""
    cells = (*CELLS, *TASKS)
    told = {outcome(fault.expected, *cell)[1] for fault in FAULTS.values() for cell in cells}
    found = {code for fault in FAULTS.values() for code in fault.findings}

    assert set(Code) - told - found == EXCEPTIONS


def test_the_list_is_printed_and_ends_the_run(runs: Runs) -> None:
    """``--ecs-fault list`` prints each fault with what it does, and runs nothing."""
    listed = runs("--ecs-fault", "list")

    assert (listed.code, listed.err) == (0, "")
    assert listed.out == describe() + "\n"


def squares(told: Finished, service: str) -> list[str]:
    """Return the squares of the matrix for an endpoint service."""
    (row,) = (line for line in told.lines if line.split()[:1] == [service])
    return row.split()[1:]


def test_a_missing_endpoint_is_told_from_end_to_end(runs: Runs) -> None:
    """Exit code 1, one row red, and one cause on the terminal and in the report."""
    told = runs("--ecs-lab", "--ecs-fault", "endpoint-missing")

    assert told.code == 1
    assert squares(told, "logs") == ["✘·✘"] * 3
    assert squares(told, "kms") == ["✔✔"] * 3
    (line,) = (line for line in told.lines if line.startswith("c1 "))
    assert line.startswith("c1 endpoint-missing logs: vpc-")
    assert line.endswith("; explains 10 checks")
    assert told.lines[-2] == ("63 of 66 required cells probed; every subnet has a vantage; 1 cause")
    (cause,) = told.report["causes"]
    assert (cause["id"], cause["code"], cause["severity"]) == ("c1", "endpoint-missing", "error")
    assert cause["explains"] == [
        "audit[endpoint-missing-logs]",
        *(f"awslogs[private-{each}-logs]" for each in "abc"),
        *(f"private-dns[private-{each}-logs]" for each in "abc"),
        *(f"tcp-443[private-{each}-logs]" for each in "abc"),
    ]
    assert told.report["run"]["exit_code"] == 1


PUBLIC_PATH = ("--ecs-lab", "--ecs-fault", "endpoint-missing-public-path")


def test_a_public_path_is_warned_and_green(runs: Runs) -> None:
    """What works over NAT is never passed, and fails nothing."""
    told = runs(*PUBLIC_PATH)

    assert told.code == 0
    assert squares(told, "logs") == ["!!!"] * 3
    claims = (*PATH_CLAIMS, Claim.AWSLOGS)
    assert {told.verdicts[f"{claim}[private-a-logs]"] for claim in claims} == {
        ("warned", "dns-public-answer", "probed")
    }
    (cause,) = told.report["causes"]
    assert (cause["code"], cause["severity"]) == ("endpoint-missing-public-path", "warning")
    assert " 10 warned" in told.lines[-1]


def test_strict_turns_the_warnings_red(runs: Runs) -> None:
    """``--ecs-strict`` fails what would be warned, and nothing else."""
    told = runs(*PUBLIC_PATH, "--ecs-strict")

    assert told.code == 1
    assert squares(told, "logs") == ["✘✘✘"] * 3
    assert " 10 failed" in told.lines[-1]


def test_require_private_accepts_no_public_path(runs: Runs) -> None:
    """``--ecs-require-private`` names the endpoint that is missing, as an error."""
    told = runs(*PUBLIC_PATH, "--ecs-require-private")

    assert told.code == 1
    assert squares(told, "logs") == ["✘·✘"] * 3
    (cause,) = told.report["causes"]
    assert (cause["code"], cause["severity"]) == ("endpoint-missing", "error")
    assert "--ecs-require-private accepts no other way out" in cause["summary"]


def test_an_expired_certificate_is_told_from_end_to_end(runs: Runs) -> None:
    """No audit knows it: the cause is the live code, with what to look at."""
    told = runs("--ecs-lab", "--ecs-fault", "tls-certificate")

    assert told.code == 1
    assert squares(told, "logs") == ["✔✘✘"] * 3
    (line,) = (line for line in told.lines if line.startswith("c1 "))
    assert line.startswith("c1 tls-certificate ")
    assert line.endswith("; explains 6 checks")
    (cause,) = told.report["causes"]
    assert cause["explains"] == [
        f"{claim}[private-{each}-logs]" for claim in ("awslogs", "tcp-443") for each in "abc"
    ]


def test_a_broken_layer_is_told_from_end_to_end(runs: Runs) -> None:
    """Names, 443 and TLS are in order everywhere: the pull alone tells, and for which link."""
    told = runs("--ecs-lab", "--ecs-fault", "ecr-digest")

    assert told.code == 1
    assert squares(told, "ecr.dkr") == ["✔✔✘"] * 3
    assert squares(told, "s3") == ["✔✔"] * 3
    (cause,) = told.report["causes"]
    assert (cause["code"], cause["severity"]) == ("ecr-digest", "error")
    assert cause["explains"] == [f"ecr-pull[private-{each}-ecr.dkr]" for each in "abc"]
    assert "X-Amz-Signature" not in told.out + str(told.report)


def test_two_faults_are_two_causes(runs: Runs) -> None:
    """Faults add up: each turns its own cells red and gets a cause of its own."""
    told = runs("--ecs-lab", "--ecs-fault", "endpoint-missing", "--ecs-fault", "s3-gateway-missing")

    assert told.code == 1
    assert squares(told, "logs") == ["✘·✘"] * 3
    assert squares(told, "s3") == ["✘·"] * 3
    assert squares(told, "ecr.dkr") == ["✔✔✘"] * 3
    assert [cause["code"] for cause in told.report["causes"]] == [
        "endpoint-missing",
        "s3-gateway-missing",
    ]
    assert "; fault endpoint-missing; fault s3-gateway-missing" in told.out

"""A cluster's evidence, from the option to the last line."""

from pathlib import Path

from lab_runs import Finished, Runs

AUDITED = "--ecs-claims=audit"


def header(told: Finished) -> str:
    """Return the header's first line."""
    return next(line for line in told.lines if line.startswith("ecs-privatelink: "))


def test_one_ecs_service_is_proven_alone(runs: Runs) -> None:
    """``--ecs-service`` leaves the launch types and needs of the one that it names."""
    told = runs("--ecs-lab", "--ecs-service=app-fargate", AUDITED)

    assert (told.code, told.err) == (0, "")
    assert "; cluster lab (lab), of it app-fargate; launch types fargate (cluster); " in header(
        told
    )
    assert "(those of cluster lab: app-fargate)" in told.out
    needs = {each["service"]: each["need"] for each in told.report["services"]}
    assert needs["secretsmanager"] == "required"
    assert needs["ecs"] == "possible"


def test_a_saved_cluster_needs_no_option(runs: Runs, snapshot: Path) -> None:
    """Needs, subnets and groups of the file make the twin's proof; workers agree."""
    alone = runs("--ecs-lab", "--ecs-snapshot", str(snapshot))
    shared = runs("--ecs-lab", "--ecs-snapshot", str(snapshot), "-n2")

    assert (alone.code, shared.code) == (0, 0)
    assert "; cluster lab (snapshot); launch types fargate, ec2 (cluster); " in header(alone)
    assert "unknown" not in header(alone)
    assert alone.verdicts == shared.verdicts
    assert "48 of 48 required cells probed; every subnet has a vantage" in alone.lines
    assert "48 of 48 required cells probed; every subnet has a vantage" in shared.lines


def test_another_cluster_contradicts_the_file(runs: Runs, snapshot: Path) -> None:
    """One line says which cluster it has."""
    told = runs("--ecs-snapshot", str(snapshot), "--ecs-cluster=prod", AUDITED)

    assert told.code == 4
    assert told.err == (
        f"ERROR: --ecs-cluster prod and --ecs-snapshot {snapshot} contradict each other: "
        "that snapshot is of cluster lab\n\n"
    )

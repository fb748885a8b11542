"""A cluster's evidence, from the option to the last line."""

import json
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
    for each in (alone, shared):
        assert (
            "  not proven: ecr-pull, awslogs, secret, agent "
            "(the twin of a VPC has its network, not the services behind it)"
        ) in each.lines
    assert "54 of 54 required cells probed; every subnet has a vantage" in alone.lines
    assert "54 of 54 required cells probed; every subnet has a vantage" in shared.lines


def test_a_twin_is_not_green_for_what_it_cannot_prove(runs: Runs, snapshot: Path) -> None:
    """Asked for the start-up chain alone it proves nothing, says why, and pytest's code is 5."""
    told = runs("--ecs-lab", "--ecs-snapshot", str(snapshot), "--ecs-claims=ecr-pull,secret")

    assert (told.code, told.err) == (5, "")
    assert (
        "  not proven: ecr-pull, secret "
        "(the twin of a VPC has its network, not the services behind it)"
    ) in told.lines
    assert "no required cell was selected; every subnet has a vantage" in told.lines
    assert told.verdicts == {}


def test_a_quiet_run_says_at_its_end_what_it_cannot_prove(runs: Runs, snapshot: Path) -> None:
    """Without a header the reason stands above the last line."""
    told = runs("-q", "--ecs-lab", "--ecs-snapshot", str(snapshot), "--ecs-claims=secret")

    last = told.lines.index("no required cell was selected; every subnet has a vantage")
    assert told.lines[last - 1] == (
        "not proven: secret (the twin of a VPC has its network, not the services behind it)"
    )


def test_what_is_edited_in_a_lab_s_snapshot_stays_edited(
    runs: Runs, snapshot: Path, tmp_path: Path
) -> None:
    """It was saved with the emulator's errors put right: none is put right again."""
    edited = json.loads(snapshot.read_text(encoding="utf-8"))
    for table in edited["route_tables"]:
        table["routes"] = [each for each in table["routes"] if each["target"] == "local"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(edited), encoding="utf-8")

    here = runs(f"--ecs-snapshot={broken}", "--ecs-claims=audit", "--ecs-need=s3")
    twin = runs("--ecs-lab", f"--ecs-snapshot={broken}", "--ecs-need=s3")

    for told in (here, twin):
        assert told.code == 1
        assert any(line.startswith("c1 s3-gateway-no-route ") for line in told.lines)


def test_another_cluster_contradicts_the_file(runs: Runs, snapshot: Path) -> None:
    """One line says which cluster it has."""
    told = runs("--ecs-snapshot", str(snapshot), "--ecs-cluster=prod", AUDITED)

    assert told.code == 4
    assert told.err == (
        f"ERROR: --ecs-cluster prod and --ecs-snapshot {snapshot} contradict each other: "
        "that snapshot is of cluster lab\n\n"
    )

"""Runs that probe from container instances, as far as a machine without any shows it."""

import json
import socket
from pathlib import Path

import pytest
from lab_runs import Runs
from test_bad_input import BARE, WITHOUT, refusal

from pytest_ecs_privatelink.topology import snapshot as snapshots

# pytest looks for plugins by a finder of its own, which is this one by its name.
WITHOUT_TESTINFRA = (
    WITHOUT.replace('"moto", "trustme"', '"testinfra",')
    + "import importlib.abc\n"
    + "importlib.machinery.PathFinder = Without\n"
)


@pytest.fixture
def dead(tmp_path: Path) -> Path:
    """Return an ssh_config by which every host is a port of loopback where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    path = tmp_path / "ssh_config"
    path.write_text(f"Host *\n  HostName 127.0.0.1\n  Port {port}\n")
    return path


def test_hosts_that_nobody_reaches_are_errors_and_nothing_else(
    runs: Runs, snapshot: Path, dead: Path
) -> None:
    """Each cell says of its own host what is wrong; the header says which host that is."""
    pytest.importorskip("testinfra")
    told = runs(
        f"--ecs-snapshot={snapshot}",
        f"--ecs-connect=ssh://ec2-user@{{instance_id}}?ssh_config={dead}",
        "--ecs-claims=private-dns",
        "--ecs-json=ecs.json",
        "-p",
        "no:xdist",
        **BARE,
    )

    report = json.loads((told.folder / "ecs.json").read_text())
    instances = snapshots.load(snapshot).cluster.instances  # type: ignore[union-attr]  # it has one
    hosts = {f"ssh://ec2-user@{each.instance}" for each in instances or ()}
    errors = [each for each in report["checks"] if each["verdict"] == "error"]
    assert told.code == 1, told.out
    assert {each["vantage"] for each in errors} == hosts
    assert all("connection refused" in each["reason"] for each in errors)
    assert {each["verdict"] for each in report["checks"]} <= {"error", "skipped"}
    assert "  container instances reached by ssh://ec2-user@{instance_id} (option)" in told.out
    assert "  vantages: " in told.out


def test_a_twin_s_snapshot_without_cluster_has_no_instances(
    runs: Runs, snapshot: Path, tmp_path: Path
) -> None:
    """The option is refused before anything is sent, and says what is lacking."""
    bare = json.loads(snapshot.read_text())
    bare["cluster"] = None
    (tmp_path / "bare.json").write_text(json.dumps(bare))

    told = refusal(
        runs(f"--ecs-snapshot={tmp_path}/bare.json", "--ecs-connect=ssm://{instance_id}", **BARE)
    )

    assert told == "--ecs-connect needs the container instances of a cluster: give --ecs-cluster"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--ecs-lend-credentials"],
            "--ecs-lend-credentials lends to container instances: reach them with --ecs-connect",
        ),
        (
            ["--ecs-lend-credentials", "--ecs-connect=ssm://{instance_id}"],
            "--ecs-lend-credentials: ssm:// has no standard input, and others may see commands; "
            "only ssh:// carries credentials",
        ),
        (
            ["--ecs-connect="],
            "--ecs-connect '': is empty: give a host such as ssh://ec2-user@{private_ip}",
        ),
    ],
    ids=["nobody", "ssm", "empty"],
)
def test_what_has_no_meaning_is_refused(
    runs: Runs, snapshot: Path, arguments: list[str], message: str
) -> None:
    """Each is one line, before anything is sent."""
    assert refusal(runs(f"--ecs-snapshot={snapshot}", *arguments, **BARE)) == message


def test_certificates_that_no_command_has_room_for_are_refused(
    runs: Runs, snapshot: Path, tmp_path: Path
) -> None:
    """Whoever names a large bundle hears it before anything is sent, and what to do."""
    pytest.importorskip("testinfra")
    (tmp_path / "large.pem").write_text("x" * 8_001)

    told = runs(
        f"--ecs-snapshot={snapshot}",
        "--ecs-connect=ssm://{instance_id}",
        **{**BARE, "AWS_CA_BUNDLE": f"{tmp_path}/large.pem"},
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
    )

    assert refusal(told) == (
        f"AWS_CA_BUNDLE={tmp_path}/large.pem is too large to go with a command of ssm://: name a "
        "file with the few certificates that are needed, or unset it for the hosts' own trust"
    )


def test_the_ec2_extra_is_missing(runs: Runs, snapshot: Path) -> None:
    """Without testinfra, one line names the extra to install."""
    told = runs(
        f"--ecs-snapshot={snapshot}",
        "--ecs-connect=ssm://{instance_id}",
        "-p",
        "no:pytest11.testinfra",
        files={"sitecustomize.py": WITHOUT_TESTINFRA},
        AWS_ENDPOINT_URL="http://127.0.0.1:1",
        PYTHONPATH=".",
        **BARE,
    )

    assert refusal(told) == (
        '--ecs-connect needs pytest-testinfra: pip install "pytest-ecs-privatelink[ec2]"'
    )

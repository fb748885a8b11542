"""The lab probed from its container instances, as a user does it with theirs."""

import base64
import json
import socket
from pathlib import Path

import pytest
from lab_runs import CELLS, Finished, Runs
from opened_runs import opened

from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.lab.openssh import is_installed
from pytest_ecs_privatelink.plugin.lab_instances import open_lab_instances
from pytest_ecs_privatelink.verdict import Cell, Claim, Code

pytest.importorskip("testinfra")

BY_SSH = "--ecs-connect=ssh://ec2-user@{private_ip}"
BY_MACHINE = "--ecs-connect=machine://{instance_id}"
NEEDS_OPENSSH = pytest.mark.skipif(not is_installed(), reason="needs OpenSSH, both sides")

COUNTING = """
import json
import pytest
from pytest_ecs_privatelink.plugin.share import PART

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    folder = session.config.stash[PART].lab.laboratory.twin.folder
    logs = [path.read_text() for path in sorted(folder.glob("ssh*.log"))]
    with open("connections.json", "w") as file:
        json.dump([log.count("Connection from ") for log in logs], file)
"""

BREAKING = """
def test_lost_rule(ecs_lab, ecs_probe, ecs_vpc):
    name = f"logs.{ecs_vpc.region}.amazonaws.com"
    assert ecs_probe.tls(name).status == "open"
    ec2 = ecs_lab.session.client("ec2")
    group = ecs_lab.world.endpoint_group
    rules = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"]
    ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=rules)
    ecs_lab.refresh()
    assert ecs_probe.tls(name).status == "timeout"
"""


def line_with(told: Finished, start: str) -> str:
    """Return the one line of a run that starts so, without that."""
    (line,) = (each for each in told.lines if each.startswith(start))
    return line.removeprefix(start)


@NEEDS_OPENSSH
def test_every_cell_by_one_connection_a_host(runs: Runs) -> None:
    """By OpenSSH every claim is green from each instance, which was connected to once."""
    told = runs("--ecs-lab", BY_SSH, files={"conftest.py": COUNTING})

    assert (told.code, told.err) == (0, "")
    probed = [each for each in told.report["checks"] if each["basis"] == "probed"]
    assert len(probed) >= CELLS
    assert {each["verdict"] for each in probed} == {"passed"}
    assert json.loads((told.folder / "connections.json").read_text()) == [1, 1, 1]
    assert line_with(told, "  container instances reached by ") == (
        "ssh://ec2-user@{private_ip} (option)"
    )
    assert line_with(told, "  vantages: ").startswith("private-a ssh://ec2-user@10.0.1.")


@NEEDS_OPENSSH
def test_same_verdicts_whatever_the_way(runs: Runs) -> None:
    """OpenSSH, the lab's own connection and the lab's own vantage judge the same cells alike."""
    told = [
        runs("--ecs-lab", BY_SSH, files={"conftest.py": COUNTING}),
        runs("--ecs-lab", BY_MACHINE),
        runs("--ecs-lab"),
    ]

    assert told[0].verdicts == told[1].verdicts == told[2].verdicts


def test_without_openssh_the_lab_has_a_way_of_its_own(runs: Runs, tmp_path: Path) -> None:
    """Where ssh is not installed the lab's own connection is used, and the header says so."""
    told = runs("--ecs-lab", BY_SSH, "--ecs-claims=private-dns", PATH=str(tmp_path))

    assert (told.code, told.err) == (0, "")
    assert line_with(told, "  container instances reached by ") == (
        "machine://{instance_id} (for OpenSSH is not installed here)"
    )


def test_rehearsal_from_its_instances(runs: Runs, snapshot: Path) -> None:
    """The twin of a saved VPC is probed from the instances that its cluster has."""
    told = runs("--ecs-lab", "--ecs-snapshot", str(snapshot), BY_MACHINE)

    assert (told.code, told.err) == (0, "")
    assert told.verdicts == runs("--ecs-lab", "--ecs-snapshot", str(snapshot)).verdicts


def test_rehearsal_says_who_lets_nobody_in(runs: Runs, snapshot: Path, tmp_path: Path) -> None:
    """A managed instance stands there, though the twin has no host for it: that is the reason."""
    edited = json.loads(snapshot.read_text())
    managed = edited["cluster"]["instances"][0]
    managed["managed"] = True
    (tmp_path / "edited.json").write_text(json.dumps(edited))

    told = runs(
        *("--ecs-lab", f"--ecs-snapshot={tmp_path}/edited.json", BY_MACHINE),
        "--ecs-claims=private-dns",
    )

    skipped = {each["reason"] for each in told.report["checks"] if each["verdict"] == "skipped"}
    assert skipped == {
        f"no vantage: {managed['instance']} is an ECS Managed Instance, which lets nobody in"
    }


def test_a_lab_that_is_broken_and_built_anew(runs: Runs) -> None:
    """After a refresh the instances of the new network are asked, not those that have ended."""
    told = runs(
        *("--ecs-lab", BY_MACHINE, "--ecs-timeout=1", "test_own.py::test_lost_rule[private-a]"),
        files={"test_own.py": BREAKING},
    )

    assert (told.code, told.err) == (0, ""), told.out


RESTARTING = """
import http.client, socket
connection = http.client.HTTPConnection("localhost")
connection.sock = socket.socket(socket.AF_UNIX)
connection.sock.connect("/var/run/docker.sock")
connection.request("POST", "/containers/ecs-agent/restart")
raise SystemExit(connection.getresponse().status != 204)
"""


def test_a_restarted_agent_is_green() -> None:
    """An agent that is older than the endpoints is red, and green once Docker restarted it."""
    with opened(connect="machine://{instance_id}", faults=("agent-stale",)) as run:
        laboratory, plan, exchange = run.lab.laboratory, run.lab.plan, run.run.exchange
        assert exchange is not None
        first, second, _ = plan.terms.subnets
        cells = [Cell(Claim.AGENT, each.id, "ecs-agent") for each in (first, second)]
        exchange.select(cells)
        before = [exchange.check(each).code for each in cells]
        (instance,) = run.run.vantages[first.id].instances
        with socket.socket(socket.AF_UNIX) as machine, machine.makefile("rb") as answers:
            machine.connect(str(laboratory.twin.machines[instance]))
            fed = base64.b64encode(RESTARTING.encode()).decode()
            machine.sendall(json.dumps({"command": "python3 -", "stdin": fed}).encode() + b"\n")
            assert json.loads(answers.readline())["rc"] == 0
        exchange.restart(plan.terms, open_lab_instances(laboratory, plan).vantages)
        exchange.select(cells)
        after = [exchange.check(each).code for each in cells]

    assert before == [Code.AGENT_STALE, Code.AGENT_STALE]
    assert after == [None, Code.AGENT_STALE]


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"connect": "docker://{instance_id}"},
            "--ecs-connect 'docker://{instance_id}': the lab's container instances are reached by"
            " ssh://, ssm:// and machine://{instance_id}",
        ),
        (
            {"connect": "ssm://{instance_id}", "snapshot": "vpc.json"},
            "--ecs-connect 'ssm://{instance_id}': the twin of a VPC has its network, not the"
            " services behind it; ssh:// and machine://{instance_id} reach its hosts",
        ),
        (
            {"connect": "ssh://{instance_id}?ssh_config=/prod", "snapshot": "vpc.json"},
            "--ecs-connect 'ssh://{instance_id}?ssh_config=/prod': ssh_config may lead out of the"
            " lab, whose hosts are known to an ssh_config of its own: leave it out",
        ),
        (
            {"connect": "ssh://{private_ip}?ssh_extra_args=-J%20bastion"},
            "--ecs-connect 'ssh://{private_ip}?ssh_extra_args=-J%20bastion': ssh_extra_args may"
            " lead out of the lab, whose hosts are known to an ssh_config of its own: leave it out",
        ),
    ],
)
def test_way_that_would_leave_the_lab(said: dict[str, str], message: str) -> None:
    """A connection to anything but the lab's own hosts is refused in one line."""
    with pytest.raises(SettingsError) as refused, opened(**said):
        pass
    assert str(refused.value) == message

"""OpenSSH in the lab: a real client and a real server, who never see an address."""

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from machine_client import run
from test_twin_lifecycle import all_end, family, watch
from twin_snapshots import TASKS, healthy, instance_address, instance_id, with_instances

from pytest_ecs_privatelink.lab import openssh
from pytest_ecs_privatelink.lab.laboratory import Laboratory
from pytest_ecs_privatelink.lab.sockets import ssh_log_path
from pytest_ecs_privatelink.verdict import LaunchType

pytestmark = pytest.mark.skipif(not openssh.is_installed(), reason="needs OpenSSH, both sides")


@pytest.fixture
def lab() -> Iterator[Laboratory]:
    """Build a lab of two container instances."""
    lab = Laboratory(cloud=False, twin=True)
    try:
        snapshot = with_instances(healthy())
        subnets = tuple(each.id for each in snapshot.subnets)
        lab.build_twin(snapshot, subnets, dict.fromkeys(LaunchType, (TASKS,)))
        yield lab
    finally:
        lab.close()


def command(lab: Laboratory, address: str, *words: str) -> list[str]:
    """Return how ssh is called for a host of the lab."""
    return ["ssh", "-F", str(lab.ssh_config), address, *words]


def ssh(
    lab: Laboratory, address: str, *words: str, fed: bytes = b""
) -> "subprocess.CompletedProcess[bytes]":
    """Run a command on a host of the lab."""
    return subprocess.run(
        command(lab, address, *words), input=fed, capture_output=True, timeout=30, check=False
    )


def test_command_over_ssh(lab: Laboratory) -> None:
    """A command runs on the instance, as its user, and is fed; each call is one connection.

    Instances are called by their address or their id.
    """
    source = (
        b"import os, pwd, urllib.request\n"
        b"print(pwd.getpwuid(os.getuid()).pw_name, os.environ['HOME'])\n"
        b"print(urllib.request.urlopen('http://127.0.0.1:51678/v1/metadata').read().decode())\n"
        b"raise SystemExit(7)\n"
    )
    for i, name in enumerate((instance_address(0), instance_id(1))):
        done = ssh(lab, name, "exec python3 -I -", fed=source)
        said = done.stdout.decode()
        assert said.startswith(f"{openssh.USER} /tmp\n"), done
        assert f"container-instance/shop/{i}" in said
        assert done.returncode == 7
    logs = [ssh_log_path(lab.twin.folder, i).read_text() for i in (0, 1)]
    assert [log.count("Connection from ") for log in logs] == [1, 1]


def test_files_are_private(lab: Laboratory) -> None:
    """The keys are for their owner alone, in a folder that is, too."""
    folder = lab.twin.folder
    assert folder.stat().st_mode & 0o777 == 0o700
    for name in (openssh.HOST_KEY, openssh.CLIENT_KEY):
        assert (folder / name).stat().st_mode & 0o777 == 0o600


def test_nothing_leaves_for_an_address(lab: Laboratory) -> None:
    """An address that is no instance's is not dialled: the relay says what it is."""
    done = ssh(lab, "127.0.0.99", "true")
    assert done.returncode == 255
    assert b"the lab has no container instance at 127.0.0.99\n" in done.stderr


def test_nobody_else_gets_in(lab: Laboratory) -> None:
    """The server knows one user and one key."""
    assert ssh(lab, f"root@{instance_address(0)}", "true").returncode == 255
    other = Path(lab.folder, "other")
    keygen = shutil.which("ssh-keygen")
    assert keygen is not None
    subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", other], check=True)
    lab.ssh_config.write_text(
        lab.ssh_config.read_text().replace(str(lab.twin.folder / openssh.CLIENT_KEY), str(other))
    )
    done = ssh(lab, instance_address(0), "true")
    assert done.returncode == 255
    assert b"Permission denied" in done.stderr


def test_sessions_end_with_the_lab(lab: Laboratory) -> None:
    """Closing the lab ends servers and what runs under them, and its clients hear of it."""
    with subprocess.Popen(
        command(lab, instance_address(0), "echo here; sleep 60; true"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"here\n"
        pids = family(lab.twin.pid)
        ended = watch(pids)
        assert len(pids) > 6 + 2  # sshd twice, the shell, and what it started, beside the twin's
        lab.close()
        assert all_end(ended)
        assert client.wait(30) == 255
    assert not lab.folder.exists()


CONTROLLER = """
    import sys, time
    sys.path.insert(0, {here!r})
    from twin_snapshots import TASKS, healthy, with_instances
    from pytest_ecs_privatelink.lab.laboratory import Laboratory
    from pytest_ecs_privatelink.verdict import LaunchType
    lab = Laboratory(cloud=False, twin=True)
    worn = dict.fromkeys(LaunchType, (TASKS,))
    lab.build_twin(with_instances(healthy(subnets=1)), ("subnet-0",), worn)
    print(lab.twin.pid, lab.folder, flush=True)
    time.sleep(60)
"""


def test_killed_lab_leaves_nothing() -> None:
    """A controller that is killed leaves no server, no session and no key."""
    program = textwrap.dedent(CONTROLLER.format(here=str(Path(__file__).parent)))
    with subprocess.Popen(
        [sys.executable, "-P", "-c", program], stdout=subprocess.PIPE, text=True
    ) as controller:
        assert controller.stdout is not None
        pid, folder = controller.stdout.readline().split()
        with subprocess.Popen(
            ["ssh", "-F", f"{folder}/ssh_config", instance_address(0), "echo here; sleep 60; true"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == b"here\n"
            ended = watch(family(int(pid)))
            controller.kill()
            assert all_end(ended)
            assert client.wait(30) == 255
    assert not Path(folder).exists()


def test_without_a_client(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where OpenSSH is not installed on both sides instances are there all the same, without it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert openssh.find_server(places=str(tmp_path)) is None
    lab = Laboratory(cloud=False, twin=True)
    try:
        snapshot = with_instances(healthy(subnets=1))
        lab.build_twin(snapshot, ("subnet-0",), dict.fromkeys(LaunchType, (TASKS,)))
        assert run(lab.twin.machines[instance_id(0)], "echo there").stdout == b"there\n"
        assert not lab.ssh_config.exists()
    finally:
        lab.close()

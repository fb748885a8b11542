"""The cloud's process and its sessions: they start, answer, die, and hear nobody else."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.config import Config

from pytest_ecs_privatelink.errors import LabError
from pytest_ecs_privatelink.lab.cloud import REGION, Cloud

HOSTILE = {
    "AWS_PROFILE": "nonsense",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_EC2": "http://127.0.0.1:9",
    "AWS_CA_BUNDLE": "/nonexistent/ca.pem",
    "AWS_REGION": "mars-north-1",
    "AWS_DEFAULT_REGION": "mars-north-1",
    "AWS_RETRY_MODE": "nonsense",
    "AWS_MAX_ATTEMPTS": "nonsense",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_DATA_PATH": "/nonexistent",
    "AWS_ACCESS_KEY_ID": "",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
    "MOTO_EC2_LOAD_DEFAULT_AMIS": "true",
    "TEST_SERVER_MODE": "true",
    "PYTHONWARNINGS": "error",
}

LAUNCH_AND_SLEEP = """
import os, time
from pytest_ecs_privatelink.lab.cloud import Cloud
cloud = Cloud.launch()
cloud.wait()
if os.fork() == 0:  # a sibling that holds the cloud's stdin open
    time.sleep(30)
    os._exit(0)
print(cloud.pid, flush=True)
time.sleep(30)
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """Yield a cloud that answers."""
    with Cloud.launch() as cloud:
        cloud.wait()
        yield cloud


def test_an_endpoint_is_on_loopback(cloud: Cloud) -> None:
    """Nothing but this machine can reach the cloud."""
    assert cloud.endpoint.startswith("http://127.0.0.1:")


def test_waiting_again_returns_at_once(cloud: Cloud) -> None:
    """Whoever needs the cloud may wait for it, however many they are."""
    cloud.wait(timeout=0)


def test_sessions_ignore_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither launch nor clients listen to AWS variables, profile files or proxies."""
    profile = tmp_path / "config"
    profile.write_text(
        "[default]\nregion = mars-north-1\nretry_mode = nonsense\nendpoint_url = http://127.0.0.1:9\n"
        "s3 =\n  addressing_style = virtual\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(profile))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    for name, text in HOSTILE.items():
        monkeypatch.setenv(name, text)

    with Cloud.launch() as cloud:
        cloud.wait()
        session = cloud.session()
        ec2 = session.client("ec2", config=Config(connect_timeout=3, read_timeout=10))
        zones = ec2.describe_availability_zones()["AvailabilityZones"]
        bucket = session.client("s3").create_bucket(Bucket="lab")
        roles = session.client("iam").list_roles()["Roles"]

    assert session.region_name == REGION
    assert {zone["RegionName"] for zone in zones} == {REGION}
    assert bucket["Location"] == "/lab"
    assert roles == []


def test_a_client_of_another_region_comes_here_too(cloud: Cloud) -> None:
    """A wrong Region finds an empty Region of this cloud, not Amazon's."""
    ec2 = cloud.session().client("ec2", region_name="us-west-2")

    assert ec2.meta.endpoint_url == cloud.endpoint
    assert ec2.meta.region_name == "us-west-2"
    assert all(vpc["IsDefault"] for vpc in ec2.describe_vpcs()["Vpcs"])


def test_a_session_cannot_be_had_too_early() -> None:
    """Before wait() the address is not known, and asking for it says so."""
    with Cloud.launch() as cloud, pytest.raises(LabError) as caught:
        cloud.session()

    assert str(caught.value) == "the lab's cloud is not ready: wait() for it"


def test_a_late_cloud_is_given_up() -> None:
    """Where the time does not suffice the process is ended, and the error names the time."""
    cloud = Cloud.launch()

    with pytest.raises(LabError) as caught:
        cloud.wait(timeout=0.001)

    assert str(caught.value).startswith("the lab's cloud did not answer within 0.001 s")
    assert not is_alive(cloud.pid)


def test_a_dead_cloud_leaves_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cloud that cannot start says why, in one line."""
    (tmp_path / "moto").mkdir()
    (tmp_path / "moto" / "__init__.py").write_text("raise ImportError('no moto for you')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    cloud = Cloud.launch()

    with pytest.raises(LabError) as caught:
        cloud.wait()

    assert str(caught.value) == (
        "the lab's cloud ended with status 1 before it answered: ImportError: no moto for you"
    )


def test_closing_ends_the_process_and_may_be_repeated() -> None:
    """Nothing runs after close(), and a second close() is no error."""
    cloud = Cloud.launch()
    cloud.wait()

    cloud.close()
    cloud.close()

    assert not is_alive(cloud.pid)


def test_ctrl_c_is_for_the_controller_to_judge(cloud: Cloud) -> None:
    """SIGINT, which reaches whole process groups, does not end the cloud."""
    os.kill(cloud.pid, signal.SIGINT)

    assert cloud.session().client("ec2").describe_vpcs()["Vpcs"]
    assert os.getpgid(cloud.pid) != os.getpgid(0)


def test_a_killed_parent_leaves_no_process() -> None:
    """SIGKILL of the parent ends the cloud, though a forked sibling holds its stdin open."""
    parent = subprocess.Popen(
        [sys.executable, "-c", LAUNCH_AND_SLEEP], stdout=subprocess.PIPE, process_group=0
    )
    with parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert is_alive(server)

        parent.kill()
        parent.wait()
        ended = wait_until_gone(server, seconds=10)
        os.killpg(parent.pid, signal.SIGKILL)  # the sibling: its group is of our making

    assert ended


OPEN_AND_SLEEP = """
import time
from pytest_ecs_privatelink.lab.laboratory import Laboratory

laboratory = Laboratory(cloud=True, twin=False)
laboratory.cloud.wait()
print(laboratory.folder, flush=True)
time.sleep(60)
"""


def test_a_killed_run_without_a_twin_leaves_no_folder() -> None:
    """What the twin does for a lab that probes, the cloud does for one that only audits."""
    parent = subprocess.Popen([sys.executable, "-c", OPEN_AND_SLEEP], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        folder = Path(parent.stdout.readline().decode().strip())
        assert folder.exists()
        parent.kill()
    deadline = time.monotonic() + 10
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


def test_nothing_is_left_in_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cloud leaves no file, neither where it was started nor in the temporary folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)  # makes tempfile read TMPDIR again

    with Cloud.launch() as cloud:
        cloud.wait()
        cloud.session().client("ec2").describe_vpcs()

    assert list(tmp_path.iterdir()) == []


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until_gone(pid: int, seconds: float) -> bool:
    """Poll until the process is gone; whether it went in time."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_answers_on_a_unix_socket_too(tmp_path: Path) -> None:
    """What was made over loopback is told over the socket: it is one cloud."""
    path = tmp_path / "cloud.sock"
    with Cloud.launch(path) as cloud:
        cloud.wait()
        cloud.session().client("logs").create_log_group(logGroupName="/here")
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(10)
            asking.connect(str(path))
            asking.sendall(
                b"POST / HTTP/1.1\r\nHost: logs.us-east-1.amazonaws.com\r\n"
                b"Authorization: AWS4-HMAC-SHA256 "
                b"Credential=lab/20260101/us-east-1/logs/aws4_request\r\n"
                b"X-Amz-Target: Logs_20140328.DescribeLogGroups\r\n"
                b"Content-Length: 2\r\nConnection: close\r\n\r\n{}"
            )
            said = b"".join(iter(lambda: asking.recv(4096), b""))
    assert said.startswith(b"HTTP/1.1 200 ")
    assert b"/here" in said

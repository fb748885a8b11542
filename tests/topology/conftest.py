"""An emulated AWS with two VPCs to read, and a server in front of it that can refuse."""

import os
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from aws_front import Answer, Front, running
from aws_worlds import World, answers_that_moto_lacks, make_world
from cluster_worlds import ClusterWorld, make_cluster_world


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Return the address of a moto server on loopback."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def world(moto_url: str) -> World:
    """Return what was made in the emulated us-east-1."""
    return make_world(moto_url)


@pytest.fixture(scope="session")
def cluster_world(moto_url: str) -> ClusterWorld:
    """Return the VPC with a cluster that was made in the emulated us-east-1."""
    return make_cluster_world(moto_url)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Clear the user's AWS and proxy variables, give dummy credentials, and lead to no AWS."""
    _isolate(monkeypatch, tmp_path)
    return monkeypatch


@pytest.fixture(scope="session")
def known() -> dict[tuple[str, bytes], Answer]:
    """Return where answers of the emulator are kept from test to test."""
    return {}


@pytest.fixture
def front(
    moto_url: str, aws: pytest.MonkeyPatch, known: dict[tuple[str, bytes], Answer]
) -> Iterator[Front]:
    """Run the server in front of moto; it answers what moto does not know."""
    with running(moto_url, known) as front:
        front.answers.update(answers_that_moto_lacks())
        aws.setenv("AWS_ENDPOINT_URL", front.url)
        yield front


@pytest.fixture(scope="session")
def shared_session(tmp_path_factory: pytest.TempPathFactory) -> boto3.Session:
    """Return a session that has EC2's megabyte of data already parsed."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        _isolate(monkeypatch, tmp_path_factory.mktemp("aws"))
        session = boto3.Session(region_name="us-east-1")
        session.client("ec2").close()
        return session


@pytest.fixture
def session(shared_session: boto3.Session, aws: pytest.MonkeyPatch) -> boto3.Session:
    """Return a session of the dummy credentials, in the environment that ``aws`` made."""
    del aws
    return shared_session


def _isolate(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # A test that forgets its server must fail on loopback, and not ask the real AWS.
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

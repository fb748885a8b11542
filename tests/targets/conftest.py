"""An emulated CloudWatch Logs for all tests of a worker, emptied for each."""

from collections.abc import Iterator

import pytest
from logs_cloud import LogsCloud

from pytest_ecs_privatelink.lab.cloud import Cloud


@pytest.fixture(scope="session")
def emulator() -> Iterator[str]:
    """Run an emulated AWS and return its address."""
    with Cloud.launch() as cloud:
        cloud.wait()
        yield cloud.endpoint


@pytest.fixture
def logs(emulator: str) -> LogsCloud:
    """Return it with one log group, in which somebody else's stream is."""
    cloud = LogsCloud(emulator, "/ecs/app")
    cloud.empty()
    cloud.client.create_log_group(logGroupName=cloud.group)
    cloud.client.create_log_stream(logGroupName=cloud.group, logStreamName="app/web/1")
    return cloud

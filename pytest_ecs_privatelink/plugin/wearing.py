"""What tasks and container instances wear: as the options say, else as the snapshot shows."""

from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import LaunchType


def wearers_of(settings: Settings, snapshot: Snapshot) -> Wearers:
    """Return the security groups by launch type; None where nobody knows."""
    del snapshot  # a cluster's own evidence is not looked at yet
    return {
        LaunchType.FARGATE: settings.security_groups or None,
        LaunchType.EC2: settings.instance_security_groups or None,
    }

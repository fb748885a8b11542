"""What tasks and container instances wear: as the options say, else as the snapshot shows."""

from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.evidence import Worn, worn_by
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import LaunchType


def wearers_of(settings: Settings, snapshot: Snapshot) -> Wearers:
    """Return the security groups by launch type; None where nobody knows.

    Where ECS services wear different sets, it is the first one's: see `others_worn`.
    """
    return {
        launch_type: _named(settings, launch_type) or _first(worn_by(snapshot, launch_type))
        for launch_type in LaunchType
    }


def others_worn(
    settings: Settings, snapshot: Snapshot, launch_type: LaunchType
) -> tuple[Worn, ...]:
    """Return the sets that the cluster shows besides the one in `wearers_of`."""
    return () if _named(settings, launch_type) else worn_by(snapshot, launch_type)[1:]


def _named(settings: Settings, launch_type: LaunchType) -> tuple[str, ...]:
    if launch_type is LaunchType.FARGATE:
        return settings.security_groups
    return settings.instance_security_groups


def _first(worn: tuple[Worn, ...]) -> tuple[str, ...] | None:
    return worn[0].groups if worn else None

"""What the VPC must offer in this run: for which launch types, and which endpoint services."""

from pytest_ecs_privatelink.catalogue.requirements import Requirement, derive_requirements
from pytest_ecs_privatelink.catalogue.rules import Features
from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.errors import SettingsError
from pytest_ecs_privatelink.plugin.settings import Settings
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Snapshot
from pytest_ecs_privatelink.verdict import LaunchType

_EC2_SERVICES = ("ecs", "ecs-agent", "ecs-telemetry")


def usual_launch_types(snapshot: Snapshot) -> tuple[LaunchType, ...]:
    """Return those to prove where nobody and no cluster says: EC2 by its endpoints."""
    if any(endpoints_for(snapshot, service) for service in _EC2_SERVICES):
        return (LaunchType.FARGATE, LaunchType.EC2)
    return (LaunchType.FARGATE,)


def requirements_of(
    settings: Settings,
    snapshot: Snapshot,
    launch_types: tuple[LaunchType, ...],
    features: Features,
) -> tuple[Requirement, ...]:
    """Return what must exist; `SettingsError` where ``--ecs-need`` names no endpoint service."""
    try:
        return derive_requirements(
            region=snapshot.region,
            launch_types=launch_types,
            features=features,
            existing=existing(snapshot),
            only=settings.need or None,
        )
    except ValueError as error:
        raise SettingsError(f"--ecs-need: {error}") from None


def existing(snapshot: Snapshot) -> frozenset[str]:
    """Return the endpoint services that have an endpoint."""
    return frozenset(service for service in SERVICES if endpoints_for(snapshot, service))

"""Hosted zones called after a service where the name that ECS dials has other labels."""

from pytest_ecs_privatelink.audits.elsewhere import labels
from pytest_ecs_privatelink.catalogue.partitions import partition_of
from pytest_ecs_privatelink.catalogue.services import private_dns_names
from pytest_ecs_privatelink.topology.model import HostedZone, Snapshot


def right_apex(snapshot: Snapshot, service: str) -> str:
    """Return the name of the hosted zone that the service's private names lie in."""
    return private_dns_names(service, snapshot.region)[0].removeprefix("*.")


def lookalike(snapshot: Snapshot, service: str) -> HostedZone | None:
    """Return a zone such as ``ecr.api.REGION.amazonaws.com``, or None.

    The endpoint's *service* is called ``ecr.api``, its host ``api.ecr``: a zone of the former name
    is never asked (awslabs/landing-zone-accelerator-on-aws#173).
    """
    wrong = labels(f"{service}.{snapshot.region}.{partition_of(snapshot.region).dns_suffix}")
    if wrong == labels(right_apex(snapshot, service)):
        return None
    zones = (zone for zone in snapshot.hosted_zones or () if labels(zone.name) == wrong)
    return next(zones, None)

"""What is tested of an endpoint service: its endpoint, and the names that ECS dials."""

from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.catalogue.services import host_names
from pytest_ecs_privatelink.claims.terms import ServiceUnderTest
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, EndpointType, Snapshot


def service_under_test(
    requirement: Requirement, snapshot: Snapshot, registries: tuple[str, ...]
) -> ServiceUnderTest:
    """Return what is tested because of ``requirement``; ``registries`` are account ids of ECR's."""
    service = requirement.service
    return ServiceUnderTest(
        service=service,
        need=requirement.need,
        launch_types=requirement.launch_types,
        because=requirement.because,
        endpoint=_endpoint(snapshot, service),
        names=host_names(service, snapshot.region, registries),
    )


def _endpoint(snapshot: Snapshot, service: str) -> str | None:
    """Return the endpoint that tasks use: the gateway where S3 has one (R5), else what serves."""
    endpoints = endpoints_for(snapshot, service)
    return min(endpoints, key=_rank).id if endpoints else None


def _rank(endpoint: Endpoint) -> tuple[bool, bool, str]:
    serves = endpoint.private_dns and endpoint.state == "available"
    return endpoint.type is not EndpointType.GATEWAY, not serves, endpoint.id

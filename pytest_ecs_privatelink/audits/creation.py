"""When the three ECS endpoints were created, as far as the API tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_ecs_privatelink.audits.ecs_endpoints import IN_ORDER
from pytest_ecs_privatelink.topology.lookup import endpoints_for
from pytest_ecs_privatelink.topology.model import Endpoint, Snapshot


@dataclass(frozen=True, slots=True)
class Created:
    """An endpoint of one of the three services and when it was created, in UTC."""

    service: str
    endpoint: Endpoint
    time: datetime


def created_ecs_endpoints(snapshot: Snapshot) -> tuple[Created, ...]:
    """Return the first endpoint of each of the three, in R17's order.

    A service is left out that has none, or one whose time of creation is not known.
    """
    return tuple(
        min(found, key=lambda each: (each.time, each.endpoint.id))
        for service in IN_ORDER
        if (found := tuple(_created(snapshot, service)))
    )


def _created(snapshot: Snapshot, service: str) -> Iterator[Created]:
    for endpoint in endpoints_for(snapshot, service):
        if (time := moment(endpoint.created)) is not None:
            yield Created(service, endpoint, time)


def moment(text: str | None) -> datetime | None:
    """Return the time that RFC 3339 ``text`` says, or None where it says none."""
    try:
        time = datetime.fromisoformat(text or "")
        return None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None

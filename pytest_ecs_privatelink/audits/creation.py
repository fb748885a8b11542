"""When the three ECS endpoints were created, as far as the API tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_ecs_privatelink.audits.ecs_endpoints import IN_ORDER
from pytest_ecs_privatelink.catalogue.agents import REMEMBERED
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


def remembered(snapshot: Snapshot) -> tuple[Created, ...]:
    """Return those of them that are so young that agents may not have heard of them yet."""
    taken = moment(snapshot.taken)
    made = created_ecs_endpoints(snapshot)
    return tuple(each for each in made if taken and taken - each.time < REMEMBERED)


def disordered(endpoints: tuple[Created, ...]) -> bool:
    """Return whether all three were created, and in another order than R17 wants."""
    times = [each.time for each in endpoints]
    return len(endpoints) == len(IN_ORDER) and times != sorted(times)


def order_of(endpoints: tuple[Created, ...]) -> str:
    """Return the services in the order in which their endpoints were created."""
    return ", ".join(each.service for each in sorted(endpoints, key=lambda each: each.time))


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

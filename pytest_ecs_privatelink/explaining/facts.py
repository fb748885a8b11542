"""What is known of the task besides ECS's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from pytest_ecs_privatelink.catalogue.services import service_name
from pytest_ecs_privatelink.stopped.hosts import asked_host, region_of, registry_of
from pytest_ecs_privatelink.stopped.records import Explanation


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    """A task's surroundings; None is what nobody could tell.

    ``ranges`` are the CIDR blocks of its VPC. ``log_group`` is the one that all of its containers
    name, ``role`` the name of its execution role.
    """

    task: str | None = None
    cluster: str | None = None
    region: str | None = None
    ecs_service: str | None = None
    definition: str | None = None
    subnet: str | None = None
    vpc: str | None = None
    role: str | None = None
    log_group: str | None = None
    ranges: tuple[str, ...] = ()


def facts_of_text(text: str, region: str | None) -> TaskFacts:
    """Return what ``text`` alone tells: the Region of a host that was asked."""
    host = asked_host(text) or registry_of(text)
    return TaskFacts(region=region or (region_of(host) if host else None))


def words_of(facts: TaskFacts, found: Explanation) -> Mapping[str, str]:
    """Return what commands may name, by the names that their templates use."""
    known = {
        "task": facts.task,
        "cluster": facts.cluster,
        "region": facts.region,
        "ecs_service": facts.ecs_service,
        "definition": facts.definition,
        "subnet": facts.subnet,
        "vpc": facts.vpc,
        "role": facts.role,
        "log_group": facts.log_group,
        "endpoint_service": service_name(found.service, facts.region)
        if found.service and facts.region
        else None,
    }
    return {name: value for name, value in known.items() if value}

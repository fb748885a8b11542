"""Where hosted zones lead ECS's names to outside the VPC: a hub's endpoints."""

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_ecs_privatelink.audits.answering import FOREIGN, Answer, By, answers, under_test
from pytest_ecs_privatelink.audits.elsewhere import labels
from pytest_ecs_privatelink.audits.scene import Scene
from pytest_ecs_privatelink.catalogue.requirements import Requirement
from pytest_ecs_privatelink.topology.lookup import s3_prefix_list
from pytest_ecs_privatelink.topology.ranges import Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """A place that a hosted zone leads a service's name to.

    ``address`` is IPv4, or None where only the ``alias`` of another VPC's endpoint is known.
    """

    requirement: Requirement
    zone: str
    address: str | None = None
    alias: str | None = None

    @property
    def place(self) -> str:
        """The address, or the alias."""
        return self.address or str(self.alias)


def leads_of(scene: Scene) -> Iterator[Lead]:
    """Yield where hosted zones lead names of services under test to, outside this VPC."""
    told, snapshot = answers(scene), scene.snapshot
    own = {labels(name) for endpoint in snapshot.endpoints for name in endpoint.dns_names}
    ranges = s3_prefix_list(snapshot)
    s3 = Ranges.of(ranges.cidrs) if ranges else Ranges()
    for requirement in under_test(scene):
        inside = Ranges.of(snapshot.vpc.cidrs) | (s3 if requirement.service == "s3" else Ranges())
        for answer in told[requirement.service]:
            if answer.by is By.RECORD:
                yield from _led(answer, requirement, own, inside)


def _led(
    answer: Answer, requirement: Requirement, own: set[tuple[str, ...]], inside: Ranges
) -> Iterator[Lead]:
    assert answer.zone is not None
    for record in answer.records:
        alias = record.alias or (next(iter(record.values), "") if record.type == "CNAME" else None)
        if alias is not None:
            if FOREIGN in alias and labels(alias) not in own:
                yield Lead(requirement=requirement, zone=answer.zone.id, alias=alias)
        elif record.type == "A":
            for address in record.values:
                if address not in inside:
                    yield Lead(requirement=requirement, zone=answer.zone.id, address=address)

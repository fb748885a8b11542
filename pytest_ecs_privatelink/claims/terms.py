"""The terms on which cells are judged: what is known before a packet is sent."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pytest_ecs_privatelink.catalogue.requirements import Need
from pytest_ecs_privatelink.claims.errands import NOTHING, Errands
from pytest_ecs_privatelink.probes.agent_records import ConnectionAnswer, ConnectionQuestion
from pytest_ecs_privatelink.probes.records import Answer, Question
from pytest_ecs_privatelink.probes.task_records import InsideQuestion, TaskAnswer, TaskQuestion
from pytest_ecs_privatelink.topology.egress import Egress
from pytest_ecs_privatelink.topology.model import Snapshot, Subnet
from pytest_ecs_privatelink.topology.wearers import Wearers
from pytest_ecs_privatelink.verdict import Basis, Cell, Check, Code, LaunchType, Verdict

Asked = Question | ConnectionQuestion | TaskQuestion | InsideQuestion
Answered = Answer | ConnectionAnswer | TaskAnswer
Ask = Callable[[Asked], Awaitable[Answered]]
"""Puts a question to the cell's vantage; raises `VantageError` where it could not be put.

Whether agents are connected is asked of the broker, who asks the ECS API; so are one-off tasks.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUnderTest:
    """An endpoint service that gets cells: why, by which endpoint, under which host names."""

    service: str
    need: Need
    launch_types: tuple[LaunchType, ...]
    because: str
    endpoint: str | None
    names: tuple[str, ...]


# No slots: what is looked up is kept with it.
@dataclass(frozen=True, kw_only=True)
class Terms:
    """What every claim is judged by. ``resolvers`` are addresses, ``timeout`` is in seconds.

    ``wearers`` says which security groups each launch type's packets leave with, ``others`` which
    further sets do, where ECS services differ; ``ca_file`` is a PEM bundle that the vantages can
    read, None for their default trust; ``errands`` are what chain claims pull, write and fetch.
    """

    snapshot: Snapshot
    subnets: tuple[Subnet, ...]
    slugs: dict[str, str]
    egress: dict[str, Egress]
    services: tuple[ServiceUnderTest, ...]
    resolvers: tuple[str, ...]
    timeout: float
    basis: Basis = Basis.PROBED
    require_private: bool = False
    wearers: Wearers = field(default_factory=dict)
    others: Mapping[LaunchType, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    ca_file: str | None = None
    errands: Errands = NOTHING

    def service(self, name: str) -> ServiceUnderTest:
        """Return the endpoint service ``name``; `KeyError` where it is not under test."""
        return self._by_name[name]

    def launch_types(self, cell: Cell) -> tuple[LaunchType, ...]:
        """Return those that ``cell`` is about: a task's own, else its endpoint service's."""
        own = cell.launch_type
        return self.service(cell.service).launch_types if own is None else (own,)

    @cached_property
    def _by_name(self) -> dict[str, ServiceUnderTest]:
        return {each.service: each for each in self.services}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """Where a cell is probed from: how reports name the place, and the groups worn there.

    ``wearers`` says which of them are worn for whom, where the place dresses for each launch type;
    ``instances`` are the EC2 ids of the container instances that can be asked about themselves.
    """

    label: str
    groups: tuple[str, ...] | None
    wearers: dict[LaunchType, tuple[str, ...] | None] = field(default_factory=dict)
    instances: tuple[str, ...] = ()

    def worn(self, launch_type: LaunchType) -> tuple[str, ...] | None:
        """Return what is worn here when somebody of ``launch_type`` is stood in for."""
        return self.wearers.get(launch_type, self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One judged observation: what one answer says about one name, address or errand.

    ``subject`` is what an errand was about: an image, a log group, a reference to a secret;
    ``refused`` the action that a policy refused.
    """

    verdict: Verdict
    code: Code | None
    phase: str
    observed: str
    reason: str | None = None
    subject: str | None = None
    refused: str | None = None


WORST_FIRST = (Verdict.FAILED, Verdict.ERROR, Verdict.WARNED, Verdict.SKIPPED, Verdict.PASSED)
"""Which of several verdicts on one thing stands: the first of these."""


def worst(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """Return the readings of the gravest verdict present, in their order."""
    for verdict in WORST_FIRST:
        if chosen := tuple(reading for reading in readings if reading.verdict is verdict):
            return chosen
    return ()


def check_id(cell: Cell, slugs: dict[str, str]) -> str:
    """Return ``claim[subnet-service]``, the same in every run mode and folder."""
    return f"{cell.claim}[{slugs[cell.subnet]}-{cell.service}]"


def make_check(
    cell: Cell, terms: Terms, stand: Stand | None, readings: tuple[Reading, ...], expected: str
) -> Check:
    """Fold ``readings`` (at least one) into the check of ``cell``: the gravest decide."""
    chosen = worst(readings)
    first = chosen[0]
    return Check(
        id=check_id(cell, terms.slugs),
        claim=cell.claim,
        subnet=cell.subnet,
        service=cell.service if cell.launch_type is None else None,
        subject=first.subject,
        launch_types=terms.launch_types(cell),
        vantage=stand.label if stand else None,
        verdict=first.verdict,
        basis=terms.basis,
        code=first.code,
        phase=first.phase,
        expected=expected,
        observed="; ".join(dict.fromkeys(reading.observed for reading in chosen)),
        reason=first.reason,
    )

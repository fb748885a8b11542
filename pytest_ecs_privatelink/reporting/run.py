"""The record of a whole run: all that renderers take. Fields are named as in DESIGN section 6."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pytest_ecs_privatelink.verdict import (
    PROBED_CLAIMS,
    Basis,
    Cause,
    Check,
    LaunchType,
    Verdict,
)

_POSSIBLE = "possible"


class RunStatus(StrEnum):
    """How far a run came; ``NOT_STARTED`` is a set-up that failed, with its error."""

    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    NOT_STARTED = "not-started"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCounts:
    """How many of the selected cells of required and assumed endpoint services were probed."""

    required: int = 0
    probed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """The run itself. ``started`` is RFC 3339 in UTC; what a failed set-up never knew is None."""

    id: str
    started: str
    duration_s: float
    status: RunStatus
    error: str | None = None
    exit_code: int
    target: str
    vpc: str | None
    region: str | None
    partition: str | None
    launch_types: tuple[LaunchType, ...] = ()
    workers: int = 0
    api_calls: dict[str, int] = field(default_factory=dict)
    cells: CellCounts = CellCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubnetFacts:
    """A subnet under test; ``name`` is the slug that check ids use."""

    id: str
    name: str
    az: str
    cidr: str
    egress: str
    vantage: str | None = None
    vantage_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceFacts:
    """An endpoint service of the run; ``need`` is ``required``, ``assumed`` or ``possible``."""

    service: str
    need: str
    launch_types: tuple[LaunchType, ...]
    because: str
    endpoint: str | None
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Everything about one run; ``nodeids`` gives the test that made a check, by check id."""

    facts: RunFacts
    subnets: tuple[SubnetFacts, ...] = ()
    services: tuple[ServiceFacts, ...] = ()
    checks: tuple[Check, ...] = ()
    causes: tuple[Cause, ...] = ()
    nodeids: Mapping[str, str] = field(default_factory=dict)


def is_judged(check: Check) -> bool:
    """Return whether ``check`` is a probed claim that packets (dry ones, too) decided."""
    looked = check.verdict.holds or check.verdict is Verdict.FAILED
    return check.claim in PROBED_CLAIMS and looked and check.basis is not Basis.DERIVED


def count_cells(checks: Iterable[Check], services: Iterable[ServiceFacts]) -> CellCounts:
    """Count the cells of ``checks`` whose endpoint service is more than possible."""
    possible = {each.service for each in services if each.need == _POSSIBLE}
    required = [
        check for check in checks if check.claim in PROBED_CLAIMS and check.service not in possible
    ]
    return CellCounts(required=len(required), probed=sum(map(is_judged, required)))

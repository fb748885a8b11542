"""Readings of one container instance's agent: each names its instance."""

from dataclasses import dataclass

from pytest_ecs_privatelink.claims.terms import Reading, Terms
from pytest_ecs_privatelink.topology.cluster import ContainerInstance
from pytest_ecs_privatelink.topology.instances import name_of
from pytest_ecs_privatelink.verdict import Cell, Code, Verdict


@dataclass(frozen=True, slots=True)
class Subject:
    """The instance that is judged, as the snapshot knows it, and on which terms."""

    instance: ContainerInstance
    cell: Cell
    terms: Terms

    @property
    def name(self) -> str:
        """What people call it."""
        return name_of(self.instance)


def reading_of(
    subject: Subject, verdict: Verdict, code: Code | None, phase: str, observed: str
) -> Reading:
    """Return what was observed of the instance; what is no verdict has it for a reason, too."""
    text = f"{subject.name}: {observed}"
    unjudged = verdict in (Verdict.ERROR, Verdict.SKIPPED)
    return Reading(
        verdict=verdict,
        code=code,
        phase=phase,
        observed=text,
        reason=text if unjudged else None,
        subject=subject.name,
    )


def good(subject: Subject, phase: str, observed: str) -> Reading:
    """Return a part of the sentence on an agent that is well; it names no instance yet."""
    return Reading(
        verdict=Verdict.PASSED, code=None, phase=phase, observed=observed, subject=subject.name
    )


def could_not_look(subject: Subject, why: str) -> Reading:
    """Return the reading of an instance that did not answer as itself."""
    return reading_of(subject, Verdict.ERROR, None, "agent", why)

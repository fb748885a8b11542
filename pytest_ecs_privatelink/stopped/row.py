"""What a row of the tables of ECS's words holds."""

from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.stopped.records import Phase
from pytest_ecs_privatelink.verdict import Code


class Kind(StrEnum):
    """What the words of a row tell by themselves.

    ``STEP``: which step failed; how it did is in other words of the text, and where there are none
    nobody knows. ``WHOLE``: step and reason. ``VAGUE``: only that the task ended.
    """

    STEP = "step"
    WHOLE = "whole"
    VAGUE = "vague"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Words that ECS uses, and what they mean.

    ``seen`` is a regular expression for them. ``service`` is the endpoint service that the step
    calls; a host in the text is believed instead if it is of its FIPS sibling, or if the step
    ``pulls``: then it may be anybody's registry. ``own`` is the code where the text does not say at
    which step of the network it broke, ``denied`` where a policy refused; of a `Kind.WHOLE` that is
    a refusal, ``refused`` is what refuses where AWS does not name it. ``source`` says where the
    words were met: numbers are those of the table in FACTS section 4.1.
    """

    id: str
    kind: Kind = Kind.STEP
    seen: str
    phase: Phase
    service: str | None = None
    own: Code | None = None
    denied: Code | None = None
    network: bool = False
    pulls: bool = False
    refused: Denier | None = None
    says: str
    advice: str = ""
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Words for how a connection failed; ``code`` None: they do not say at which step of it.

    ``says`` may name ``{name}`` and ``{address}``; ``by_place``: what it means depends on whether
    the address is private. ``silent``: nothing was answered, for which the step may know what to
    look at better than ``advice`` does.
    """

    id: str
    seen: str
    code: Code | None
    says: str
    advice: str
    by_place: bool = False
    silent: bool = False
    source: str

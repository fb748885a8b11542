"""What the words of a stopped task come down to."""

from dataclasses import dataclass
from enum import StrEnum

from pytest_ecs_privatelink.probes.call_records import Denier
from pytest_ecs_privatelink.verdict import Code


class Phase(StrEnum):
    """The step of a task's start at which it stopped, in their order."""

    PLACEMENT = "placement"
    INTERFACE = "network interface"
    AUTH = "registry auth"
    SECRETS = "secrets"
    ENV_FILES = "environment files"
    LOGS = "logs"
    VOLUMES = "volumes"
    PULL = "image pull"
    START = "container start"
    RUN = "run"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What one text means. ``known`` False: nobody has seen such a text; ``sentence`` says so.

    ``service`` is the endpoint service whose path or policy it was, None where it was none.
    ``code`` is the code that a probe would have given (``tcp-timeout``, ``ecr-layer``), None where
    nothing of this tool's is to blame. ``address`` is the one that was dialled, ``private`` whether
    it is an address of a private range (None: no address said). ``text`` is ECS's, whole.
    """

    known: bool
    phase: Phase
    service: str | None
    code: Code | None
    sentence: str
    advice: str
    network: bool = False
    denied_by: Denier | None = None
    action: str | None = None
    address: str | None = None
    private: bool | None = None
    text: str = ""
    row: str | None = None

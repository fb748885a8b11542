"""Many questions for one host in one parcel, and what they brought. Travels to hosts."""

from dataclasses import dataclass, field

from pytest_ecs_privatelink.probes.call_records import Credentials
from pytest_ecs_privatelink.probes.records import Answer, ConnectQuestion, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a host is asked in one round trip.

    ``then_dial`` says by name what to dial once the name is resolved: each address that any of the
    DNS questions for it brings takes the place of the question's own. ``trust`` is a PEM bundle to
    use wherever a question names a file (None: the host's own trust). ``credentials`` None: calls
    are signed with what the host's own role gives. ``deadline`` (seconds) bounds all together.
    """

    questions: tuple[Question, ...]
    then_dial: dict[str, ConnectQuestion] = field(default_factory=dict)
    trust: str | None = None
    credentials: Credentials | None = None
    deadline: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What came back: ``pairs`` of questions (as they were asked) and answers.

    ``missing`` says of questions why they have no answer (the deadline, no credentials).
    ``python`` is the version that the host ran it with.
    """

    pairs: tuple[tuple[Question, Answer], ...]
    missing: tuple[tuple[Question, str], ...] = ()
    python: str = ""

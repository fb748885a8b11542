"""What the kinds of questions are called between processes, and how long they may take."""

from pytest_ecs_privatelink.probes.agent_records import AgentAnswer, AgentQuestion
from pytest_ecs_privatelink.probes.call_records import (
    LogAnswer,
    LogQuestion,
    PullAnswer,
    PullQuestion,
    SecretAnswer,
    SecretQuestion,
)
from pytest_ecs_privatelink.probes.records import (
    Answer,
    ConnectAnswer,
    ConnectQuestion,
    DnsAnswer,
    DnsQuestion,
    Question,
)

QUESTIONS: dict[str, type[Question]] = {
    "dns": DnsQuestion,
    "connect": ConnectQuestion,
    "pull": PullQuestion,
    "log": LogQuestion,
    "secret": SecretQuestion,
    "agent": AgentQuestion,
}
ANSWERS: dict[str, type[Answer]] = {
    "dns": DnsAnswer,
    "connect": ConnectAnswer,
    "pull": PullAnswer,
    "log": LogAnswer,
    "secret": SecretAnswer,
    "agent": AgentAnswer,
}
_NAMES = {kind: name for name, kind in QUESTIONS.items()}

# Calls have steps and attempts, each with a deadline of its own, and backoff between them.
_MOST_STEPS, _BACKOFF_S = 30, 60.0
_SLOWEST_PULL = 1 << 20  # bytes a second: an honest line that is slower than this is too slow


def name_of(question: Question) -> str:
    """Return what the kind of ``question`` is called."""
    return _NAMES[type(question)]


def longest(question: Question) -> float:
    """Return the seconds that ``question`` can honestly take; only what hangs takes longer."""
    if isinstance(question, (DnsQuestion, ConnectQuestion)):
        return question.timeout
    steps = question.timeout * _MOST_STEPS + _BACKOFF_S
    if isinstance(question, PullQuestion):
        return steps + question.limit / _SLOWEST_PULL
    return steps + question.patience if isinstance(question, LogQuestion) else steps

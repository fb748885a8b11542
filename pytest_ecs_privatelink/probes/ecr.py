"""Pull an image as ECS does."""

from pytest_ecs_privatelink.probes.call_records import (
    CallStatus,
    Link,
    Outcome,
    PullAnswer,
    PullQuestion,
)
from pytest_ecs_privatelink.probes.signing import Sign
from pytest_ecs_privatelink.probes.wire import Wire


def pull(question: PullQuestion, wire: Wire, sign: Sign) -> PullAnswer:  # noqa: ARG001
    """Do what ``question`` asks; see `PullQuestion`."""
    outcome = Outcome(status=CallStatus.FAILED, link=Link.AUTH, detail="pulls are not made yet")
    return PullAnswer(image=question.image, outcome=outcome)

"""What a task's death says of the VPC, and which ends say nothing of it; messages word for word."""

import pytest
from task_worlds import ScriptedTask, died, started

from pytest_ecs_privatelink.claims.task_start import sentence_in, words_in
from pytest_ecs_privatelink.probes.task_records import OWN_DEFINITION, StoppedContainer
from pytest_ecs_privatelink.verdict import Check, Code, Verdict

FAILED, ERROR = Verdict.FAILED, Verdict.ERROR
NO_TOKEN = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 "
    "time(s): RequestError: send request failed caused by: Post "
    '"https://api.ecr.us-east-1.amazonaws.com/": dial tcp 20.10.1.10:443: i/o timeout. Please '
    "check your task network configuration."
)


def outcome(check: Check) -> tuple[Verdict, Code | None, str | None]:
    """Return verdict, code and subject."""
    return check.verdict, check.code, check.subject


def test_a_death_is_explained_and_ecs_is_quoted() -> None:
    """The sentence, then ECS's words whole on one line; phase and service are the explanation's."""
    check = started(ScriptedTask(died(NO_TOKEN.replace(" ", "  ", 1)), lost="the task died"))

    assert outcome(check) == (FAILED, Code.TASK_FAILED_TO_START, "ecr.api")
    assert check.phase == "registry auth"
    assert words_in(check.observed) == NO_TOKEN
    assert sentence_in(check.observed)
    assert "\n" not in check.observed


@pytest.mark.parametrize(
    "words",
    [
        "Capacity is unavailable at this time. Please try again later",
        "Timeout waiting for network interface provisioning to complete.",
        "Unexpected EC2 error while attempting to create network interface in subnet 'subnet-1': "
        "RequestLimitExceeded",
    ],
)
def test_a_start_that_aws_had_no_room_for_is_no_failure(words: str) -> None:
    """It says nothing of the VPC, and the next run may find it otherwise."""
    check = started(ScriptedTask(died(words), lost="the task died"))
    assert (check.verdict, check.code) == (ERROR, None)
    assert check.reason is not None
    assert check.reason.startswith("AWS had no room for the task: ")
    assert check.reason.endswith(words)


def test_what_signs_a_request_is_not_quoted() -> None:
    """ECS quotes the URLs of layers, which are signed."""
    signed = (
        'CannotPullContainerError: failed to do request: Get "https://prod-us-east-1-starport-layer-'
        'bucket.s3.us-east-1.amazonaws.com/a?X-Amz-Signature=abc123&X-Amz-Date=1": dial tcp '
        "52.216.0.1:443: i/o timeout"
    )
    check = started(ScriptedTask(died(signed), lost="the task died"))
    assert "X-Amz" not in check.observed
    assert '/a?..."' in check.observed


@pytest.mark.parametrize(
    "container",
    [
        StoppedContainer(name="probe", exit_code=127),
        StoppedContainer(name="probe", reason='exec: "sh": executable file not found in $PATH'),
    ],
)
def test_an_image_without_python_is_no_broken_path(container: StoppedContainer) -> None:
    """The tool cannot look there; nothing is said of the VPC."""
    answer = died("Essential container in task exited", "EssentialContainerExited", container)
    check = started(ScriptedTask(answer, lost="the task died"))
    assert check.verdict is ERROR
    assert check.reason is not None
    assert check.reason.startswith("the image has no Python 3: Essential container in task exited")


def test_a_user_s_own_command_that_is_missing_is_not_taken_for_our_python() -> None:
    """Their task does not start, which is theirs to mend; nobody looked for Python there."""
    said = 'CannotStartContainerError: exec: "app": executable file not found in $PATH'
    answer = died("Task failed to start", container=StoppedContainer(name="app", reason=said))
    check = started(ScriptedTask(answer, lost=OWN_DEFINITION))
    assert outcome(check) == (FAILED, Code.TASK_FAILED_TO_START, None)
    assert sentence_in(check.observed) == (
        "the image was pulled, and has no such command: it is not the network"
    )


@pytest.mark.parametrize("code", ["UserInitiated", "SpotInterruption", "TerminationNotice"])
def test_a_task_that_others_stopped_is_no_failure(code: str) -> None:
    """Spot may take it away at any time."""
    check = started(ScriptedTask(died("Your Spot Task was interrupted.", code), lost="gone"))
    assert check.verdict is ERROR
    assert check.reason == (
        f"the task was stopped by others ({code}): Your Spot Task was interrupted."
    )


def test_a_program_that_failed_is_no_failure_to_start() -> None:
    """The task did start: what ended it is told, and it proves nothing."""
    container = StoppedContainer(name="probe", exit_code=3)
    answer = died("Essential container in task exited", "EssentialContainerExited", container)
    check = started(ScriptedTask(answer, lost="the task died"))
    assert check.verdict is ERROR
    assert check.reason == (
        "the task started, and container probe ended with exit code 3: "
        "Essential container in task exited"
    )

"""A task's death has one cause: the finding that its last words fit, else what it says itself."""

from dataclasses import replace

import pytest
import red_worlds as world

from pytest_ecs_privatelink.diagnosis.causes import rank_causes, suspect
from pytest_ecs_privatelink.verdict import (
    Cell,
    Check,
    Claim,
    Code,
    LaunchType,
    Verdict,
    task_cell,
)

FAILED, WARNED, PASSED = Verdict.FAILED, Verdict.WARNED, Verdict.PASSED
FARGATE, EC2 = LaunchType.FARGATE, LaunchType.EC2
A = "subnet-a"
WORDS = (
    "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon "
    "CloudWatch log group defined in the task definition. There is a connection issue between the "
    "task and Amazon CloudWatch. Check your network configuration. : signal: killed"
)
FORBIDDEN = (
    "CannotPullContainerError: httpReadSeeker: failed open: unexpected status code "
    "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/a: 403 Forbidden"
)
MISSING = (
    "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve "
    "ref 111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:9: not found"
)
ARN = "arn:aws:ecs:eu-west-1:111122223333:task/live/0123456789abcdef"


def task(
    verdict: Verdict,
    service: str | None = None,
    code: Code | None = Code.TASK_FAILED_TO_START,
    subnet: str = A,
    kind: LaunchType = FARGATE,
    phase: str = "logs",
    words: str = WORDS,
) -> Check:
    """Return the check of a task that ended at an endpoint service, in ECS's ``words``."""
    made = world.check(Cell(Claim.TASK_START, subnet, str(kind)), verdict, code)
    return replace(
        made,
        service=None,
        subject=service,
        launch_types=(kind,),
        phase=phase,
        vantage=f"task:{ARN}",
        observed=f"the log group was not found in time; ECS says: {words}",
    )


def blocking(service: str, *kinds: LaunchType) -> tuple[Cell, ...]:
    """Return the cells that a finding about a path blocks in private-a, tasks included."""
    paths = world.cells(subnets=(A,), services=(service,))
    return (*paths, *(task_cell(A, kind) for kind in kinds or (FARGATE,)))


def test_a_death_alone_is_due_to_the_finding_at_its_service() -> None:
    """No path was probed: of two findings that block the task, its words fit one."""
    findings = (
        world.finding(Code.ENDPOINT_MISSING, "ecr.api", blocking("ecr.api")),
        world.finding(Code.NACL_BLOCKS, "acl-logs", blocking("logs")),
    )
    dead = task(FAILED, "logs")

    causes = rank_causes((dead,), findings, world.ground())

    assert {each.code: each.explains for each in causes} == {
        Code.NACL_BLOCKS: (dead.id,),
        Code.ENDPOINT_MISSING: (),
    }
    assert causes[0].code is Code.NACL_BLOCKS
    assert suspect(dead, findings) == findings[1]


def test_a_chains_finding_explains_a_death_on_its_way() -> None:
    """A policy of the S3 gateway blocks pulls, of which the layers are S3's."""
    pull = Cell(Claim.ECR_PULL, A, "ecr.dkr")
    held = world.finding(Code.S3_GATEWAY_POLICY, "vpce-s3", (pull, task_cell(A, FARGATE)))
    assert suspect(task(FAILED, "s3", phase="image pull", words=FORBIDDEN), (held,)) == held
    assert suspect(task(FAILED, "logs"), (held,)) is None


@pytest.mark.parametrize(
    ("words", "by_path", "by_policy"),
    [
        (MISSING, False, False),
        ("CannotPullContainerError: toomanyrequests: You have reached your limit", False, False),
        (FORBIDDEN, False, True),
        ("CannotPullContainerError: dial tcp 20.10.1.9:443: i/o timeout", True, False),
        ("CannotPullContainerError: AccessDenied", False, True),
        (
            "CannotPullContainerError: User: x is not authorized to perform: ecr:BatchGetImage "
            "because no identity-based policy allows the ecr:BatchGetImage action",
            False,
            False,
        ),
        ("words that nobody has seen", True, True),
    ],
)
def test_what_was_answered_had_a_path(words: str, by_path: bool, by_policy: bool) -> None:
    """What is not there is due to no path and no endpoint's policy; a refusal to no path."""
    dead = task(FAILED, "ecr.dkr", phase="image pull", words=words)
    path = world.finding(Code.NACL_BLOCKS, "acl-1", blocking("ecr.dkr"))
    pull = Cell(Claim.ECR_PULL, A, "ecr.dkr")
    policy = world.finding(Code.ENDPOINT_POLICY_DENIES, "vpce-1", (pull, task_cell(A, FARGATE)))

    assert (suspect(dead, (path,)) == path) is by_path
    assert (suspect(dead, (policy,)) == policy) is by_policy


@pytest.mark.parametrize(
    ("code", "phase", "fits"),
    [
        (Code.SUBNET_ADDRESSES_EXHAUSTED, "network interface", True),
        (Code.SUBNET_ADDRESSES_EXHAUSTED, "image pull", False),
        (Code.EFS_MOUNT_UNREACHABLE, "volumes", True),
        (Code.EFS_MOUNT_UNREACHABLE, "logs", False),
        (Code.ENV_FILE_BUCKET_DENIED, "environment files", True),
        (Code.CROSS_REGION_LOGS, "logs", True),
        (Code.IMAGE_REGISTRY_PUBLIC, "image pull", True),
    ],
)
def test_what_blocks_no_path_has_its_own_step(code: Code, phase: str, fits: bool) -> None:
    """A file system that cannot be mounted does not explain an image that does not come."""
    held = world.finding(code, "it", (task_cell(A, FARGATE),))
    assert (suspect(task(FAILED, None, phase=phase), (held,)) == held) is fits


def test_words_that_nobody_knows_may_mean_any_finding() -> None:
    """Then what blocks the task is the likeliest."""
    cells = blocking("ecr.api")
    held = world.finding(Code.ENDPOINT_MISSING, "ecr.api", cells)
    assert suspect(task(FAILED, None, phase="unknown"), (held,)) == held
    assert suspect(task(FAILED, None, phase="placement"), (held,)) is None


def test_a_death_follows_the_path_where_it_ended() -> None:
    """One break is one cause, told by the path's code."""
    broken = replace(
        world.check(Cell(world.TCP, A, "logs"), FAILED, Code.TCP_TIMEOUT),
        launch_types=(FARGATE, EC2),
    )
    dead = task(FAILED, "logs")
    (cause,) = rank_causes((broken, dead), (), world.ground())
    assert (cause.code, cause.explains) == (Code.TCP_TIMEOUT, (dead.id, broken.id))


def test_a_death_follows_the_chain_that_ended_there() -> None:
    """Paths are open: what the chain met is what the task died of."""
    refused = replace(
        world.check(Cell(Claim.ECR_PULL, A, "ecr.dkr"), FAILED, Code.ECR_LAYER),
        launch_types=(FARGATE,),
    )
    dead = task(FAILED, "s3", phase="image pull")
    (cause,) = rank_causes((refused, dead), (), world.ground())
    assert (cause.code, len(cause.explains)) == (Code.ECR_LAYER, 2)


def test_a_death_follows_no_path_of_another_launch_type() -> None:
    """What only container instances cannot reach did not stop a Fargate task."""
    broken = replace(
        world.check(Cell(world.TCP, A, "logs"), FAILED, Code.TCP_TIMEOUT), launch_types=(EC2,)
    )
    causes = rank_causes((broken, task(FAILED, "logs")), (), world.ground())
    assert {each.code for each in causes} == {Code.TCP_TIMEOUT, Code.TASK_FAILED_TO_START}


def test_a_death_without_a_finding_is_told_in_its_own_words() -> None:
    """All tasks died alike: one cause, with the command that asks ECS and the one that explains."""
    dead = tuple(
        task(FAILED, "logs", subnet=each, kind=kind)
        for each in world.SUBNETS
        for kind in LaunchType
    )
    (cause,) = rank_causes(dead, (), world.ground())
    assert (cause.code, cause.subject) == (Code.TASK_FAILED_TO_START, "vpce-logs")
    assert cause.summary.startswith(
        "tasks in private-a, private-b, private-c do not start: the log group was not found in "
        "time; "
    )
    assert cause.remedy.cli == (
        f"aws ecs describe-tasks --cluster live --tasks {ARN} --region eu-west-1",
        f"python -m pytest_ecs_privatelink explain --task {ARN}",
    )
    assert len(cause.explains) == 6


def test_a_death_that_nobody_understands_is_a_cause_too() -> None:
    """No endpoint service is known: the subnets share it, and nothing is guessed."""
    dead = tuple(task(FAILED, None, subnet=each, phase="image pull") for each in world.SUBNETS)
    (cause,) = rank_causes(dead, (), world.ground())
    assert (cause.code, cause.subject) == (Code.TASK_FAILED_TO_START, "vpc-1")
    assert len(cause.explains) == 3


def test_tasks_that_pass_disprove_no_finding_about_paths() -> None:
    """Paths do; a finding about no path is about other tasks, too, and stays."""
    fine = task(PASSED, code=None)
    cells = blocking("logs")
    held = world.finding(Code.ENDPOINT_MISSING, "logs", cells)
    (cause,) = rank_causes((fine,), (held,), world.ground())
    assert cause.code is Code.ENDPOINT_MISSING

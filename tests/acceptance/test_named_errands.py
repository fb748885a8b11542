"""What options name is looked for: a slip of the pen is red, and the cause shows it."""

import pytest
from lab_runs import Runs

REGISTRY = "dkr.ecr.us-east-1.amazonaws.com"
SLIPS = {
    "another account": (
        ("--ecs-claims=ecr-pull", f"--ecs-image=999999999999.{REGISTRY}/lab/app:latest"),
        f"get no manifest of 999999999999.{REGISTRY}/lab/app:latest: ecr:BatchGetImage was refused "
        "by a resource-based policy; look at the policy of the resource itself;",
        "aws ecr get-repository-policy --registry-id 999999999999 --repository-name lab/app",
    ),
    "another tag": (
        ("--ecs-claims=ecr-pull", f"--ecs-image=123456789012.{REGISTRY}/lab/app:latst"),
        f"the registry has no 123456789012.{REGISTRY}/lab/app:latst:",
        "aws ecr list-images --registry-id 123456789012 --repository-name lab/app",
    ),
    "another secret": (
        ("--ecs-claims=secret", "--ecs-secret=lab/app/tokn"),
        "secretsmanager has no lab/app/tokn:",
        "aws secretsmanager list-secrets --filters Key=name,Values=lab/app/",
    ),
}


@pytest.mark.parametrize(("arguments", "summary", "command"), SLIPS.values(), ids=SLIPS)
def test_a_slip_of_the_pen_is_named(
    runs: Runs, arguments: tuple[str, ...], summary: str, command: str
) -> None:
    """One cause, in words of what is wrong with the name, and the command that lists the others."""
    told = runs("--ecs-lab", *arguments)

    assert told.code == 1
    (cause,) = told.report["causes"]
    assert summary in f"{cause['summary']};"
    assert cause["remedy"]["cli"][0] == f"{command} --region us-east-1"

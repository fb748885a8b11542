"""What a run says of a task's start: each step, from where it came, and how much it was."""

import re

import pytest
from lab_runs import Runs

_LAYERS = r"layer prod-us-east-1-starport-layer-bucket\.s3\.us-east-1\.amazonaws\.com"
OBSERVED = {
    "ecr-pull[private-b-ecr.dkr]": (
        r"123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com/lab/app:latest: "
        r"5 layers, \d{7} bytes, sha256:[0-9a-f]{64}; "
        r"auth api\.ecr\.us-east-1\.amazonaws\.com at ENDPOINT: 200, \d+ bytes in MS; "
        r"manifest 123456789012\.dkr\.ecr\.us-east-1\.amazonaws\.com at ENDPOINT: "
        r"200, 307, \d+ bytes in MS; "
        rf"{_LAYERS} at (?:3\.5|52\.216|54\.231)\.0\.1: 200, \d{{7}} bytes in MS"
    ),
    "awslogs[private-b-logs]": (
        r"log group /ecs/lab: an event was accepted, shown after \d+ ms; "
        r"stream logs\.us-east-1\.amazonaws\.com at ENDPOINT: 200, 0 bytes in MS; "
        r"event logs\.us-east-1\.amazonaws\.com at ENDPOINT: 200, \d+ bytes in MS; "
        r"read back logs\.us-east-1\.amazonaws\.com at ENDPOINT: 200, \d+ bytes in MS"
    ),
    "secret[private-b-secretsmanager]": (
        r"arn:aws:secretsmanager:us-east-1:123456789012:secret:lab/app/token-\w{6}: "
        r"fetched, 14 characters, not kept; "
        r"secret secretsmanager\.us-east-1\.amazonaws\.com at ENDPOINT: 200, \d+ bytes in MS"
    ),
    "secret[private-b-ssm]": (
        r"arn:aws:ssm:us-east-1:123456789012:parameter/lab/app/colour: "
        r"fetched, 21 characters, not kept; "
        r"secret ssm\.us-east-1\.amazonaws\.com at ENDPOINT: 200, \d+ bytes in MS"
    ),
}
"""What ``-v`` tells of a task's start: ENDPOINT is an endpoint's address, MS a time."""


@pytest.mark.parametrize(("check", "observed"), OBSERVED.items())
def test_verbose_says_what_a_task_was_given(runs: Runs, check: str, observed: str) -> None:
    """``-v`` tells of each step of the start-up chain, by its host, address, status and size."""
    run = runs("--ecs-lab", "-v", "--color=yes")
    (told,) = [line for line in run.lines if f" {check} " in line]
    pattern = observed.replace("ENDPOINT", r"10\.0\.[123]\.\d+").replace("MS", r"[\d.]+ ms")
    assert re.fullmatch(rf"\S+ {re.escape(check)} [\d.]+ ms: {pattern}", told)

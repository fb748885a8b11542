"""The tool as users start it: a process of its own, with an AWS on loopback."""

import os
import subprocess
import sys
from typing import NamedTuple

TASK = "arn:aws:ecs:eu-west-1:111122223333:task/web/0123456789abcdef0123456789abcdef"
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
KEYS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


class Ran(NamedTuple):
    """How the tool ended, and what it said."""

    status: int
    out: str
    err: str


def explain(*words: str, stdin: bytes = b"", **variables: str) -> Ran:
    """Run ``explain`` with ``words`` and the AWS environment above."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_ecs_privatelink", "explain", *words],
        input=stdin,
        capture_output=True,
        env={**CLEAN, **KEYS, **variables},
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

"""What cannot be run is one line that says why and what to do; never a traceback, never green."""

import json
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from lab_runs import Finished, Runs, command, environment
from rehearsals import Emulated

from pytest_ecs_privatelink.catalogue.services import SERVICES
from pytest_ecs_privatelink.lab.faults import FAULTS
from pytest_ecs_privatelink.topology import snapshot as snapshots
from pytest_ecs_privatelink.verdict import Code

VPC = "vpc-0123456789abcdef0"
CREDENTIALS: dict[str, Any] = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
BARE: dict[str, Any] = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "HTTP_PROXY": "",
    "HTTPS_PROXY": "",
    "NO_PROXY": "127.0.0.1",
}
"""No profile, no credentials, no proxy."""


def at(url: str, **changes: str) -> dict[str, Any]:
    """Return the variables of a user whose AWS is at ``url``."""
    return {**BARE, **CREDENTIALS, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": url, **changes}


def refusal(told: Finished) -> str:
    """Return the one line that a run was refused with."""
    assert told.code == 4, told.out + told.err
    assert "Traceback" not in told.out + told.err
    assert "INTERNALERROR" not in told.out + told.err
    (line,) = filter(None, told.err.splitlines())
    assert "ERROR" not in told.out
    return line.removeprefix("ERROR: ")


def finished(arguments: list[str], folder: Path, **changes: str) -> Finished:
    """Return a run made by a command line that is not the ordinary one."""
    ended = subprocess.run(
        arguments,
        cwd=folder,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Finished(code=ended.returncode, out=ended.stdout, err=ended.stderr, folder=folder)


CODES = ", ".join(Code)
CLAIMS = "private-dns, tcp-443, ecr-pull, awslogs, secret, agent, task-start, audit"
NEED_LAB = "use it with --ecs-lab, without --ecs-vpc and --ecs-snapshot"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--ecs-vpc", "vpc-XYZ"], "--ecs-vpc 'vpc-XYZ': not an id such as vpc-0123456789abcdef0"),
        (
            ["--ecs-lab", "--ecs-security-group", "default"],
            "--ecs-security-group 'default': not an id such as sg-0123456789abcdef0",
        ),
        (
            ["--ecs-lab", "--ecs-claims", "private-dns,tcp"],
            f"--ecs-claims 'tcp': choose from {CLAIMS}",
        ),
        (
            ["--ecs-lab", "--ecs-claims", ","],
            f"--ecs-claims is empty: choose from {CLAIMS}",
        ),
        (
            ["--ecs-lab", "--ecs-image", "App:1"],
            "--ecs-image 'App:1': not a reference such as "
            "111122223333.dkr.ecr.eu-west-1.amazonaws.com/app:1.0",
        ),
        (
            ["--ecs-lab", "--ecs-image", "nginx"],
            "--ecs-image 'nginx': docker.io is no private registry of Amazon ECR, and ecr-pull "
            "proves no other",
        ),
        (
            ["--ecs-lab", "--ecs-log-group", "my group"],
            "--ecs-log-group 'my group': not the name of a log group, such as /ecs/app",
        ),
        *(
            (
                ["--ecs-lab", "--ecs-secret", "app", "--ecs-secret", text],
                "--ecs-secret: one value is neither name nor ARN of a secret of Secrets Manager, "
                "nor the ARN of a parameter",
            )
            for text in ("hunter 2", "", "arn:aws:s3:::bucket", "name:key::", "a" * 513)
        ),
        (
            ["--ecs-lab", "--ecs-launch-type", "external"],
            "--ecs-launch-type 'external': choose from fargate, ec2",
        ),
        (
            ["--ecs-lab", "--ecs-ignore", "endpoint-gone:logs"],
            f"--ecs-ignore 'endpoint-gone': no such code; there are {CODES}",
        ),
        (
            ["--ecs-lab", "--ecs-ignore", "nacl-blocks:"],
            "--ecs-ignore 'nacl-blocks:': give CODE or CODE:SUBJECT",
        ),
        *(
            (
                ["--ecs-lab", "--ecs-timeout", seconds],
                f"--ecs-timeout '{seconds}': give seconds between 0.1 and 300",
            )
            for seconds in ("soon", "0", "-1", "301", "nan", "inf")
        ),
        (
            ["--ecs-lab", "--ecs-fault", "gremlins"],
            f"--ecs-fault 'gremlins': there is none; choose from {', '.join(FAULTS)}",
        ),
        *(
            (
                ["--ecs-fault", "endpoint-missing", *more],
                f"--ecs-fault breaks the lab's own world: {NEED_LAB}",
            )
            for more in (
                [],
                ["--ecs-vpc", VPC],
                ["--ecs-snapshot", "saved.json"],
                ["--ecs-lab", "--ecs-vpc", VPC],
                ["--ecs-lab", "--ecs-snapshot", "saved.json"],
            )
        ),
        (
            ["--ecs-snapshot", "saved.json", "--ecs-save-snapshot", "again.json"],
            "--ecs-save-snapshot saves what was read; --ecs-snapshot reads nothing",
        ),
        (
            ["--ecs-lab", "--ecs-cluster", "my cluster"],
            "--ecs-cluster 'my cluster': not a name or ARN of ECS",
        ),
        (
            ["--ecs-lab", "--ecs-service", ""],
            "--ecs-service '': not a name or ARN of ECS",
        ),
        (
            ["--ecs-vpc", VPC, "--ecs-service", "web"],
            "--ecs-service web: name its cluster with --ecs-cluster",
        ),
        (
            ["--ecs-lab", "--ecs-cluster", "prod"],
            "--ecs-cluster prod: the lab's own world has cluster lab",
        ),
        (
            ["--ecs-lab", "--ecs-service", "web"],
            "--ecs-service web: cluster lab has no ECS service of that name in this VPC; "
            "it has app-ec2, app-fargate",
        ),
        (
            ["--ecs-lab", "--ecs-local-subnet", "subnet-1"],
            "--ecs-local-subnet has no meaning in the lab: only its twin is probed",
        ),
        (
            ["--ecs-lab", "--ecs-region", "eu-west-1"],
            "--ecs-region eu-west-1: the lab's own world is in us-east-1",
        ),
        (
            ["--ecs-lab", "--ecs-json", "."],
            "--ecs-json: cannot write .: it is a folder",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_wrong_value_is_refused(runs: Runs, arguments: list[str], message: str) -> None:
    """A value without meaning is named, with the legal ones, before anything is started."""
    assert refusal(runs(*arguments, **BARE)) == message


@pytest.fixture
def saved(emulated: Emulated, tmp_path: Path) -> Path:
    """Save the healthy world as a snapshot."""
    path = tmp_path / "saved.json"
    snapshots.save(emulated.snapshot, path)
    return path


def test_an_unknown_endpoint_service_lists_the_legal_ones(runs: Runs, saved: Path) -> None:
    """``--ecs-need`` names endpoint services by their short names, the closest ones first."""
    told = refusal(runs("--ecs-snapshot", str(saved), "--ecs-need", "logs,sqs", **BARE))

    legal = f"legal are: sts, ssm, {next(iter(SERVICES))}, "
    assert told.startswith(f"--ecs-need: unknown endpoint service 'sqs'; {legal}")


def test_an_unknown_subnet_lists_the_known_ones(
    runs: Runs, emulated: Emulated, saved: Path
) -> None:
    """``--ecs-subnet`` must be one of the VPC's, which are listed with their names."""
    told = refusal(runs("--ecs-snapshot", str(saved), "--ecs-subnet", "subnet-0", **BARE))

    known = ", ".join(f"{each.id} ({each.name})" for each in emulated.snapshot.subnets)
    vpc = emulated.world.vpc_id
    assert told == f"--ecs-subnet subnet-0: {vpc} has no such subnet; it has {known}"


def test_a_snapshot_that_cannot_be_saved(runs: Runs) -> None:
    """A folder that is missing ends the run before anything is read: nothing is there to read."""
    told = runs("--ecs-vpc", VPC, "--ecs-save-snapshot", "missing/saved.json", **BARE)

    assert refusal(told) == "missing/saved.json cannot be written: No such file or directory"


def test_an_unknown_local_subnet_lists_the_known_ones(
    runs: Runs, emulated: Emulated, saved: Path
) -> None:
    """``--ecs-local-subnet`` must be one of the VPC's."""
    told = refusal(runs("--ecs-snapshot", str(saved), "--ecs-local-subnet", "subnet-0", **BARE))

    known = ", ".join(subnet.id for subnet in emulated.snapshot.subnets)
    vpc = emulated.world.vpc_id
    assert told == f"--ecs-local-subnet subnet-0: no subnet of {vpc}; its subnets are {known}"


def test_a_snapshot_of_another_vpc_contradicts(runs: Runs, emulated: Emulated, saved: Path) -> None:
    """``--ecs-vpc`` beside a snapshot must be that snapshot's."""
    told = refusal(runs("--ecs-snapshot", str(saved), "--ecs-vpc", VPC, **BARE))

    assert told == (
        f"--ecs-vpc {VPC} and --ecs-snapshot {saved} contradict each other: "
        f"that snapshot is of {emulated.world.vpc_id}"
    )


AGAIN = "save it again with --ecs-vpc VPC --ecs-save-snapshot FILE"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"it.json is no JSON (Expecting value, line 1 column 1): {AGAIN}"),
        (
            '{"schema": 1, "taken": ',
            f"it.json is no JSON (Expecting value, line 1 column 24): mend it there, or {AGAIN}",
        ),
        ('["foreign"]', f"it.json is JSON, but no snapshot of a VPC: {AGAIN}"),
        (
            '{"schema": 99}',
            "it.json has snapshot schema 99, this version reads 1: "
            f"{AGAIN}, or use the version that wrote it",
        ),
        (
            '{"schema": 1, "color": "red"}',
            "it.json does not fit snapshot schema 1: $: unknown field 'color'",
        ),
    ],
    ids=["empty", "truncated", "foreign", "future", "misfit"],
)
def test_an_unreadable_snapshot(runs: Runs, text: str, message: str) -> None:
    """A file that is no snapshot is told from one of another version."""
    told = runs("--ecs-snapshot", "it.json", files={"it.json": text}, **BARE)

    assert refusal(told) == message


def test_an_unreadable_snapshot_for_the_lab(runs: Runs) -> None:
    """The lab refuses it in the same words."""
    told = runs("--ecs-lab", "--ecs-snapshot", "it.json", files={"it.json": "[]"}, **BARE)

    assert refusal(told) == f"it.json is JSON, but no snapshot of a VPC: {AGAIN}"


def test_a_snapshot_that_is_no_file(runs: Runs) -> None:
    """A missing file and a folder are told apart."""
    assert refusal(runs("--ecs-snapshot", "it.json", **BARE)) == f"it.json does not exist: {AGAIN}"
    assert refusal(runs("--ecs-snapshot", ".", **BARE)) == ". cannot be read: Is a directory"


def test_a_twin_of_what_could_not_be_read(runs: Runs, saved: Path) -> None:
    """Without the parts that decide about packets no twin is built, and their actions are named."""
    value = json.loads(saved.read_text())
    value["route_tables"] = None
    value["unreadable"] = [
        {"part": "route_tables", "permission": "ec2:DescribeRouteTables", "error": "denied"}
    ]

    told = runs("--ecs-lab", "--ecs-snapshot", "it.json", files={"it.json": json.dumps(value)})

    assert refusal(told) == (
        f"no twin of {value['vpc']['id']} can be built, for the snapshot lacks route tables "
        "(ec2:DescribeRouteTables): read it again with these permissions"
    )


def test_an_unknown_vpc(runs: Runs, emulated: Emulated) -> None:
    """A VPC that the Region does not have is looked for elsewhere: Region or account."""
    told = refusal(runs("--ecs-vpc", VPC, **at(emulated.url)))

    assert told == (
        f"{VPC} is not in us-east-1 for these credentials: look in the Region where it was made "
        "with --ecs-region, or in its account with --ecs-profile"
    )


def test_a_vpc_of_another_region(runs: Runs, emulated: Emulated) -> None:
    """The wrong Region is told by the same words, and names the Region that was asked."""
    vpc = emulated.world.vpc_id

    told = refusal(runs("--ecs-vpc", vpc, "--ecs-region", "eu-west-1", **at(emulated.url)))

    assert told.startswith(f"{vpc} is not in eu-west-1 for these credentials: look in the Region")


def test_no_region(runs: Runs) -> None:
    """Without a Region nobody guesses one."""
    told = refusal(runs("--ecs-vpc", VPC, **BARE, **CREDENTIALS))

    assert told.startswith("no AWS Region: give --ecs-region, set AWS_REGION, or set region in ")


def test_no_credentials(runs: Runs, emulated: Emulated) -> None:
    """Nobody's credentials are as good as none."""
    told = runs("--ecs-vpc", VPC, **BARE, AWS_REGION="us-east-1", AWS_ENDPOINT_URL=emulated.url)

    assert refusal(told) == (
        "no AWS credentials (profile default): set the AWS_* variables, run `aws configure` or "
        "`aws sso login`, or name another profile with --ecs-profile"
    )


def test_an_unknown_profile(runs: Runs) -> None:
    """The profiles that exist are listed, wherever the wrong one was named."""
    files = {"aws": "[profile prod]\nregion = us-east-1\n[profile dev]\n"}
    changes = {**BARE, "AWS_CONFIG_FILE": "aws"}

    asked = runs("--ecs-vpc", VPC, "--ecs-profile", "pord", files=files, **changes)
    found = runs("--ecs-vpc", VPC, files=files, **changes, AWS_PROFILE="pord")
    ini = {**files, "pytest.ini": "[pytest]\necs_profile = pord\n"}
    written = runs("--ecs-vpc", VPC, files=ini, **changes)

    legal = "no such AWS profile; there are dev, prod"
    assert refusal(asked) == f"--ecs-profile pord: {legal}"
    assert refusal(found) == f"AWS_PROFILE=pord: {legal}"
    assert refusal(written) == f"ecs_profile pord: {legal}"


def test_an_endpoint_url_that_is_none(runs: Runs) -> None:
    """A typing mistake in AWS_ENDPOINT_URL is named as one."""
    told = refusal(runs("--ecs-vpc", VPC, **at("localhost:4566")))

    assert told.startswith("AWS_ENDPOINT_URL cannot be used: ")


def test_a_silent_emulator(runs: Runs) -> None:
    """A port where nobody listens is an emulator that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    assert refusal(runs("--ecs-vpc", VPC, **at(url))) == (
        f"no answer from the emulator at {url}: is it running? See AWS_ENDPOINT_URL"
    )


def test_the_ec2_api_is_out_of_reach(tmp_path: Path) -> None:
    """In a VPC without an `ec2` endpoint the way around is printed, ready to paste.

    Run in a network namespace of its own, in which there is no network at all.
    """
    ordinary = command("--ecs-vpc", VPC)
    variables = {**BARE, **CREDENTIALS, "AWS_REGION": "us-east-1"}

    told = finished(["unshare", "-Urn", *ordinary], tmp_path, **variables)

    assert refusal(told) == (
        "no answer from the EC2 API at https://ec2.us-east-1.amazonaws.com: a VPC without an "
        "internet path needs the interface endpoint `ec2` to be read from inside; or run "
        f"`pytest --ecs-vpc {VPC} --ecs-region us-east-1 --ecs-save-snapshot FILE "
        "--collect-only` outside, and give --ecs-snapshot FILE here"
    )
    assert told.report["run"]["status"] == "not-started"
    assert told.report["run"]["error"] == refusal(told)


WITHOUT = """
import sys
from importlib.machinery import PathFinder

class Without(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name.partition(".")[0] in ("moto", "trustme"):
            return None
        return PathFinder.find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = Without
"""


def test_the_lab_extra_is_missing(runs: Runs) -> None:
    """What is not installed is named, with the line that installs it."""
    told = runs("--ecs-lab", files={"sitecustomize.py": WITHOUT}, PYTHONPATH=".")

    assert refusal(told) == (
        "--ecs-lab needs moto, trustme: pip install 'pytest-ecs-privatelink[lab]'"
    )


FORBID = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
FORBIDDEN = ["unshare", "-Ur", "sh", "-c", FORBID, "sh"]


@pytest.mark.parametrize("mode", [[], ["-n", "2"]], ids=["one", "two"])
def test_no_namespaces(tmp_path: Path, mode: list[str]) -> None:
    """Where the kernel's policy allows no namespaces, the ways around are told; also with -n 2."""
    told = finished([*FORBIDDEN, *command("--ecs-lab", *mode)], tmp_path)

    assert refusal(told) == (
        "the lab's network needs user namespaces, which are refused here (No space left on "
        "device): set user.max_user_namespaces above 0 (sysctl), or judge the snapshot alone with "
        "--ecs-claims audit, or run on a Linux machine that lets you make user namespaces"
    )


def test_audits_need_no_namespaces(tmp_path: Path) -> None:
    """The way around that the refusal names is one: audits alone run without namespaces."""
    told = finished([*FORBIDDEN, *command("--ecs-lab", "--ecs-claims", "audit")], tmp_path)

    assert (told.code, told.err) == (0, "")

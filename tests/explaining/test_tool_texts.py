"""The tool reads texts from its command line and from its standard input."""

import json
import os
import subprocess
import sys

import pytest
from tool_runs import TASK, explain

KNOWN = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 "
    'time(s): RequestError: send request failed caused by: Post "https://api.ecr.eu-west-1.'
    'amazonaws.com/": dial tcp 10.0.1.7:443: i/o timeout'
)
GROUP = "ResourceInitializationError: failed to validate logger args: The specified log group does "
UNKNOWN = "the moon\x1b[31m is in the wrong house"


def test_a_text_is_told_in_a_line_with_what_to_look_at() -> None:
    """The cause is one line; commands name what the text itself tells, and the page follows."""
    ran = explain(KNOWN)

    assert ran.err == ""
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "tcp-timeout ecr.api: no token for the image's registry arrives from Amazon ECR: no answer "
        "from 10.0.1.7, a private address: the name leads into the VPC, and what lies between "
        "stops it; look at the endpoint's security group (443 from the tasks), then the tasks' "
        "outbound rules, the subnets' network ACLs (443 out, ephemeral ports back), and routes",
        "   look: aws ec2 describe-vpc-endpoints --filters "
        "Name=service-name,Values=com.amazonaws.eu-west-1.ecr.api --region eu-west-1",
        "   see: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
        "resource-initialization-error.html",
    ]


def test_unknown_words_are_shown_whole_and_end_with_1() -> None:
    """What nobody has seen is called unknown, and cannot steer the terminal."""
    ran = explain(KNOWN, UNKNOWN)

    assert ran.status == 1
    assert ran.out.splitlines()[3:] == [
        "unknown: ECS's words for this stop are unknown; no cause is guessed",
        "   see: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/"
        "stopped-task-error-codes.html",
        "   ECS: the moon?[31m is in the wrong house",
    ]


def test_standard_input_is_read_and_json_is_written() -> None:
    """``-`` is one text; JSON has the explanation's fields, the commands and the page."""
    ran = explain("-", "--json", "--region", "eu-west-1", stdin=f"{GROUP}\nnot exist\n".encode())

    assert ran.status == 0
    (told,) = json.loads(ran.out)["explanations"]
    assert told["text"] == f"{GROUP}\nnot exist"
    assert {name: told[name] for name in ("known", "phase", "service", "code", "task")} == {
        "known": True,
        "phase": "logs",
        "service": "logs",
        "code": "logs-group-missing",
        "task": None,
    }
    assert told["remedy"] == {"cli": [], "terraform": ""}
    assert told["reference"].endswith("using_awslogs.html")


def test_signatures_of_urls_are_not_repeated() -> None:
    """A layer's URL that ECS quotes is signed: whoever reads a log may not use it."""
    signed = "https://prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/1?X-Amz-"
    text = f'failed to copy: httpReadSeeker: Get "{signed}Signature=abc": weather'

    shown, record = explain(f"{text} Get {signed}Date=1"), explain("--json", text)

    assert "abc" not in shown.out + record.out
    assert "X-Amz" not in shown.out + record.out


@pytest.mark.parametrize("said", [b"", b"null\n", b"None\n", b'""\n'])
def test_no_words_are_told_as_none(said: bytes) -> None:
    """What the AWS CLI prints of a task that is not there is no text of ECS's."""
    ran = explain("-", stdin=said)

    assert (ran.status, ran.out) == (1, "")
    assert ran.err == (
        "ERROR: there are no words to explain: the task has not stopped, or ECS no longer shows it "
        "(it does for about an hour)\n"
    )


def test_words_without_quotes_are_one_text() -> None:
    """Who forgets the quotes at night gets the same explanation."""
    assert explain(*KNOWN.split()) == explain(KNOWN)


def test_any_bytes_are_a_text() -> None:
    """What is no UTF-8 is unknown, not a traceback."""
    ran = explain("-", stdin=b"\xff\xfe\x00")

    assert (ran.status, ran.err) == (1, "")


def test_a_reader_that_leaves_early_is_no_error() -> None:
    """``explain ... | head -0`` ends with the tool's own status, and in silence."""
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "pytest_ecs_privatelink", "explain", UNKNOWN]
    with os.fdopen(writing, "wb") as closed:
        done = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, check=False)

    assert (done.returncode, done.stderr) == (1, b"")


def test_quotation_marks_of_ecs_s_need_no_utf_8() -> None:
    """A terminal of ASCII gets the text all the same."""
    ran = explain("who can\u2019t", PYTHONIOENCODING="ascii", PYTHONUTF8="1")

    assert (ran.status, ran.err) == (1, "")
    assert "ECS: who can\\u2019t" in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "give the words of a stopped task, or --task ARN"),
        (("x", "--task", TASK), "give either texts or --task"),
        (("x", "--cluster", "web"), "--cluster and --profile go with --task"),
        (("--task", "nonsense"), "--task nonsense: neither the ARN nor the id (32 hex digits) of"),
        (("--task", "0" * 32), f"--task {'0' * 32}: its cluster is not in it, give --cluster"),
        (("--task", TASK, "--region", "us-east-1"), "--region us-east-1: the task is of eu-west-1"),
        (("--task", TASK, "--cluster", "api"), "--cluster api: the task is of web"),
        (
            ("--task", TASK, "--profile", "nobody"),
            "--profile nobody: no such AWS profile; there are none",
        ),
        (
            ("--task", "0" * 32, "--cluster", "web"),
            "no AWS Region: give --region, set AWS_REGION, or set region in the AWS profile "
            "default",
        ),
    ],
)
def test_wrong_usage_is_2_and_says_what_is_wrong(words: tuple[str, ...], said: str) -> None:
    """Each command line that makes no sense ends with 2, nothing on standard output."""
    ran = explain(*words)

    assert (ran.status, ran.out) == (2, "")
    assert ran.err.splitlines()[-1].partition("rror: ")[2] or ran.err.startswith("ERROR: ")
    assert said in ran.err


def test_help_has_examples_and_exit_statuses() -> None:
    """``--help`` is enough to use it."""
    ran = explain("--help")

    assert ran.status == 0
    for shown in ("explain --task arn:aws:ecs:", "explain -", "--json", "exit status: 0 explained"):
        assert shown in ran.out


def test_texts_need_neither_pytest_nor_boto3() -> None:
    """Words are explained at once: nothing slow is imported for them."""
    script = (
        "import sys\n"
        "from pytest_ecs_privatelink.explaining.command import main\n"
        "main(['explain', 'x'])\n"
        "print([each for each in ('pytest', 'boto3', 'botocore', 'dns') if each in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)

    assert done.stdout.decode().splitlines()[-1] == "[]"
